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

/// Devices of one kind, between which batches are shared out: `cuda:0,cuda:1`. Seldom more than one.
///
/// ```
/// use sonoscope_models::{Device, Devices};
///
/// let two: Devices = "cuda:0,cuda:1".parse().unwrap();
/// assert_eq!(two.iter().collect::<Vec<_>>(), [Device::Cuda(0), Device::Cuda(1)]);
/// assert_eq!(Devices::default().to_string(), "auto");
/// assert!("cuda:0,cuda:0".parse::<Devices>().is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Devices(Vec<Device>);

impl Devices {
    /// In the order in which they were named; never none.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Device> {
        self.0.iter().copied()
    }

    /// Whether one of them is a card, or could become one.
    pub fn may_be_card(&self) -> bool {
        self.iter().any(|device| device != Device::Cpu)
    }

    /// Whether it was left to the program what to take.
    pub fn is_auto(&self) -> bool {
        self.0 == [Device::Auto]
    }
}

impl Default for Devices {
    fn default() -> Self {
        Device::default().into()
    }
}

impl From<Device> for Devices {
    fn from(device: Device) -> Self {
        Self(vec![device])
    }
}

/// A text that names no [`Devices`].
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum UnknownDevices {
    /// One of them is none.
    #[error(transparent)]
    Device(#[from] UnknownDevice),
    /// One is named twice.
    #[error("`{0}` is named twice. Name each card once")]
    Twice(Device),
    /// They are not of one kind.
    #[error(
        "`{0}` and `{1}` do not go together. Name cards of one kind, such as cuda:0,cuda:1; \
         auto and cpu stand alone"
    )]
    Mixed(Device, Device),
}

impl FromStr for Devices {
    type Err = UnknownDevices;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut devices: Vec<Device> = Vec::new();
        for name in text.split(',') {
            let device = name.trim().parse()?;
            if devices.contains(&device) {
                return Err(UnknownDevices::Twice(device));
            }
            let fits = |first: &Device| {
                matches!(
                    (first, device),
                    (Device::Cuda(_), Device::Cuda(_)) | (Device::TensorRt(_), Device::TensorRt(_))
                )
            };
            match devices.first() {
                Some(first) if !fits(first) => return Err(UnknownDevices::Mixed(*first, device)),
                _ => devices.push(device),
            }
        }
        Ok(Self(devices))
    }
}

impl fmt::Display for Devices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.0.iter().map(Device::to_string).collect();
        f.pad(&names.join(","))
    }
}

impl From<Devices> for String {
    fn from(devices: Devices) -> Self {
        devices.to_string()
    }
}

impl TryFrom<String> for Devices {
    type Error = UnknownDevices;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
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

    #[test]
    fn devices_are_of_one_kind_and_each_is_named_once() {
        for text in [
            "auto",
            "cpu",
            "cuda:1",
            "cuda:0,cuda:3",
            "tensorrt:0,tensorrt:1",
        ] {
            let devices: Devices = text.parse().expect(text);
            assert_eq!(devices.to_string(), text);
        }
        let refused = |text: &str| text.parse::<Devices>().unwrap_err();
        assert_eq!(
            refused("cuda,cuda:0"),
            UnknownDevices::Twice(Device::Cuda(0))
        );
        for text in ["auto,cpu", "cpu,cuda", "cuda:0,tensorrt:1"] {
            assert!(matches!(refused(text), UnknownDevices::Mixed(..)), "{text}");
        }
        assert!(matches!(refused("cuda,"), UnknownDevices::Device(_)));
    }
}
