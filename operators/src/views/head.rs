//! What a network's head says of a distance.

use std::{fmt, sync::Arc};

use super::Network;

/// How a network turns the Euclidean distance of a picture and a sound into a correspondence, for
/// pairs that it has never seen together. Networks whose head looks at more than the distance have
/// none. Farther is never more likely.
#[derive(Clone)]
pub struct Heads(Arc<HeadOf>);

/// The correspondence at a distance, by this network.
type HeadOf = dyn Fn(&Network, f32) -> Option<f32> + Send + Sync;

impl Heads {
    /// From a function that gives the correspondence at a distance, 0..1, by the network's head.
    pub fn new(head: impl Fn(&Network, f32) -> Option<f32> + Send + Sync + 'static) -> Self {
        Self(Arc::new(head))
    }

    /// The correspondence at a distance; none if the network does not go by distance.
    pub(super) fn correspondence(&self, network: &Network, distance: f32) -> Option<f32> {
        (self.0)(network, distance).map(|value| value.clamp(0.0, 1.0))
    }
}

impl fmt::Debug for Heads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Heads")
    }
}
