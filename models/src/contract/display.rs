//! A contract as a person reads it: a line a subject, aligned.

use std::fmt;

use super::{Contract, Family, Polarity, SpectrogramContract};

impl fmt::Display for Contract {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "  {:<12} {} ({})", "network", self.network, self.family)?;
        writeln!(f, "  {:<12} {}", "contract", self.version)?;
        self.fmt_frame(f)?;
        self.fmt_audio(f)?;
        self.fmt_outputs(f)?;
        self.fmt_provenance(f)
    }
}

impl Contract {
    fn fmt_frame(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let frame = &self.frame;
        let filter = match frame.antialias {
            true => "bilinear, antialiased",
            false => "bilinear",
        };
        let cut = match frame.shorter_side {
            Some(pixels) => format!(" from the middle, shorter side {pixels}"),
            None => String::new(),
        };
        writeln!(
            f,
            "  {:<12} {}x{} RGB{cut}, {filter}; mean {:?}, std {:?}",
            "frame", frame.width, frame.height, frame.mean, frame.std
        )?;
        let Some(clip) = &frame.clip else {
            return Ok(());
        };
        writeln!(
            f,
            "  {:<12} {} frames, {} a second",
            "clip", clip.frames, clip.rate_hz
        )
    }

    fn fmt_audio(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let audio = &self.audio;
        writeln!(
            f,
            "  {:<12} mono, {} Hz, {} samples, full scale {}",
            "audio", audio.rate_hz, audio.window_samples, audio.full_scale
        )?;
        if let Some(spectrogram) = &self.spectrogram {
            Self::fmt_spectrogram(spectrogram, f)?;
        }
        match &self.mel {
            Some(mel) => writeln!(f, "  {:<12} {mel}", "spectrogram"),
            None => Ok(()),
        }
    }

    fn fmt_spectrogram(s: &SpectrogramContract, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "  {:<12} {} bins x {} frames; window {} (Tukey {}), hop {}, FFT {}; \
             10 log10(power + {:e}) / {}",
            "spectrogram",
            s.bins,
            s.frames,
            s.window_samples,
            s.tukey_alpha,
            s.hop_samples,
            s.fft_samples,
            s.floor,
            s.divisor
        )
    }

    fn fmt_outputs(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let outputs = &self.outputs;
        let correspondence = outputs.correspondence.map(|polarity| match polarity {
            Polarity::HighCorresponds => "correspondence (1 corresponds)".to_owned(),
            Polarity::LowCorresponds => "correspondence (1 does not correspond)".to_owned(),
        });
        let told = [
            correspondence,
            outputs.distance.then(|| "distance".to_owned()),
            (outputs.heatmap).map(|[rows, columns]| format!("heatmap {rows}x{columns}")),
            (outputs.embedding).map(|length| format!("embeddings of {length}")),
        ];
        let told: Vec<_> = told.into_iter().flatten().collect();
        writeln!(f, "  {:<12} {}", "outputs", told.join(", "))
    }

    fn fmt_provenance(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let weights = &self.provenance;
        writeln!(f, "  {:<12} {}", "trained on", weights.trained_on)?;
        writeln!(
            f,
            "  {:<12} {} of the published width, seed {}",
            "weights", weights.width, weights.seed
        )?;
        write!(f, "  {:<12} {}", "licence", weights.license)
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Family::Ave => "AVE-Net",
            Family::Avol => "AVOL-Net",
            Family::L3 => "L3-Net",
            Family::Multisensory => "Multisensory",
            Family::OpenL3 => "OpenL3",
        })
    }
}
