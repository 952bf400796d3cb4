//! The camera-microphone matrix: swapped microphones show.

use std::collections::BTreeSet;

use rand::{SeedableRng, rngs::StdRng};
use sonoscope_operators::{
    SourceId, Status,
    views::{
        Answer, Embedding, Groups, Heads, MatrixSettings, MatrixVerdict, Microphone, Observation,
        matrix,
    },
};

use crate::{
    script::{Script, embedding, network, second},
    support::{holds, run, standing},
};

const NUMBERS: usize = 16;
const SOURCES: usize = 6;

fn head(distance: f32) -> f32 {
    1.0 / (1.0 + (4.0 * (distance - 1.0)).exp())
}

fn settings() -> MatrixSettings {
    MatrixSettings {
        sample_s: 1,
        window_s: 20,
        grace_s: 3,
        least_samples: 10,
        ..MatrixSettings::new(Heads::new(|_, distance| Some(head(distance))))
    }
}

fn name(source: usize) -> SourceId {
    SourceId::slug(&format!("cam-{source}"))
}

/// Sources of which 0 and 1 have each other's microphones, 2 hears a place that no camera sees,
/// 3 hears nothing, and the others are in order.
fn rows(seconds: i64) -> Vec<Observation> {
    let mut dice = StdRng::seed_from_u64(9);
    let mut all = Vec::new();
    for segment in 0..seconds {
        let scenes: Vec<Embedding> = (0..=SOURCES)
            .map(|_| embedding(&mut dice, NUMBERS))
            .collect();
        for source in 0..SOURCES {
            let heard = [1, 0, SOURCES, 3, 4, 5][source];
            all.push(Observation {
                source: name(source),
                audio: if source == 3 {
                    Status::Silent
                } else {
                    Status::Present
                },
                frame_embedding: Some(scenes[source].clone()),
                audio_embedding: Some(scenes[heard].clone()),
                ..second(segment, 0.5)
            });
        }
    }
    all
}

/// All rows of a second at a time.
fn script(seconds: i64) -> Script {
    let mut script = Script::default();
    for of_second in rows(seconds).chunks(SOURCES) {
        let changes = of_second.iter().map(|row| (row.clone(), 1)).collect();
        script = script.then(changes, None);
    }
    script
}

fn after(script: &Script, settings: MatrixSettings) -> Vec<BTreeSet<Microphone>> {
    let changes = run(1, script, move |feed, _| {
        matrix(feed, settings.clone()).changes
    });
    standing(&changes, script.turns.len())
}

#[test]
fn swapped_microphones_show() {
    let after = after(&script(60), settings());
    assert!(after[21].is_empty(), "a window is waited for");
    let rows: Vec<_> = after[50].iter().collect();
    let verdicts: Vec<_> = rows.iter().map(|row| row.verdict).collect();
    use MatrixVerdict::{Nowhere, Other, Own, Unheard};
    assert_eq!(verdicts, [Other, Other, Nowhere, Unheard, Own, Own]);
    assert_eq!((rows[0].end, &rows[0].fits[0].picture_of), (40, &name(1)));
    assert_eq!(rows[1].fits[0].picture_of, name(0));
    assert_eq!(rows[0].key(), format!("matrix/{}/cam-0", network(0)));
    assert_eq!(rows[4].fits.len(), SOURCES);
    assert_eq!(rows[4].own.as_ref(), rows[4].fits.first());
}

#[test]
fn groups_are_apart() {
    let settings = MatrixSettings {
        groups: Groups::new(|source| (source.as_str() != "cam-0").then(|| "hall".into())),
        ..settings()
    };
    let after = after(&script(60), settings);
    let last = after.last().unwrap();
    assert_eq!(last.len(), SOURCES - 1);
    assert!(
        last.iter()
            .all(|row| row.fits.iter().all(|fit| fit.picture_of != name(0)))
    );
}

/// The matrix of the window that a plain look at all rows finds, to what can be compared.
type Cell = (SourceId, SourceId, i64, u32, i32);

fn cells(row: &Microphone) -> Vec<Cell> {
    let cell = |fit: &sonoscope_operators::views::Fit| {
        let level = (fit.correspondence.get() * 1000.0).round() as i32;
        (
            row.sound_of.clone(),
            fit.picture_of.clone(),
            row.end,
            fit.samples,
            level,
        )
    };
    row.fits.iter().map(cell).collect()
}

fn plain(script: &Script, time: usize) -> BTreeSet<Cell> {
    let rows = script.rows(time);
    let newest = |source: &SourceId| {
        rows.iter()
            .filter(|row| row.source == *source)
            .map(|row| row.segment)
            .max()
    };
    let is_last = |end: &i64| {
        let inside: BTreeSet<_> = (rows.iter())
            .filter(|row| (end - 20..*end).contains(&row.segment))
            .map(|row| &row.source)
            .collect();
        let over = (0..SOURCES).filter(|source| newest(&name(*source)) >= Some(end + 3 - 1));
        inside.len() >= 2 && 2 * over.count() >= inside.len()
    };
    let Some(end) = (1..10).map(|window| window * 20).rfind(is_last) else {
        return BTreeSet::new();
    };
    let mut all = BTreeSet::new();
    for sound in 0..SOURCES {
        for picture in 0..SOURCES {
            let side = |source: usize, k: i64| {
                rows.iter()
                    .find(|row| row.source == name(source) && row.segment == k)
            };
            let distances = (end - 20..end).filter_map(|k| {
                let sound = side(sound, k)
                    .filter(|row| row.sounding())?
                    .audio_embedding
                    .as_ref()?;
                let picture = side(picture, k)?.frame_embedding.as_ref()?;
                let both = sound.values().iter().zip(picture.values());
                Some(both.map(|(a, b)| (a - b).powi(2)).sum::<f32>().sqrt())
            });
            let distances: Vec<f32> = distances.collect();
            if distances.len() >= 10 {
                let mean = distances.iter().sum::<f32>() / distances.len() as f32;
                let level = (head(mean) * 1000.0).round() as i32;
                all.insert((
                    name(sound),
                    name(picture),
                    end,
                    distances.len() as u32,
                    level,
                ));
            }
        }
    }
    all
}

#[test]
fn the_matrix_is_that_of_a_plain_recomputation_with_late_and_withdrawn_rows() {
    let mut script = script(70);
    // One source stands still, one second comes late, one is withdrawn.
    for turn in &mut script.turns[30..] {
        turn.changes.retain(|(row, _)| row.source != name(5));
    }
    let late = script.turns[37].changes.remove(0);
    script.turns[50].changes.push(late);
    let (row, _) = script.turns[35].changes[2].clone();
    script.turns[55].changes.push((row, -1));
    holds(&script, plain, |feed, _| {
        let cells = matrix(feed, settings()).changes.flat_map(|row| cells(&row));
        cells.consolidate()
    });
}
