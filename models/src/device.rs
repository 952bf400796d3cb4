//! Where a network is to run.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::Provider;

/// Where a user wants a network to run: `auto`, `cpu`, `cuda`, `cuda:1`, `tensorrt`, `tensorrt:1`.
///
/// ```
/// use sonoscope_models::Device;
///
/// assert_eq!("cuda:1".parse(), Ok(Device::Cuda(1)));
/// assert_eq!("tensorrt".parse::<Device>().unwrap().to_string(), "tensorrt:0");
/// assert!("gpu".parse::<Device>().unwrap_err().to_string().contains("cuda"));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Device {
    /// The first CUDA device if there is one that works, else the processor. Never TensorRT,
    /// which spends minutes building engines and is for those who ask for it.
    #[default]
    Auto,
    /// The processor.
    Cpu,
    /// An NVIDIA card, by its CUDA number.
    Cuda(u32),
    /// The same through TensorRT.
    TensorRt(u32),
}

/// A text that names no [`Device`].
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "`{0}` is no device. \
     Give one of: auto, cpu, cuda, cuda:N, tensorrt, tensorrt:N (N counts cards from 0)"
)]
pub struct UnknownDevice(pub(crate) String);

impl FromStr for Device {
    type Err = UnknownDevice;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (kind, number) = match text.split_once(':') {
            Some((kind, number)) => (kind, number.parse().ok()),
            None => (text, Some(0)),
        };
        match (kind, number) {
            ("auto", Some(0)) if kind == text => Ok(Device::Auto),
            ("cpu", Some(0)) if kind == text => Ok(Device::Cpu),
            ("cuda", Some(card)) => Ok(Device::Cuda(card)),
            ("tensorrt", Some(card)) => Ok(Device::TensorRt(card)),
            _ => Err(UnknownDevice(text.into())),
        }
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Device::Auto => f.write_str("auto"),
            Device::Cpu => Provider::Cpu.fmt(f),
            Device::Cuda(card) => Provider::Cuda(*card).fmt(f),
            Device::TensorRt(card) => Provider::TensorRt(*card).fmt(f),
        }
    }
}

impl From<Device> for String {
    fn from(device: Device) -> Self {
        device.to_string()
    }
}

impl TryFrom<String> for Device {
    type Error = UnknownDevice;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_device_are_one() {
        for text in ["auto", "cpu", "cuda:0", "cuda:7", "tensorrt:0"] {
            let device: Device = text.parse().expect(text);
            assert_eq!(device.to_string(), text);
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for text in [
            "", "gpu", "cpu:0", "auto:0", "cuda:", "cuda:x", "cuda:-1", "CUDA",
        ] {
            assert_eq!(text.parse::<Device>(), Err(UnknownDevice(text.into())));
        }
    }
}
