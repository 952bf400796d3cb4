//! Selective decoding: of a picture track, only what the wanted pictures need is decoded.
//!
//! One picture a second is wanted, and which one it is is told by timestamps alone, so it is known
//! before anything is decoded. A [`Gate`](gate) before the decoder holds access units back for as
//! long as it takes to know whether they are wanted, or whether a wanted one may refer to them
//! ([`select`]), and lets go of all others. Their times go on to the handler of the pictures
//! ([`Omitted`]): a picture that is not decoded still ends the one before it.
//!
//! What is not understood is decoded: an unknown codec, fields, missing or muddled timestamps, a
//! stream that changes. Passing too much on is never wrong.

mod codec;
mod frame_number;
mod gate;
mod key;
mod nal;
mod omitted;
mod policy;
mod select;
mod wanted;

pub use gate::guard;
pub use omitted::Omitted;
pub use wanted::Wanted;

/// Which pictures are decoded, and which of them a second shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Frames {
    /// The picture on show at the second's middle; only what it needs is decoded.
    #[default]
    Exact,
    /// The key frame nearest to the second's middle, if there is one within a second of it: only
    /// key frames are decoded.
    Keyframe,
    /// The picture on show at the second's middle; all pictures are decoded.
    All,
}
