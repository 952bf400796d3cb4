//! In which numbers the towers of a network compute.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// In which numbers the towers compute. Inputs and outputs are 32-bit floats in all of them, and
/// the head, which is small, always computes in these.
///
/// ```
/// use sonoscope_models::Precision;
///
/// assert_eq!("int8".parse(), Ok(Precision::Int8));
/// assert_eq!(Precision::default().to_string(), "fp32");
/// ```
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// 32-bit floats: `frame.onnx`, `audio.onnx`.
    #[default]
    Fp32,
    /// 8-bit integers: `frame.int8.onnx`, `audio.int8.onnx`. On a processor at most half the time.
    Int8,
    /// 16-bit floats: `frame.fp16.onnx`, `audio.fp16.onnx`. For graphics cards.
    Fp16,
}

impl Precision {
    /// All of them, the most exact first.
    pub const ALL: [Self; 3] = [Self::Fp32, Self::Fp16, Self::Int8];

    fn name(self) -> &'static str {
        match self {
            Self::Fp32 => "fp32",
            Self::Int8 => "int8",
            Self::Fp16 => "fp16",
        }
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A text that names no [`Precision`].
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{0}` is no precision. Give one of: fp32, fp16, int8")]
pub struct UnknownPrecision(String);

impl FromStr for Precision {
    type Err = UnknownPrecision;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|precision| precision.name() == text)
            .ok_or_else(|| UnknownPrecision(text.into()))
    }
}
