//! Skew against a plain recomputation, and what it says of sources whose sound is off.

use std::collections::BTreeSet;

use rand::{SeedableRng, rngs::StdRng};
use sonoscope_operators::{
    Status,
    views::{Answer, Embedding, Heads, Observation, Skew, SyncSettings, SyncVerdict, sync},
};

use crate::{
    script::{Churn, Script, embedding, second},
    support::{holds, run, standing},
};

const NUMBERS: usize = 16;

/// Nearer than 1 is likely.
fn head(distance: f32) -> f32 {
    1.0 / (1.0 + (4.0 * (distance - 1.0)).exp())
}

fn settings() -> SyncSettings {
    SyncSettings {
        window_s: 30,
        step_s: 5,
        least_seconds: 10,
        ..SyncSettings::new(Heads::new(|_, distance| Some(head(distance))))
    }
}

/// What of an answer can be compared: curve, end, seconds.
type Curve = (String, i64, u32, Vec<i32>);

fn rounded(skew: Skew) -> Curve {
    let level = |value: f32| (value * 1000.0).round() as i32;
    let curve = skew
        .curve
        .iter()
        .map(|value| value.map_or(-1, |value| level(value.get())));
    (skew.key(), skew.end, skew.seconds, curve.collect())
}

fn of_track(rows: &[Observation]) -> Option<Curve> {
    let picture = |k| {
        rows.iter()
            .find(|row| row.segment == k)?
            .frame_embedding
            .as_ref()
    };
    let sound = |k| {
        let row = rows.iter().find(|row| row.segment == k && row.sounding())?;
        row.audio_embedding.as_ref()
    };
    let sided = |row: &&Observation| picture(row.segment).is_some() || sound(row.segment).is_some();
    let newest = rows.iter().filter(sided).map(|row| row.segment).max()?;
    let end = (newest + 1).div_euclid(5) * 5;
    let window = end - 30..end;
    rows.iter()
        .filter(sided)
        .find(|row| window.contains(&row.segment))?;
    let mut seconds = 0;
    let curve = (-5..=5).map(|offset| {
        let pairs = window.clone().filter(|k| window.contains(&(k + offset)));
        let values = pairs.filter_map(|k| {
            let both = picture(k)?.values().iter().zip(sound(k + offset)?.values());
            Some(head(both.map(|(a, b)| (a - b).powi(2)).sum::<f32>().sqrt()))
        });
        let values: Vec<f32> = values.collect();
        if offset == 0 {
            seconds = values.len() as u32;
        }
        let mean = values.iter().sum::<f32>() / values.len() as f32;
        if values.is_empty() {
            -1
        } else {
            (mean * 1000.0).round() as i32
        }
    });
    let curve = curve.collect();
    Some((
        format!("sync/{}/{}", rows[0].source, rows[0].network),
        end,
        seconds,
        curve,
    ))
}

fn plain(script: &Script, time: usize) -> BTreeSet<Curve> {
    script
        .by_track(time)
        .into_values()
        .filter_map(|rows| of_track(&rows))
        .collect()
}

#[test]
fn curves_are_those_of_a_plain_recomputation_whatever_comes_when() {
    for seed in 40..43 {
        let churn = Churn {
            sources: 3,
            networks: 2,
            times: 40,
            seconds_at_once: 5,
            numbers: NUMBERS,
        };
        let mut script = Script::churn(seed, churn);
        // Seconds that are further back than is remembered do not count, so none of these changes.
        for time in 0..script.turns.len() {
            let newest = |row: &Observation, rows: &[Observation]| {
                let of_source = rows.iter().filter(|other| other.source == row.source);
                of_source
                    .map(|other| other.segment)
                    .max()
                    .unwrap_or(row.segment)
            };
            let rows = script.rows(time);
            script.turns[time]
                .changes
                .retain(|(row, _)| newest(row, &rows) - row.segment < 60);
        }
        holds(&script, plain, |feed, _| {
            sync(feed, settings()).changes.map(rounded).consolidate()
        });
    }
}

/// Two minutes of a source in which picture `k` belongs to sound `k + late`.
fn source(late: usize, seconds: usize) -> Vec<Observation> {
    let mut dice = StdRng::seed_from_u64(5);
    let scenes: Vec<Embedding> = (0..seconds + 10)
        .map(|_| embedding(&mut dice, NUMBERS))
        .collect();
    let row = |k: usize| Observation {
        frame_embedding: Some(scenes[k + 5].clone()),
        audio_embedding: Some(scenes[k + 5 - late].clone()),
        ..second(k as i64, 0.5)
    };
    (0..seconds).map(row).collect()
}

fn last(rows: Vec<Observation>) -> Skew {
    let script = Script::one_by_one(rows);
    let changes = run(1, &script, |feed, _| sync(feed, settings()).changes);
    let after = standing(&changes, script.turns.len());
    after.into_iter().next_back().unwrap().pop_first().unwrap()
}

#[test]
fn a_sound_that_comes_late_is_told_by_how_much() {
    for late in 0..=4 {
        let said = last(source(late, 60));
        assert_eq!(said.verdict, SyncVerdict::Told, "{said:?}");
        let skew = said.skew_s.unwrap().get();
        assert!((skew - late as f32).abs() < 0.3, "{late}: {said:?}");
        assert!(said.confidence.unwrap().get() > 0.9, "{said:?}");
    }
}

#[test]
fn a_flat_curve_is_no_skew() {
    let mut dice = StdRng::seed_from_u64(6);
    let strange = source(0, 60).into_iter().map(|row| Observation {
        audio_embedding: Some(embedding(&mut dice, NUMBERS)),
        ..row
    });
    let said = last(strange.collect());
    assert_eq!(
        (said.verdict, said.skew_s),
        (SyncVerdict::Unrelated, None),
        "{said:?}"
    );
    let scene = embedding(&mut dice, NUMBERS);
    let alike = source(0, 60).into_iter().map(|row| Observation {
        frame_embedding: Some(scene.clone()),
        audio_embedding: Some(scene.clone()),
        ..row
    });
    let said = last(alike.collect());
    assert_eq!(
        (said.verdict, said.skew_s),
        (SyncVerdict::Steady, None),
        "{said:?}"
    );
}

#[test]
fn of_what_cannot_be_heard_nothing_is_said() {
    let quiet = source(0, 60).into_iter().map(|row| Observation {
        audio: if row.segment % 5 == 0 {
            Status::Present
        } else {
            Status::Silent
        },
        ..row
    });
    let said = last(quiet.collect());
    assert_eq!(
        (said.verdict, said.seconds),
        (SyncVerdict::Unheard, 6),
        "{said:?}"
    );
}
