//! What the page's script draws, as JSON: the seconds of each source, two letters a number.

use serde::Serialize;
use sonoscope_operators::Status;

use super::tracks::{Second, Track, Tracks};

/// Digits of the numbers, base 64: two of them count from 0 to 4095.
const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// A number that is not there.
const NONE: u32 = 4095;

/// What stands for the highest value of a range.
const HIGHEST: f32 = 4000.0;

/// Loudness in dB below full scale that is drawn.
const LOUDNESS_DBFS: [f32; 2] = [-120.0, 10.0];

/// The whole of it.
#[derive(Debug, Serialize)]
pub struct Data {
    networks: Vec<String>,
    sources: Vec<Source>,
}

#[derive(Debug, Serialize)]
struct Source {
    id: String,
    began: Option<String>,
    /// Seconds that follow each other.
    pieces: Vec<Piece>,
}

/// Seconds without one missing.
#[derive(Debug, Default, Serialize)]
struct Piece {
    /// The first of them.
    at: i64,
    /// A letter a second: how the sound fared.
    audio: String,
    /// A letter a second: how the picture fared.
    video: String,
    /// Two letters a second.
    loudness: String,
    /// Two letters a second, by network.
    scores: Vec<String>,
}

impl Data {
    /// Of all sources.
    pub fn of(tracks: &Tracks) -> Self {
        let networks = tracks.networks.len();
        let source = |(id, track): (&String, &Track)| Source {
            id: id.clone(),
            began: track.began.clone(),
            pieces: pieces(track, networks),
        };
        Self {
            networks: tracks.networks.iter().map(super::page::label).collect(),
            sources: tracks.sources.iter().map(source).collect(),
        }
    }

    /// As JSON that can stand in a page: nothing in it ends a script.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn json(&self) -> serde_json::Result<String> {
        Ok(serde_json::to_string(self)?.replace('<', "\\u003c"))
    }
}

fn pieces(track: &Track, networks: usize) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut next = None;
    for (&at, second) in &track.seconds {
        if next != Some(at) {
            pieces.push(Piece {
                at,
                scores: vec![String::new(); networks],
                ..Piece::default()
            });
        }
        next = at.checked_add(1);
        if let Some(piece) = pieces.last_mut() {
            piece.push(second);
        }
    }
    pieces
}

impl Piece {
    fn push(&mut self, second: &Second) {
        self.audio.push(letter(second.audio));
        self.video.push(letter(second.video));
        let [low, high] = LOUDNESS_DBFS;
        let loudness = second.audio_dbfs.map(|dbfs| (dbfs - low) / (high - low));
        push(&mut self.loudness, loudness);
        for (network, scores) in self.scores.iter_mut().enumerate() {
            push(scores, second.scores.get(network).copied().flatten());
        }
    }
}

fn letter(status: Status) -> char {
    match status {
        Status::Present => 'p',
        Status::Silent => 's',
        Status::Frozen => 'f',
        Status::Partial => 'h',
        Status::Gap => 'g',
        Status::Absent => 'a',
    }
}

/// Puts a share of the range, 0 to 1, behind others.
fn push(to: &mut String, share: Option<f32>) {
    let number = share.map_or(NONE, |share| {
        (share.clamp(0.0, 1.0) * HIGHEST).round() as u32
    });
    for digit in [number / 64, number % 64] {
        to.push(char::from(DIGITS[digit as usize]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_two_letters() {
        let mut text = String::new();
        for share in [Some(0.0), Some(1.0), Some(7.0), None] {
            push(&mut text, share);
        }
        assert_eq!(text, "AA-g-g__", "4000 is 62 * 64 + 32");
    }

    #[test]
    fn no_name_ends_the_script() {
        let mut tracks = Tracks::default();
        tracks.sources.insert("</script>".into(), Track::default());
        let json = Data::of(&tracks).json().unwrap();
        assert!(!json.contains('<'), "{json}");
    }
}
