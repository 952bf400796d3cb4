//! Which decoder takes a stream: one on the processor, or one on a card.

use std::{
    collections::BTreeSet,
    str::FromStr,
    sync::{Mutex, PoisonError},
};

use gstreamer as gst;
use gstreamer::prelude::*;

/// Where pictures are decoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Decoding {
    /// On a card, if the networks run on one, too, and it can; else on the processor.
    #[default]
    Auto,
    /// On the processor.
    Cpu,
    /// On a card where it can: `nvh264dec`, `nvh265dec`, `vah264dec` and their like. Where it
    /// cannot, that is told, and the processor does it.
    Gpu,
}

impl Decoding {
    /// What `auto` is where the networks run on a card, or do not.
    pub fn resolved(self, on_card: bool) -> Self {
        match (self, on_card) {
            (Self::Auto, true) => Self::Gpu,
            (Self::Auto, false) => Self::Cpu,
            (said, _) => said,
        }
    }
}

impl FromStr for Decoding {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "auto" => Ok(Self::Auto),
            "cpu" => Ok(Self::Cpu),
            "gpu" => Ok(Self::Gpu),
            _ => Err(format!(
                "`{text}` is no place to decode. Give one of: auto, cpu, gpu"
            )),
        }
    }
}

/// A decoder that could take a stream.
pub(super) struct Candidate<T> {
    pub factory: T,
    pub rank: i32,
    /// Whether it works on a card.
    pub is_hardware: bool,
}

/// The candidates in the order in which they are tried: those on a card, if they are wanted, before
/// those on the processor; each kind by rank.
pub(super) fn in_order<T>(mut candidates: Vec<Candidate<T>>, decoding: Decoding) -> Vec<(T, bool)> {
    candidates.retain(|candidate| decoding == Decoding::Gpu || !candidate.is_hardware);
    candidates.sort_by_key(|candidate| (!candidate.is_hardware, std::cmp::Reverse(candidate.rank)));
    let both = candidates.into_iter().map(|c| (c.factory, c.is_hardware));
    both.collect()
}

/// Whether a decoder gets hold of its card: it does so when it becomes ready.
pub(super) fn can_start(decoder: &gst::Element) -> bool {
    let is_ready = decoder.set_state(gst::State::Ready).is_ok();
    let is_reset = decoder.set_state(gst::State::Null).is_ok();
    is_ready && is_reset
}

/// Says once a codec that no card decodes it.
pub(super) fn tell_fallback(codec: &str) {
    static TOLD: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    // Whoever panicked meanwhile left a whole set behind.
    let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
    if told.insert(codec.to_owned()) {
        tracing::warn!("no card decodes {codec} here: the processor does it");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tried(decoding: Decoding) -> Vec<&'static str> {
        let candidate = |(factory, rank, is_hardware)| Candidate {
            factory,
            rank,
            is_hardware,
        };
        let all = [
            ("avdec_h264", 256, false),
            ("vah264dec", 257, true),
            ("openh264dec", 64, false),
            ("nvh264dec", 258, true),
        ];
        let order = in_order(all.map(candidate).into(), decoding);
        order.into_iter().map(|(factory, _)| factory).collect()
    }

    #[test]
    fn cards_come_first_only_where_they_are_wanted() {
        let processor = ["avdec_h264", "openh264dec"];
        assert_eq!(tried(Decoding::Cpu), processor);
        assert_eq!(tried(Decoding::Auto), processor, "resolved before");
        let cards = ["nvh264dec", "vah264dec", "avdec_h264", "openh264dec"];
        assert_eq!(tried(Decoding::Gpu), cards);
    }

    #[test]
    fn auto_follows_the_networks() {
        assert_eq!(Decoding::Auto.resolved(true), Decoding::Gpu);
        assert_eq!(Decoding::Auto.resolved(false), Decoding::Cpu);
        assert_eq!(Decoding::Cpu.resolved(true), Decoding::Cpu);
        assert_eq!(Decoding::Gpu.resolved(false), Decoding::Gpu);
        assert_eq!("gpu".parse(), Ok(Decoding::Gpu));
        assert!("card".parse::<Decoding>().is_err());
    }
}
