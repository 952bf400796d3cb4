//! The live sources among what was named.

use std::{collections::BTreeSet, ffi::OsString, time::Duration};

use sonoscope_operators::SourceId;

use super::RunArgs;
use crate::{
    cameras::{Address, CameraSpec, DEFAULT_LIMIT, Roster},
    config::Choices,
    fault::Fault,
};

/// Takes the live sources out of what was named, and puts them into a roster.
///
/// # Errors
/// When one has an address that cannot be understood, or they do not go with the other options.
pub fn roster(args: &mut RunArgs) -> Result<Roster, Fault> {
    let sources = std::mem::take(&mut args.sources);
    let is_live = |source: &OsString| source.to_str().is_some_and(Address::is_live);
    let (live, recorded): (Vec<_>, Vec<_>) = sources.into_iter().partition(is_live);
    args.sources = recorded;
    let mut specs: Vec<CameraSpec> = Vec::new();
    let mut ids = BTreeSet::new();
    for name in live {
        let mut spec = spec(&name.to_string_lossy(), args)?;
        spec.id = unique(spec.id, &mut ids);
        specs.push(spec);
    }
    if !specs.is_empty() && (args.overlay.is_some() || args.table) {
        return Err(Fault::usage("--overlay and --table are for recordings")
            .tip("leave them out, or name recordings alone"));
    }
    let choices = choices(args);
    for table in &args.cameras {
        specs.push(table.spec(&choices)?);
    }
    let roster = Roster::new(DEFAULT_LIMIT.max(specs.len()));
    for spec in specs {
        roster.add(spec).map_err(Fault::usage)?;
    }
    Ok(roster)
}

/// What live sources may choose from.
pub fn choices(args: &RunArgs) -> Choices {
    Choices {
        networks: args.networks.clone(),
        sinks: (args.sinks.iter())
            .chain(args.sink_tables.iter().map(|table| &table.uri))
            .cloned()
            .collect(),
    }
}

fn spec(name: &str, args: &RunArgs) -> Result<CameraSpec, Fault> {
    let address: Address = name.parse().map_err(|error| {
        // What was named may have a password in it.
        let scheme = name.split(':').next().unwrap_or_default();
        Fault::usage(format!("a {scheme}: address cannot be understood: {error}"))
            .tip("rtsp://USER:PASSWORD@HOST:PORT/PATH, with @ in a password written as %40")
    })?;
    let id = SourceId::slug(&address.name());
    let default = CameraSpec::new(id, address);
    let stall = match args.stall {
        Some(seconds) if seconds > 0.0 => Duration::try_from_secs_f32(seconds)
            .map_err(|error| Fault::usage(format!("--stall {seconds}: {error}")))?,
        Some(seconds) => {
            return Err(Fault::usage(format!(
                "--stall {seconds} is not a time to wait for"
            )));
        }
        None => default.stall,
    };
    Ok(CameraSpec {
        transport: args.rtsp_transport.unwrap_or_default(),
        stall,
        ..default
    })
}

/// The id, with a number behind it if another has it.
fn unique(id: SourceId, taken: &mut BTreeSet<SourceId>) -> SourceId {
    let numbered = (2..).map(|number| id.numbered(number));
    let mut ids = std::iter::once(id.clone()).chain(numbered);
    // There are more numbers than sources.
    let free = ids.find(|id| !taken.contains(id)).unwrap_or(id.clone());
    taken.insert(free.clone());
    free
}
