//! `--table`: what was heard and seen, second by second, for people.

use std::{collections::BTreeMap, fmt::Write as _};

use sonoscope_operators::{CORRESPONDS, Status};

use crate::{
    overlay::{Second, Tracks},
    sources::SourceSpec,
};

/// A line for each second of each source.
pub fn of(tracks: &Tracks, sources: &BTreeMap<u32, SourceSpec>) -> String {
    let tracks = tracks
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    let mut table = String::new();
    for (spec, seconds) in (sources.iter()).filter_map(|(o, s)| Some((s, tracks.get(o)?))) {
        // Writing to a string cannot fail.
        let _ = writeln!(
            table,
            "\n{}\n{:>6}  {:14}  the sound",
            spec.id, "second", "correspondence"
        );
        lines(seconds, &mut table);
    }
    table
}

fn lines(seconds: &BTreeMap<i64, Second>, table: &mut String) {
    for (index, second) in seconds {
        let score = second
            .correspondence
            .map_or(String::from("-"), |c| format!("{c:.2}"));
        let _ = writeln!(table, "{index:>6}  {score:14}  {}", place(second));
    }
}

/// Where the sound is, in words.
fn place(second: &Second) -> String {
    let peak = second.heatmap.as_ref().and_then(|map| map.peak());
    match (peak, second.correspondence) {
        (Some(peak), _) => {
            let across = third(peak.x, ["left", "middle", "right"]);
            let down = third(peak.y, ["top", "centre", "bottom"]);
            format!("{down} {across} (x {:.2}, y {:.2})", peak.x, peak.y)
        }
        (None, Some(_)) if second.audio == Some(Status::Silent) => "silent".into(),
        (None, Some(c)) if c < CORRESPONDS => "does not belong to the picture".into(),
        (None, Some(_)) => "belongs to the picture".into(),
        (None, None) => match second.audio {
            Some(Status::Gap | Status::Absent) => "there is none".into(),
            _ => "there is no picture to it".into(),
        },
    }
}

fn third(place: f32, names: [&'static str; 3]) -> &'static str {
    names[((place * 3.0) as usize).min(2)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use sonoscope_operators::Heatmap;

    #[test]
    fn places_have_names() {
        let mut cells = vec![0.0; 14 * 14];
        cells[13] = 1.0;
        let mut second = Second {
            correspondence: Some(0.9),
            heatmap: Some(Heatmap { columns: 14, cells }),
            audio: Some(Status::Present),
            is_seen: true,
        };
        assert_eq!(place(&second), "top right (x 0.96, y 0.04)");
        second.heatmap = None;
        assert_eq!(place(&second), "belongs to the picture");
        second.correspondence = Some(0.1);
        assert_eq!(place(&second), "does not belong to the picture");
        second.audio = Some(Status::Silent);
        assert_eq!(place(&second), "silent");
        second.correspondence = None;
        assert_eq!(place(&second), "there is no picture to it");
    }
}
