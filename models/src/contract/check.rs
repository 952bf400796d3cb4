//! Reading a contract and holding it to what it must be, so that a wrong one stops at the door
//! with the name of its file and of its field.

use std::path::{Path, PathBuf};

use serde_json::Value;
use thiserror::Error;

use super::{Contract, METADATA_KEY, SpectrogramContract, VERSION};

/// Why a file's contract cannot be obeyed.
#[derive(Debug, Error)]
pub enum ContractError {
    /// The file says nothing of how it wants to be used.
    #[error(
        "{}: has no contract: there is no `{METADATA_KEY}` in its metadata. \
         Export the network with the exporter in models/training, which writes one",
        file.display()
    )]
    Missing {
        /// The ONNX file.
        file: PathBuf,
    },
    /// What lies where the contract should be is not JSON.
    #[error(
        "{}: its contract is not JSON: {source}. Export the network again",
        file.display()
    )]
    NotJson {
        /// The ONNX file.
        file: PathBuf,
        /// What the parser says.
        source: serde_json::Error,
    },
    /// A contract of another time.
    #[error(
        "{}: contract version `{found}` is unknown; this program speaks `{VERSION}`. \
         Export the network again, or use the sonoscope that it was made for",
        file.display()
    )]
    Version {
        /// The ONNX file.
        file: PathBuf,
        /// The version that it gives.
        found: String,
    },
    /// A field is missing, unknown, of the wrong type, or says what cannot be.
    #[error(
        "{}: contract field `{field}`: {problem}. \
         Put it right where the network is exported, and export it again",
        file.display()
    )]
    Field {
        /// The ONNX file.
        file: PathBuf,
        /// The field's path, such as `spectrogram.bins`.
        field: String,
        /// What is wrong with it.
        problem: String,
    },
}

/// A field and what is wrong with it.
pub(super) type Problem = (&'static str, String);

impl Contract {
    /// Reads and validates a contract. `file` is the file that it comes from, for the error.
    ///
    /// ```
    /// use sonoscope_models::Contract;
    ///
    /// let error = Contract::from_json(r#"{"version": "2"}"#, "frame.onnx".as_ref()).unwrap_err();
    /// assert!(error.to_string().starts_with("frame.onnx: contract version `2` is unknown"));
    /// ```
    pub fn from_json(json: &str, file: &Path) -> Result<Self, ContractError> {
        let page: Value = serde_json::from_str(json).map_err(|source| ContractError::NotJson {
            file: file.into(),
            source,
        })?;
        // The version first: a page of another version has other fields, and that is not news.
        let version = page.get("version").and_then(Value::as_str);
        if let Some(found) = version.filter(|found| *found != VERSION) {
            return Err(ContractError::Version {
                file: file.into(),
                found: found.into(),
            });
        }
        let wrong = |field: String, problem: String| ContractError::Field {
            file: file.into(),
            field,
            problem,
        };
        let contract: Self = serde_path_to_error::deserialize(page)
            .map_err(|e| wrong(e.path().to_string(), e.inner().to_string()))?;
        contract
            .check()
            .map_err(|(field, problem)| wrong(field.into(), problem))?;
        Ok(contract)
    }

    /// Whether what the fields say can be, and whether they agree with each other.
    fn check(&self) -> Result<(), Problem> {
        ensure(!self.network.is_empty(), "network", || "is empty".into())?;
        self.check_frame()?;
        self.check_audio()?;
        self.check_clip()?;
        match (&self.spectrogram, &self.mel) {
            (Some(spectrogram), _) => self.check_spectrogram(spectrogram)?,
            (None, Some(mel)) => self.check_mel(mel)?,
            (None, None) => self.check_waveform()?,
        }
        self.check_outputs()
    }

    fn check_frame(&self) -> Result<(), Problem> {
        let frame = &self.frame;
        positive("frame.width", frame.width)?;
        positive("frame.height", frame.height)?;
        ensure(
            frame.mean.iter().all(|mean| mean.is_finite()),
            "frame.mean",
            || format!("{:?} is not three numbers", frame.mean),
        )?;
        ensure(
            frame.std.iter().all(|std| std.is_normal() && *std > 0.0),
            "frame.std",
            || format!("{:?} must be above 0: it is divided by", frame.std),
        )?;
        let Some(shorter) = frame.shorter_side else {
            return Ok(());
        };
        let longest = frame.width.max(frame.height);
        ensure(shorter >= longest, "frame.shorter_side", || {
            format!("is {shorter}, but {longest} pixels are cut out of it")
        })
    }

    fn check_audio(&self) -> Result<(), Problem> {
        let audio = &self.audio;
        positive("audio.rate_hz", audio.rate_hz as usize)?;
        ensure(
            audio.full_scale.is_normal() && audio.full_scale > 0.0,
            "audio.full_scale",
            || format!("is {}, must be above 0", audio.full_scale),
        )
    }

    /// Sound that becomes a spectrogram is a second of it.
    pub(super) fn check_second(&self) -> Result<(), Problem> {
        let (found, wanted) = (self.audio.window_samples, self.audio.rate_hz);
        ensure(found == wanted as usize, "audio.window_samples", || {
            format!("is {found}, but a second at rate_hz has {wanted} samples")
        })
    }

    fn check_spectrogram(&self, s: &SpectrogramContract) -> Result<(), Problem> {
        self.check_second()?;
        ensure(
            (0.0..=1.0).contains(&s.tukey_alpha),
            "spectrogram.tukey_alpha",
            || format!("is {}, must lie in 0..1", s.tukey_alpha),
        )?;
        ensure(
            (1..=self.audio.window_samples).contains(&s.window_samples),
            "spectrogram.window_samples",
            || format!("is {}, must fit in the second of sound", s.window_samples),
        )?;
        positive("spectrogram.hop_samples", s.hop_samples)?;
        ensure(
            s.fft_samples >= s.window_samples,
            "spectrogram.fft_samples",
            || format!("is {}, shorter than window_samples", s.fft_samples),
        )?;
        equal("spectrogram.bins", s.bins, s.fft_samples / 2 + 1)?;
        let frames = (self.audio.window_samples - s.window_samples) / s.hop_samples + 1;
        equal("spectrogram.frames", s.frames, frames)?;
        ensure(
            s.floor.is_normal() && s.floor > 0.0,
            "spectrogram.floor",
            || format!("is {}, must be above 0: silence has a logarithm", s.floor),
        )?;
        ensure(s.divisor.is_normal(), "spectrogram.divisor", || {
            format!("is {}, must not be 0", s.divisor)
        })
    }

    fn check_outputs(&self) -> Result<(), Problem> {
        let outputs = &self.outputs;
        if let Some([rows, columns]) = outputs.heatmap {
            positive("outputs.heatmap", rows.min(columns))?;
            ensure(
                self.frame.shorter_side.is_none(),
                "frame.shorter_side",
                || "is there, but a heatmap is of the whole picture".into(),
            )?;
        }
        if let Some(length) = outputs.embedding {
            positive("outputs.embedding", length)?;
        }
        if !outputs.compares() {
            let of_a_head = || "is there, but without `correspondence` there is no head".into();
            ensure(!outputs.distance, "outputs.distance", of_a_head)?;
            ensure(outputs.heatmap.is_none(), "outputs.heatmap", of_a_head)?;
            ensure(outputs.embedding.is_some(), "outputs.embedding", || {
                "is null, and `correspondence` is, too: nothing would come out".into()
            })?;
        }
        let width = self.provenance.width;
        ensure(width.is_normal() && width > 0.0, "provenance.width", || {
            format!("is {width}, must be above 0")
        })
    }
}

pub(super) fn ensure(
    holds: bool,
    field: &'static str,
    problem: impl FnOnce() -> String,
) -> Result<(), Problem> {
    if holds {
        Ok(())
    } else {
        Err((field, problem()))
    }
}

pub(super) fn positive(field: &'static str, found: usize) -> Result<(), Problem> {
    ensure(found > 0, field, || "is 0, must be above 0".into())
}

pub(super) fn equal(field: &'static str, found: usize, wanted: usize) -> Result<(), Problem> {
    ensure(found == wanted, field, || {
        format!("is {found}, but the fields beside it make {wanted}")
    })
}
