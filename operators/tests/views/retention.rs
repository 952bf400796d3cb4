//! What is old leaves, and what views hold stays bounded.

use std::{
    fmt::Debug,
    sync::{Arc, Mutex},
};

use differential_dataflow::VecCollection;
use rand::{SeedableRng, rngs::StdRng};
use sonoscope_operators::views::{
    Answers, EpisodeSettings, Finder, Heads, Held, MatrixSettings, NearestSettings, Observation,
    Query, RollingSettings, RollingWindow, Sizes, SyncSettings, VersusSettings, episodes, matrix,
    nearest, rolling, sync, versus,
};
use timely::ExchangeData;

use crate::{
    script::{Script, embedding, network, second},
    support::{View, run, standing},
};

/// How long views remember, at most; blocks leave whole.
const KEEP_S: u32 = 100;
const MOST_ROWS: u64 = 2 * (KEEP_S as u64 + 64);

/// Two live cameras, two networks, a query, so many seconds.
fn endless(seconds: i64) -> Script {
    let mut dice = StdRng::seed_from_u64(3);
    let mut script = Script::default();
    for k in 0..seconds {
        let mut row = |source: &str, of| Observation {
            source: source.parse().unwrap(),
            network: network(of),
            frame_embedding: Some(embedding(&mut dice, 4)),
            audio_embedding: Some(embedding(&mut dice, 4)),
            ..second(k, if k % 40 < 30 { 0.9 } else { 0.1 })
        };
        let rows = [row("cam-1", 0), row("cam-2", 0), row("cam-1", 1)];
        script = script.then(rows.map(|row| (row, 1)).into(), None);
    }
    let query = Query::new("q", network(0), embedding(&mut dice, 4), 5);
    script.turns[0].queries.push((query, 1));
    script
}

/// Where a view's sizes are put, to be looked at when it is done.
type Aside = Arc<Mutex<Sizes>>;

/// What is held at the end of a script, and how many answers stand then.
fn held<A, F>(script: &Script, view: impl FnOnce(Aside) -> F) -> (Held, usize)
where
    A: Ord + Clone + ExchangeData + Debug,
    F: View<A>,
{
    let aside = Aside::default();
    let changes = run(1, script, view(aside.clone()));
    let standing = standing(&changes, script.turns.len()).pop().unwrap();
    let held = aside.lock().unwrap().get();
    (held, standing.len())
}

/// Holds a view to what it may remember of an endless source, and to nothing a year later.
fn is_bounded<A, F>(view: impl Fn(Aside) -> F)
where
    A: Ord + Clone + ExchangeData + Debug,
    F: View<A>,
{
    let script = endless(700);
    let (then, standing) = held(&script, &view);
    assert!((1..=2 * MOST_ROWS).contains(&then.rows), "{then:?}");
    assert_eq!(then.answers, standing as u64);
    assert!(then.bytes > 0);
    let later = script.then(Vec::new(), Some(365 * 24 * 3600));
    let (later, standing) = held(&later, &view);
    assert_eq!((later.rows, later.answers, standing), (0, 0, 0));
}

/// Puts the sizes of a view aside, and gives its answers.
fn aside<'scope, A: Clone + 'static>(
    aside: &Aside,
    answers: Answers<'scope, u64, A>,
) -> VecCollection<'scope, u64, A> {
    *aside.lock().unwrap() = answers.sizes;
    answers.changes
}

fn heads() -> Heads {
    Heads::new(|_, distance| Some(1.0 - distance / 2.0))
}

#[test]
fn episodes_are_bounded() {
    let settings = EpisodeSettings {
        detail_s: KEEP_S,
        keep_s: 300,
        ..EpisodeSettings::default()
    };
    is_bounded(|sizes| move |feed, _| aside(&sizes, episodes(feed, settings)));
}

#[test]
fn windows_are_bounded() {
    let settings = RollingSettings {
        windows: vec![RollingWindow {
            length_s: 60,
            step_s: 1,
        }],
        late_s: 30,
    };
    is_bounded(|sizes| {
        let settings = settings.clone();
        move |feed, _| aside(&sizes, rolling(feed, settings.clone()))
    });
}

#[test]
fn what_is_searched_is_bounded() {
    let settings = NearestSettings { keep_s: KEEP_S };
    is_bounded(|sizes| {
        move |feed, queries| aside(&sizes, nearest(feed, queries, settings, &Finder::default()))
    });
}

#[test]
fn skew_is_bounded() {
    is_bounded(|sizes| move |feed, _| aside(&sizes, sync(feed, SyncSettings::new(heads()))));
}

#[test]
fn the_matrix_is_bounded() {
    is_bounded(|sizes| move |feed, _| aside(&sizes, matrix(feed, MatrixSettings::new(heads()))));
}

#[test]
fn comparisons_are_bounded() {
    is_bounded(|sizes| {
        let settings = VersusSettings {
            keep_s: KEEP_S,
            ..VersusSettings::new(network(0), network(1))
        };
        move |feed, _| aside(&sizes, versus(feed, settings.clone()))
    });
}
