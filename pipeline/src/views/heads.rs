//! What the networks of a run say of pictures with the sounds of other seconds.

use std::collections::HashMap;

use sonoscope_models::{Network, NetworkError, Provider, Runtime};
use sonoscope_operators::views::{self, Heads};

use crate::pool::Member;

/// The heads of those networks that go by the distance of picture and sound; nothing if none does.
/// Each network is opened once, on the processor, and closed again: its head is tabulated.
///
/// # Errors
/// When one cannot be opened, or fails.
pub fn heads(runtime: &Runtime, members: &[Member]) -> Result<Option<Heads>, NetworkError> {
    let mut curves = HashMap::new();
    let by_distance = |member: &&Member| member.files.contract().outputs.distance;
    for member in members.iter().filter(by_distance) {
        let mut network = Network::from_files(runtime, &member.files, Provider::Cpu, 1)?;
        if let Some(curve) = network.distance_curve()? {
            curves.insert(views::Network::from(&member.provenance()), curve);
        }
    }
    Ok((!curves.is_empty())
        .then(|| Heads::new(move |network, distance| Some(curves.get(network)?.at(distance)))))
}
