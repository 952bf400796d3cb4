//! Episodes against a plain loop.

use std::collections::BTreeSet;

use sonoscope_operators::views::{Answer, Episode, EpisodeSettings, Observation, episodes};

use crate::{
    script::{Churn, Script, second},
    support::{holds, run, standing},
};

const SETTINGS: EpisodeSettings = EpisodeSettings {
    enter: 0.6,
    leave: 0.45,
    bridge_s: 2,
    shortest_s: 3,
    detail_s: 24 * 3600,
    keep_s: 30 * 24 * 3600,
};

/// The episodes of one source and network, whose rows are in order.
fn of_track(rows: &[Observation]) -> Vec<Episode> {
    let mut belonging: Vec<&Observation> = Vec::new();
    for row in rows {
        let Some(correspondence) = row.heard_correspondence() else {
            continue;
        };
        let goes_on = belonging
            .last()
            .is_some_and(|last| last.segment == row.segment - 1);
        let enough = if goes_on {
            SETTINGS.leave
        } else {
            SETTINGS.enter
        };
        if correspondence.get() >= enough {
            belonging.push(row);
        }
    }
    let near = |a: &&Observation, b: &&Observation| {
        b.segment - a.segment - 1 <= i64::from(SETTINGS.bridge_s)
    };
    let episodes = belonging.chunk_by(near).map(|rows| {
        let (first, last) = (rows[0], rows[rows.len() - 1]);
        let value = |row: &Observation| row.correspondence.unwrap();
        let strongest = |rows: &[&Observation]| {
            rows.iter()
                .rev()
                .max_by_key(|row| value(row))
                .map(|row| (*row).clone())
        };
        let placed: Vec<_> = rows
            .iter()
            .filter(|row| row.place.is_some())
            .copied()
            .collect();
        let peak = strongest(rows).unwrap();
        let sum: f64 = rows.iter().map(|row| f64::from(value(row).get())).sum();
        Episode {
            source: first.source.clone(),
            network: first.network.clone(),
            start: first.segment,
            end: last.segment + 1,
            seconds: rows.len() as u32,
            peak: value(&peak),
            peak_segment: peak.segment,
            mean: ((sum / rows.len() as f64) as f32).into(),
            place: strongest(&placed).and_then(|row| row.place),
        }
    });
    episodes
        .filter(|episode| episode.end - episode.start >= i64::from(SETTINGS.shortest_s))
        .collect()
}

/// Means, and correspondences below 0.5, are kept to 2⁻²⁴.
fn rounded(episode: &Episode) -> Episode {
    let round = |value: f32| (value * 4096.0).round() / 4096.0;
    Episode {
        peak: round(episode.peak.get()).into(),
        mean: round(episode.mean.get()).into(),
        ..episode.clone()
    }
}

fn plain(script: &Script, time: usize) -> BTreeSet<Episode> {
    let tracks = script.by_track(time).into_values();
    tracks
        .flat_map(|rows| of_track(&rows))
        .map(|episode| rounded(&episode))
        .collect()
}

#[test]
fn episodes_are_those_of_a_plain_loop_whatever_comes_when() {
    for seed in 0..6 {
        let churn = Churn {
            sources: 3,
            networks: 2,
            times: 60,
            seconds_at_once: 6,
            numbers: 0,
        };
        holds(&Script::churn(seed, churn), plain, |feed, _| {
            episodes(feed, SETTINGS)
                .changes
                .map(|episode| rounded(&episode))
        });
    }
}

/// What is said to rows of one source that come one by one, and then to these.
fn said(settings: EpisodeSettings, script: &Script) -> Vec<BTreeSet<(i64, i64)>> {
    let changes = run(1, script, move |feed, _| {
        let answers = episodes(feed, settings).changes;
        answers.map(|episode| (episode.start, episode.end))
    });
    standing(&changes, script.turns.len())
}

#[test]
fn a_late_second_joins_two_episodes_and_touches_no_other() {
    let rows = (0..40)
        .filter(|k| !matches!(k, 5..10 | 20..23))
        .map(|k| second(k, 0.9));
    let script = Script::one_by_one(rows).then(vec![(second(21, 0.7), 1)], None);
    let changes = run(1, &script, |feed, _| episodes(feed, SETTINGS).changes);
    let last: Vec<_> = changes[&(script.turns.len() as u64 - 1)].iter().collect();
    let spans: Vec<_> = last
        .iter()
        .map(|(e, diff)| (e.start, e.end, *diff))
        .collect();
    assert_eq!(spans, [(10, 20, -1), (10, 40, 1), (23, 40, -1)]);
    assert_eq!(last[0].0.key(), "episodes/cam-0/net-0@000000000000/10");
}

#[test]
fn an_episode_outlives_its_seconds_and_grows_from_where_they_were() {
    let settings = EpisodeSettings {
        detail_s: 100,
        keep_s: 1000,
        ..SETTINGS
    };
    // One short episode, and one that goes on for longer than detail is kept.
    let rows = (0..5).chain(10..2000).map(|k| second(k, 0.9));
    let script = Script::one_by_one(rows);
    let after = said(settings, &script);
    assert_eq!(after[500], BTreeSet::from([(0, 5), (10, 506)]));
    assert_eq!(after.last(), Some(&BTreeSet::from([(10, 2000)])));
    // What comes later than detail is kept does not count.
    let script = script.then(vec![(second(1500, 0.9), -1), (second(6, 0.9), 1)], None);
    assert_eq!(said(settings, &script).last(), after.last());
}

#[test]
fn what_a_camera_left_behind_leaves_with_the_present() {
    let script = Script::one_by_one((0..5).map(|k| second(k, 0.9)));
    let keep = i64::from(SETTINGS.keep_s);
    let script = script
        .then(Vec::new(), Some(4 + keep))
        .then(Vec::new(), Some(5 + keep));
    let after = said(SETTINGS, &script);
    assert_eq!(after[5], BTreeSet::from([(0, 5)]));
    assert_eq!(after[6], BTreeSet::new());
}

#[test]
fn a_recording_stays() {
    let recorded = |k| Observation {
        live: false,
        ..second(k, 0.9)
    };
    let script = Script::one_by_one((0..5).map(recorded)).then(Vec::new(), Some(i64::MAX));
    assert_eq!(
        said(SETTINGS, &script).last(),
        Some(&BTreeSet::from([(0, 5)]))
    );
}
