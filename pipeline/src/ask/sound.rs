//! A sound alone: the bytes of a recording.

use std::{
    io::Write,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use sonoscope_operators::{Event, Segment, Slicer, SourceId, Status, slice::DEFAULT_SILENCE_DBFS};

use crate::sources::{self, Reading, SecondRange, SourceError, SourceSpec, Stop};

/// So much of a sound is listened to.
const LISTENED_S: i64 = 60;

/// Whoever asks waits, and gives up when nothing comes for so long.
const PATIENCE: Duration = Duration::from_secs(5);

/// What files of sound begin with, and where: other kinds are not given to a decoder, of which some
/// would fetch what a file only names.
const KINDS: [(usize, &[u8]); 8] = [
    (8, b"WAVE"),
    (0, b"fLaC"),
    (0, b"OggS"),
    (0, b"ID3"),
    (0, b"\xff\xfb"),
    (0, b"\xff\xf3"),
    (4, b"ftyp"),
    (0, b"\x1a\x45\xdf\xa3"),
];

/// Why bytes are no sound.
#[derive(Debug, thiserror::Error)]
pub enum SoundError {
    /// They are something else.
    #[error("it is none of WAV, FLAC, Ogg, MP3, MP4 and Matroska")]
    Kind,
    /// It cannot be read.
    #[error("it cannot be read: {0}")]
    Source(#[from] SourceError),
    /// It cannot be put where a decoder finds it, or nobody can read it.
    #[error("it cannot be read: {0}")]
    Io(#[from] std::io::Error),
    /// A decoder is at a loss.
    #[error("nothing came of it within {} s", PATIENCE.as_secs())]
    Nothing,
    /// There is nothing to hear.
    #[error("there is nothing to hear in its first {LISTENED_S} s")]
    Silent,
}

/// The loudest second of the first minute of a sound: 48 000 samples, cut as those of a source are.
///
/// Blocks until it is read.
///
/// # Errors
/// When it is none, or silent.
pub fn loudest_second(bytes: &[u8]) -> Result<Arc<[f32]>, SoundError> {
    let is_of = |(at, word): &(usize, &[u8])| bytes.get(*at..).is_some_and(|b| b.starts_with(word));
    if !KINDS.iter().any(is_of) {
        return Err(SoundError::Kind);
    }
    let mut file = tempfile::NamedTempFile::new()?;
    file.write_all(bytes)?;
    let reading = Reading {
        range: SecondRange {
            from: 0,
            to: LISTENED_S,
        },
        ..Reading::default()
    };
    let source = SourceSpec::new(SourceId::slug("query"), file.path().to_owned(), reading);
    let seconds = seconds(source)?;
    let level = |second: &Segment| second.audio_dbfs.unwrap_or(f32::NEG_INFINITY);
    let loudest = (seconds.into_iter()).reduce(|best, next| {
        if level(&next) > level(&best) {
            next
        } else {
            best
        }
    });
    loudest
        .and_then(|second| second.samples)
        .ok_or(SoundError::Silent)
}

/// All seconds of a recording in which there is something to hear.
fn seconds(source: SourceSpec) -> Result<Vec<Segment>, SoundError> {
    let (inlet, inbox) = sources::inbox(|| ());
    let result = Arc::new(Mutex::new(Ok(())));
    let ended = result.clone();
    let outlet = inlet.outlet(0);
    drop(inlet);
    let stop = Stop::default();
    let thread = sources::spawn(source, outlet, stop.clone(), move |end| {
        *ended.lock().unwrap_or_else(PoisonError::into_inner) = end.result;
    })?;
    let mut slicer = Slicer::new(DEFAULT_SILENCE_DBFS);
    let mut seconds = Vec::new();
    loop {
        let arrival = inbox.recv_timeout(PATIENCE).map_err(|_| {
            stop.raise();
            SoundError::Nothing
        })?;
        let closed = matches!(arrival.event, Event::Closed | Event::Cut);
        slicer.push(arrival.event);
        let heard = slicer.by_ref().filter(|second| {
            second.samples.is_some() && second.audio.usable() && second.audio != Status::Silent
        });
        seconds.extend(heard.map(|second| Segment {
            frame: None,
            grid: None,
            ..second
        }));
        if closed {
            break;
        }
    }
    // It has sent its last event.
    let _ = thread.join();
    let result = std::mem::replace(
        &mut *result.lock().unwrap_or_else(PoisonError::into_inner),
        Ok(()),
    );
    result?;
    Ok(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of mono samples, 16 bits each, at 48 kHz.
    fn wav(samples: impl ExactSizeIterator<Item = i16>) -> Vec<u8> {
        let bytes = samples.len() as u32 * 2;
        let mut file = Vec::new();
        for part in [b"RIFF", &(36 + bytes).to_le_bytes(), b"WAVE", b"fmt "] {
            file.extend(part);
        }
        file.extend(16_u32.to_le_bytes());
        file.extend([1, 0, 1, 0]);
        file.extend(48_000_u32.to_le_bytes());
        file.extend(96_000_u32.to_le_bytes());
        file.extend([2, 0, 16, 0]);
        file.extend(b"data");
        file.extend(bytes.to_le_bytes());
        file.extend(samples.flat_map(i16::to_le_bytes));
        file
    }

    #[test]
    fn the_loudest_second_is_heard() {
        crate::start_gstreamer().unwrap();
        let loudness = [0, 100, 8000, 200];
        let samples = (0..4 * 48_000_usize).map(|at| {
            let sign = if at / 50 % 2 == 0 { 1 } else { -1 };
            sign * loudness[at / 48_000]
        });
        let second = loudest_second(&wav(samples)).unwrap();
        assert_eq!(second.len(), 48_000);
        let expected = 8000.0 / 32_768.0;
        let apart = second.iter().map(|sample| (sample.abs() - expected).abs());
        assert!(apart.fold(0.0, f32::max) < 1e-4);
    }

    #[test]
    fn what_is_no_sound_is_refused() {
        crate::start_gstreamer().unwrap();
        let silence = wav((0..96_000).map(|_| 0));
        assert!(matches!(loudest_second(&silence), Err(SoundError::Silent)));
        let list = b"#EXTM3U\nhttp://127.0.0.1:1/x.ts\n";
        assert!(matches!(loudest_second(list), Err(SoundError::Kind)));
        assert!(matches!(loudest_second(b""), Err(SoundError::Kind)));
    }
}
