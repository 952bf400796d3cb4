//! The contract of a network: its preprocessing and the meaning of its outputs, one page of JSON
//! in the metadata of each of its ONNX files under [`METADATA_KEY`].

mod check;
mod clip;
mod display;
mod mel;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use check::ContractError;
pub use clip::{ClipContract, WINDOW_SECONDS};
pub use mel::{MelContract, MelFilters, MelNorm, MelScale, Reference};

/// Where the contract lies in an ONNX file's `metadata_props`.
pub const METADATA_KEY: &str = "sonoscope.contract";

/// The contract version that this program speaks.
pub const VERSION: &str = "allthatsound-1";

/// How a network wants its pictures and sounds, and what its outputs mean.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contract {
    /// Version of this page, [`VERSION`].
    pub version: String,
    /// Name of the network, such as `ave-small`.
    pub network: String,
    /// Which of the reference designs it is.
    pub family: Family,
    /// Which of the three files this page lies in.
    pub part: Part,
    /// How a picture becomes a tensor `[n, 3, height, width]`, or how the pictures of a window
    /// become one `[n, 3, frames, height, width]`.
    pub frame: FrameContract,
    /// Which sound a spectrogram is made of, or the tensor `[n, 1, window_samples]` itself.
    pub audio: AudioContract,
    /// How sound becomes a tensor `[n, 1, bins, frames]`. Networks that hear the waveform have
    /// none, nor have those with a `mel`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spectrogram: Option<SpectrogramContract>,
    /// Another way in which sound becomes such a tensor: in bands of pitch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mel: Option<MelContract>,
    /// What comes out.
    pub outputs: OutputContract,
    /// Where the weights come from.
    pub provenance: Provenance,
}

/// The reference designs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// AVE-Net: correspondence and a shared space (Arandjelovic and Zisserman, ECCV 2018).
    Ave,
    /// AVOL-Net: correspondence and a heatmap (same paper).
    Avol,
    /// L3-Net: correspondence and two features (Arandjelovic and Zisserman, ICCV 2017).
    L3,
    /// Multisensory: whether sound and picture are aligned in time (Owens and Efros, ECCV 2018).
    Multisensory,
    /// OpenL3: two features and no more, trained as L3-Net's (Cramer et al., ICASSP 2019).
    OpenL3,
}

/// The files of a network: three, or the two towers alone where there is nothing to compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// `frame.onnx`: picture, or pictures, to features.
    Frame,
    /// `audio.onnx`: spectrogram, or waveform, to features.
    Audio,
    /// `head.onnx`: both features to scores.
    Head,
}

impl Part {
    /// All of them, in the order in which they are hashed.
    pub const ALL: [Self; 3] = [Self::Frame, Self::Audio, Self::Head];
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Part::Frame => "frame",
            Part::Audio => "audio",
            Part::Head => "head",
        })
    }
}

/// Picture: resized (bilinear), divided by 255, normalised, channels first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrameContract {
    /// Columns of the tensor.
    pub width: usize,
    /// Rows of the tensor.
    pub height: usize,
    /// Where there is one, the shorter side is resized to this many pixels and the other keeps the
    /// aspect; then the middle is cut out. Otherwise the whole picture is resized to `width` and
    /// `height`, whatever its aspect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shorter_side: Option<usize>,
    /// Whether the bilinear filter widens when it shrinks a picture (as Pillow's does).
    pub antialias: bool,
    /// Subtracted from red, green, blue in 0..1.
    pub mean: [f32; 3],
    /// Then divided by this.
    pub std: [f32; 3],
    /// The pictures of a window, for networks that look at more than one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clip: Option<ClipContract>,
}

/// Sound: mono, one second, or a window centred on the middle of one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AudioContract {
    /// Samples a second.
    pub rate_hz: u32,
    /// Samples in a window: one second of them, for networks that hear the waveform up to
    /// [`WINDOW_SECONDS`].
    pub window_samples: usize,
    /// What a full-scale sample counts, 32768 for the scale of 16-bit integers.
    pub full_scale: f32,
}

/// `scipy.signal.spectrogram` in `mode='psd'` with a Tukey window, then its logarithm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpectrogramContract {
    /// Share of the window that is tapered.
    pub tukey_alpha: f64,
    /// Length of a frame (scipy's `nperseg`).
    pub window_samples: usize,
    /// From frame to frame (`nperseg - noverlap`).
    pub hop_samples: usize,
    /// Length of the transform, zero-padded (`nfft`).
    pub fft_samples: usize,
    /// `fft_samples / 2 + 1`.
    pub bins: usize,
    /// Frames in a window of sound.
    pub frames: usize,
    /// Added to the power before the logarithm.
    pub floor: f64,
    /// What `10 log10(power + floor)` is divided by.
    pub divisor: f32,
}

/// Names and meanings of what the head gives, if there is a head.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutputContract {
    /// Whether 1 in `correspondence` says that sound and picture belong together, or 0 does. Null
    /// for networks that give embeddings and no more: they have no head.
    // Null, but there: a page that forgot it is not one that says so.
    #[serde(deserialize_with = "Option::deserialize")]
    pub correspondence: Option<Polarity>,
    /// Whether there is `distance`, `[n]`: Euclidean distance of the embeddings.
    pub distance: bool,
    /// Rows and columns of `heatmap`, `[n, rows, columns]`, if there is one. High is sounding.
    pub heatmap: Option<[usize; 2]>,
    /// Length of the towers' features where these are embeddings one may keep and compare.
    pub embedding: Option<usize>,
}

impl OutputContract {
    /// Whether the network says how well sound and picture belong together. One that does not has
    /// no head, and gives embeddings alone.
    pub fn compares(&self) -> bool {
        self.correspondence.is_some()
    }
}

/// Which end of `correspondence` means that sound and picture belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Polarity {
    /// 1 means that they do.
    HighCorresponds,
    /// 0 means that they do.
    LowCorresponds,
}

/// Where weights come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// What it was trained on, in a sentence. `seeded, untrained` for weights that saw nothing.
    pub trained_on: String,
    /// Share of the published width.
    pub width: f32,
    /// Seed of the weights' initial values.
    pub seed: u64,
    /// Licence of the weights.
    pub license: String,
}

/// What `trained_on` begins with where the synthetic world of `models/world` was all there was.
const SYNTHETIC: &str = "sonoscope's own synthetic world";

impl Provenance {
    /// Whether the network has seen and heard nothing but the synthetic world, so that its scores
    /// of real life are little better than chance.
    pub fn is_synthetic(&self) -> bool {
        self.trained_on.starts_with(SYNTHETIC)
    }
}
