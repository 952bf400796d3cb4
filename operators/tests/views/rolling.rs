//! Windows against a plain recount.

use std::collections::{BTreeMap, BTreeSet};

use sonoscope_operators::{
    Status,
    views::{
        Answer, Observation, Quantiles, Rolling, RollingSettings, RollingWindow, SoundingCell,
        rolling,
    },
};

use crate::{
    script::{Churn, Script, second},
    support::{holds, run, standing},
};

fn settings() -> RollingSettings {
    let window = |length_s, step_s| RollingWindow { length_s, step_s };
    RollingSettings {
        windows: vec![window(20, 1), window(100, 10)],
        late_s: 50_000,
    }
}

fn quantiles(mut values: Vec<f32>) -> Option<Quantiles> {
    values.sort_by(f32::total_cmp);
    let at = |share: f64| {
        let rank = (values.len() as f64 * share).ceil() as usize;
        values[rank.max(1) - 1].into()
    };
    (!values.is_empty()).then(|| Quantiles {
        seconds: values.len() as u32,
        p10: at(0.1),
        p50: at(0.5),
        p90: at(0.9),
    })
}

/// A window over rows of one source and network; none of no rows.
fn of_window(rows: &[Observation], window: RollingWindow) -> Option<Rolling> {
    let newest = rows.iter().map(|row| row.segment).max()?;
    let step = i64::from(window.step_s);
    let end = (newest + 1).div_euclid(step) * step;
    let inside = end - i64::from(window.length_s)..end;
    let rows: Vec<_> = rows
        .iter()
        .filter(|row| inside.contains(&row.segment))
        .collect();
    let heard = |row: &&&Observation| row.audio.usable() && row.audio != Status::Silent;
    let sounding = rows.iter().filter(heard).count() as u32;
    let gap = |row: &&&Observation| row.audio == Status::Gap || row.video == Status::Gap;
    let correspondences = rows
        .iter()
        .filter(heard)
        .filter_map(|row| row.correspondence);
    let correspondences = correspondences.map(|value| (value.get() * 255.0).round() / 255.0);
    let levels = rows.iter().filter_map(|row| row.audio_dbfs);
    let levels = levels.map(|value| (value.get() * 2.0).round() / 2.0);
    let mut cells = BTreeMap::new();
    for place in rows.iter().filter_map(|row| row.place) {
        let cell = |at: f32| (at * 14.0).floor().min(13.0) as u8;
        *cells
            .entry((cell(place.y.get()), cell(place.x.get())))
            .or_default() += 1;
    }
    let cells = cells
        .into_iter()
        .map(|((row, column), seconds)| SoundingCell {
            column,
            row,
            seconds,
        });
    let first = rows.first()?;
    Some(Rolling {
        source: first.source.clone(),
        network: first.network.clone(),
        window_s: window.length_s,
        end,
        seconds: rows.len() as u32,
        sounding,
        sounding_share: (sounding as f32 / rows.len() as f32).into(),
        gaps: rows.iter().filter(gap).count() as u32,
        dropped: rows.iter().map(|row| u64::from(row.dropped)).sum(),
        correspondence: quantiles(correspondences.collect()),
        loudness_dbfs: quantiles(levels.collect()),
        cells: cells.collect(),
    })
}

fn plain(script: &Script, time: usize) -> BTreeSet<Rolling> {
    let tracks = script.by_track(time).into_values();
    let windows = settings().windows;
    tracks
        .flat_map(|rows| {
            windows
                .clone()
                .into_iter()
                .filter_map(move |window| of_window(&rows, window))
        })
        .collect()
}

#[test]
fn windows_are_those_of_a_plain_recount_whatever_comes_when() {
    for seed in 10..15 {
        let churn = Churn {
            sources: 3,
            networks: 2,
            times: 60,
            seconds_at_once: 6,
            numbers: 0,
        };
        holds(&Script::churn(seed, churn), plain, |feed, _| {
            rolling(feed, settings()).changes
        });
    }
}

/// The window of 20 s after each time.
fn minute(script: &Script) -> Vec<Option<Rolling>> {
    let changes = run(1, script, |feed, _| {
        rolling(feed, settings())
            .changes
            .filter(|window| window.window_s == 20)
    });
    let after = standing(&changes, script.turns.len());
    after
        .into_iter()
        .map(|standing| standing.into_iter().next())
        .collect()
}

#[test]
fn windows_fall_back_when_the_newest_seconds_are_withdrawn() {
    let rows = (0..50).map(|k| second(k, 0.9));
    let gone = (30..50).map(|k| (second(k, 0.9), -1)).collect();
    let after = minute(&Script::one_by_one(rows).then(gone, None));
    assert_eq!(after[50], after[29]);
    assert_eq!(
        after[50].as_ref().unwrap().key(),
        "rolling/cam-0/net-0@000000000000/20"
    );
}

#[test]
fn a_long_outage_counts_with_each_of_its_seconds() {
    let outage = Observation {
        seconds: 12,
        audio: Status::Gap,
        video: Status::Gap,
        correspondence: None,
        audio_dbfs: None,
        ..second(50, 0.0)
    };
    let rows = (0..50).map(|k| second(k, 0.9)).chain([outage]);
    let after = minute(&Script::one_by_one(rows));
    let last = after.last().unwrap().as_ref().unwrap();
    assert_eq!(
        (last.end, last.seconds, last.gaps, last.sounding),
        (62, 20, 12, 8)
    );
}

#[test]
fn what_a_camera_left_behind_leaves_with_the_present() {
    let script = Script::one_by_one((100..150).map(|k| second(k, 0.9)));
    let keep = 50_000 + 110;
    // Blocks of 64 seconds leave whole: first up to second 128, of a window over 130..150; then up
    // to 192.
    let script = script.then(Vec::new(), Some(keep + 128));
    let script = script.then(vec![(second(151, 0.9), 1)], None);
    let script = script.then(Vec::new(), Some(keep + 192));
    let after = minute(&script);
    assert_eq!(after[50], after[49]);
    let last = after[51].as_ref().unwrap();
    assert_eq!((last.end, last.seconds), (152, 19));
    assert_eq!(after[52], None);
}

#[test]
fn a_window_counts_no_more_than_is_remembered() {
    let script = Script::one_by_one((100..140).map(|k| second(k, 0.9)));
    let keep = 50_000 + 110;
    let script = script.then(Vec::new(), Some(keep + 128));
    let script = script.then(vec![(second(141, 0.9), 1)], None);
    let after = minute(&script);
    let seconds = |time: usize| {
        after[time]
            .as_ref()
            .map(|window: &Rolling| (window.end, window.seconds))
    };
    assert_eq!(seconds(39), Some((140, 20)));
    assert_eq!(seconds(40), Some((140, 12)));
    assert_eq!(seconds(41), Some((142, 13)));
}
