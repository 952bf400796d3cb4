//! What is shown of whole recordings: tables, videos and heatmaps, and when they can be.

use std::path::PathBuf;

use sonoscope_models::{NetworkFile, Part, zoo};

use super::RunArgs;
use crate::{
    fault::Fault,
    job::Job,
    sinks::{Scheme, SinkUri},
};

/// Tables and videos show whole recordings, of which this process has to see all rows.
///
/// # Errors
/// When it will not.
pub fn can_be_shown(args: &RunArgs) -> Result<(), Fault> {
    if args.overlay.is_none() && !args.table {
        return Ok(());
    }
    if args.state.is_some() {
        return Err(Fault::usage(
            "--overlay and --table show whole recordings; a run with --state may see only the rest",
        )
        .tip("leave out --state for them; --heatmaps goes with it"));
    }
    if args
        .cluster
        .processes
        .is_some_and(|processes| processes > 1)
    {
        return Err(
            Fault::usage("--overlay and --table see the rows of one process")
                .tip("leave them out; --heatmaps are written where pictures are decoded"),
        );
    }
    Ok(())
}

/// `--sink overlay:DIR` is another way to say `--overlay DIR`.
pub fn with_overlay(mut args: RunArgs) -> Result<RunArgs, Fault> {
    let is_overlay = |uri: &SinkUri| uri.scheme() == Scheme::Overlay;
    let mut folders: Vec<_> = args.overlay.take().into_iter().collect();
    let named = args
        .sinks
        .iter()
        .chain(args.sink_tables.iter().map(|table| &table.uri));
    let named = named.filter(|uri| is_overlay(uri));
    folders.extend(named.map(|uri| PathBuf::from(uri.rest())));
    let said = args.sinks.len() + args.sink_tables.len();
    args.sinks.retain(|uri| !is_overlay(uri));
    args.sink_tables.retain(|table| !is_overlay(&table.uri));
    if said > 0 && args.sinks.is_empty() && args.sink_tables.is_empty() {
        // Whoever wants videos alone wants no rows on standard output.
        args.sinks.push("null:".parse().map_err(Fault::usage)?);
    }
    match folders.len() {
        0 | 1 => args.overlay = folders.pop(),
        _ => return Err(Fault::usage("overlay videos are asked for twice").tip("name one folder")),
    }
    Ok(args)
}

/// Tables, overlays and heatmaps show what networks make of sound and picture together: one of the
/// networks at least must compare them.
pub fn must_show(job: &Job) -> Result<(), Fault> {
    for name in &job.networks {
        let folder = zoo::resolve(name).map_err(Fault::usage)?;
        match NetworkFile::load(&folder.file(Part::Frame, job.precision)) {
            Ok(frame) if !frame.contract.outputs.compares() => {}
            // What is wrong with a network is for the run to say.
            Ok(_) | Err(_) => return Ok(()),
        }
    }
    let names = job.networks.join(", ");
    Err(Fault::usage(format!(
        "{names} gives embeddings and does not compare sound and picture: there is nothing to show"
    ))
    .tip("leave --table, --overlay and --heatmaps out, or name another network as well"))
}
