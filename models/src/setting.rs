//! How a network's files are opened: where, and with which of a card's ways of being fast.

use std::path::PathBuf;

use crate::{Precision, Provider, Sizes};

/// Items in the largest batch that a card is given at once.
pub const LARGEST_BATCH: usize = 128;

/// Where a network runs, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Where.
    pub provider: Provider,
    /// On how many threads of a processor each item is computed; 0 for one a core.
    pub intra_threads: usize,
    /// The sizes to which batches are padded. None on a processor: there a batch saves no time, and
    /// the numbers of an item would depend, in their last bits, on what it is batched with.
    pub sizes: Option<Sizes>,
    /// Whether pictures are given as bytes, `[n, height, width, 3]`, and normalised where the
    /// network runs: a quarter of what would otherwise go to the card. Not for windows of pictures.
    pub bytes: bool,
    /// Whether convolutions on CUDA keep the channels last, as tensor cores want them.
    pub channels_last: bool,
    /// Whether a card repeats what it did for a batch of the same size as one piece of work, a CUDA
    /// graph, in place of giving out each kernel anew. For CUDA alone.
    pub graphs: bool,
    /// In which numbers the towers compute; [`Network::with_setting`](crate::Network::with_setting)
    /// sets it from the files. TensorRT wants to know.
    pub precision: Precision,
    /// How much of a card's memory a session may take; none to leave it to what is free.
    pub memory_bytes: Option<usize>,
    /// Where TensorRT keeps its engines; see [`EngineCache`](crate::EngineCache). Without it they
    /// are built anew each time.
    pub engines: Option<PathBuf>,
}

impl Setting {
    /// What suits a provider.
    pub fn new(provider: Provider) -> Self {
        let on_card = provider != Provider::Cpu;
        Self {
            provider,
            intra_threads: 1,
            sizes: on_card.then(|| Sizes::up_to(LARGEST_BATCH)),
            bytes: on_card,
            channels_last: false,
            graphs: false,
            precision: Precision::Fp32,
            memory_bytes: None,
            engines: None,
        }
    }
}

impl From<Provider> for Setting {
    fn from(provider: Provider) -> Self {
        Self::new(provider)
    }
}
