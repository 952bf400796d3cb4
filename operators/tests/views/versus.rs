//! Two networks against a plain comparison.

use std::collections::{BTreeMap, BTreeSet};

use sonoscope_operators::views::{
    Agreement, Answer, Compared, Disagreement, Observation, VersusSettings, versus,
};

use crate::{
    script::{Churn, Script, network, second},
    support::{holds, run, standing},
};

/// Levels are kept to 2⁻²⁴, and so here compared to less.
fn round(value: f32) -> f32 {
    (value * 4096.0).round() / 4096.0
}

fn rounded(compared: Compared) -> Compared {
    match compared {
        Compared::Agreement(of) => Compared::Agreement(Agreement {
            mean_difference: round(of.mean_difference.get()).into(),
            ..of
        }),
        Compared::Disagreement(of) => Compared::Disagreement(Disagreement {
            left_correspondence: round(of.left_correspondence.get()).into(),
            right_correspondence: round(of.right_correspondence.get()).into(),
            ..of
        }),
    }
}

fn plain(script: &Script, time: usize) -> BTreeSet<Compared> {
    let rows = script.rows(time);
    let (left, right) = (network(0), network(1));
    let of = |network| {
        let rows = rows.iter().filter(move |row| row.network == network);
        let scored = |row: &Observation| {
            Some((
                row.source.clone(),
                row.segment,
                row.heard_correspondence()?.get(),
            ))
        };
        rows.filter_map(scored)
    };
    let mut all = BTreeSet::new();
    let mut differences: BTreeMap<_, Vec<(f64, bool)>> = BTreeMap::new();
    for (source, segment, ours) in of(left.clone()) {
        for (_, _, theirs) in of(right.clone()).filter(|(at, k, _)| (at, k) == (&source, &segment))
        {
            let agree = (ours >= 0.5) == (theirs >= 0.5);
            let apart = f64::from(ours - theirs).abs();
            differences
                .entry(source.clone())
                .or_default()
                .push((apart, agree));
            if !agree {
                all.insert(rounded(Compared::Disagreement(Disagreement {
                    source: source.clone(),
                    segment,
                    left: left.clone(),
                    right: right.clone(),
                    left_correspondence: ours.into(),
                    right_correspondence: theirs.into(),
                })));
            }
        }
    }
    for (source, pairs) in differences {
        let sum: f64 = pairs.iter().map(|(apart, _)| apart).sum();
        all.insert(rounded(Compared::Agreement(Agreement {
            source,
            left: left.clone(),
            right: right.clone(),
            seconds: pairs.len() as u32,
            agreed: pairs.iter().filter(|(_, agree)| *agree).count() as u32,
            mean_difference: ((sum / pairs.len() as f64) as f32).into(),
        })));
    }
    all
}

fn settings() -> VersusSettings {
    VersusSettings::new(network(0), network(1))
}

#[test]
fn disagreements_are_those_of_a_plain_comparison_whatever_comes_when() {
    for seed in 30..33 {
        let churn = Churn {
            sources: 3,
            networks: 3,
            times: 40,
            seconds_at_once: 5,
            numbers: 0,
        };
        holds(&Script::churn(seed, churn), plain, |feed, _| {
            versus(feed, settings()).changes.map(rounded).consolidate()
        });
    }
}

#[test]
fn old_seconds_count_no_longer() {
    let both = |k: i64| {
        let ours = second(k, 0.9);
        let theirs = Observation {
            network: network(1),
            ..second(k, if k % 10 == 0 { 0.1 } else { 0.8 })
        };
        [ours, theirs]
    };
    let script = Script::one_by_one((0..300).flat_map(both)).then(Vec::new(), Some(2000));
    let changes = run(1, &script, |feed, _| {
        let settings = VersusSettings {
            keep_s: 100,
            ..settings()
        };
        versus(feed, settings).changes
    });
    let after = standing(&changes, script.turns.len());
    // Blocks of 64 seconds leave whole: those before 192 have.
    let kept = &after[599];
    let keys: Vec<_> = kept.iter().map(Answer::key).collect();
    let pair = "versus/net-0@000000000000/net-1@000000000000/cam-0";
    assert_eq!(keys[0], pair);
    assert_eq!(keys[1], format!("{pair}/200"));
    assert_eq!(keys.len(), 1 + 10);
    let Some(Compared::Agreement(agreement)) = kept.first() else {
        panic!("the agreement is the first: {kept:?}");
    };
    assert_eq!((agreement.seconds, agreement.agreed), (108, 98));
    assert_eq!(after[600], BTreeSet::new());
}
