//! The command line.

use std::path::PathBuf;

use sonoscope_models::{Device, Devices, Precision, Sizes};

const USAGE: &str = "usage: infer-bench [--networks NAME|DIR,...] [--devices cpu,cuda,tensorrt] \
    [--precisions fp32,fp16,int8] [--batches 1,16,128] [--threads 1,2] [--seconds S] [--pairs N] \
    [--inputs DIR] [--leak BATCHES] [--memory] [--nhwc] [--graphs] [--out FILE.json]";

/// What is to be measured.
pub struct Asked {
    /// Names or folders.
    pub networks: Vec<String>,
    pub devices: Vec<Device>,
    pub precisions: Vec<Precision>,
    /// Pairs in a batch.
    pub batches: Vec<usize>,
    /// Threads with a network each, for each card.
    pub threads: Vec<usize>,
    /// How long each figure is measured.
    pub seconds: f64,
    /// Pairs that are compared with the processor.
    pub pairs: usize,
    /// A folder of pairs to compare; see `bench/gpu/pairs.py`.
    pub inputs: Option<PathBuf>,
    /// Batches of the leak check; 0 for none.
    pub leak_batches: usize,
    /// Whether it is tried what happens where a card's memory is short.
    pub memory: bool,
    /// Whether convolutions keep channels last.
    pub channels_last: bool,
    /// Whether batches of one size are repeated as CUDA graphs.
    pub graphs: bool,
    pub out: Option<PathBuf>,
}

impl Asked {
    /// Reads arguments, or says how they should be.
    pub fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let mut asked = Self {
            networks: vec!["ave".into()],
            devices: vec![Device::Cpu],
            precisions: vec![Precision::Fp32],
            batches: vec![1],
            threads: vec![1],
            seconds: 2.0,
            pairs: 64,
            inputs: None,
            leak_batches: 0,
            memory: false,
            channels_last: false,
            graphs: false,
            out: None,
        };
        let mut arguments = arguments.into_iter();
        while let Some(name) = arguments.next() {
            let flag = match name.as_str() {
                "--nhwc" => Some(&mut asked.channels_last),
                "--graphs" => Some(&mut asked.graphs),
                "--memory" => Some(&mut asked.memory),
                _ => None,
            };
            if let Some(flag) = flag {
                *flag = true;
                continue;
            }
            let value = arguments.next();
            let value = value.ok_or_else(|| format!("{name} wants a value. {USAGE}"))?;
            asked.set(&name, &value)?;
        }
        Ok(asked)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        match name {
            "--networks" => self.networks = list(value)?,
            "--devices" => self.devices = list(value)?,
            "--precisions" => self.precisions = list(value)?,
            "--batches" => self.batches = list(value)?,
            "--threads" => self.threads = list(value)?,
            "--seconds" => self.seconds = one(value)?,
            "--pairs" => self.pairs = one(value)?,
            "--inputs" => self.inputs = Some(value.into()),
            "--leak" => self.leak_batches = one(value)?,
            "--out" => self.out = Some(value.into()),
            _ => return Err(format!("`{name}` is no option. {USAGE}")),
        }
        match self.batches.contains(&0) || self.threads.contains(&0) || self.pairs == 0 {
            true => Err(format!(
                "{name} {value}: batches, threads and pairs begin at 1"
            )),
            false => Ok(()),
        }
    }

    /// For which build of ONNX Runtime to look.
    pub fn devices(&self) -> Devices {
        let card = self.devices.iter().find(|device| **device != Device::Cpu);
        card.copied().unwrap_or(Device::Cpu).into()
    }

    /// The sizes to which batches are padded: those that are measured.
    pub fn sizes(&self) -> Sizes {
        Sizes::new(self.batches.iter().copied())
    }
}

fn list<T: std::str::FromStr>(text: &str) -> Result<Vec<T>, String>
where
    T::Err: std::fmt::Display,
{
    text.split(',').map(one).collect()
}

fn one<T: std::str::FromStr>(text: &str) -> Result<T, String>
where
    T::Err: std::fmt::Display,
{
    text.trim()
        .parse()
        .map_err(|error| format!("`{text}`: {error}. {USAGE}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Asked, String> {
        Asked::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn options_are_read_and_wrong_ones_are_told() {
        let asked =
            parse("--devices cuda:1,tensorrt --batches 16,128 --nhwc --inputs here --seconds 0.5");
        let asked = asked.unwrap();
        assert_eq!(asked.devices, [Device::Cuda(1), Device::TensorRt(0)]);
        assert_eq!(asked.devices(), Device::Cuda(1).into());
        assert_eq!(asked.sizes().largest(), 128);
        assert!(asked.channels_last && !asked.memory);
        assert_eq!(asked.inputs, Some("here".into()));
        for wrong in [
            "--batch 1",
            "--batches",
            "--batches 0",
            "--devices gpu",
            "--pairs x",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
