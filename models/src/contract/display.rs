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
        writeln!(
            f,
            "  {:<12} {}x{} RGB, {filter}; mean {:?}, std {:?}",
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
        match &self.spectrogram {
            Some(spectrogram) => Self::fmt_spectrogram(spectrogram, f),
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
        let one_means = match outputs.correspondence {
            Polarity::HighCorresponds => "corresponds",
            Polarity::LowCorresponds => "does not correspond",
        };
        write!(f, "  {:<12} correspondence (1 {one_means})", "outputs")?;
        if outputs.distance {
            write!(f, ", distance")?;
        }
        if let Some([rows, columns]) = outputs.heatmap {
            write!(f, ", heatmap {rows}x{columns}")?;
        }
        if let Some(length) = outputs.embedding {
            write!(f, ", embeddings of {length}")?;
        }
        writeln!(f)
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
        })
    }
}
