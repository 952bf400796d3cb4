//! Against a plain oracle, over streams made at random: what is on show at each wanted time is the
//! same as if everything were decoded, and nothing that is decoded refers to what is not.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::sources::SecondRange;

/// A picture of a made-up stream, in the order of decoding.
#[derive(Clone, Debug)]
struct Coded {
    pts_ns: i64,
    role: Role,
    /// Places of the pictures that it refers to.
    refers_to: Vec<usize>,
}

/// How a stream is made.
#[derive(Clone, Debug)]
struct Recipe {
    /// Length of each group of pictures, in mini-groups.
    groups: Vec<usize>,
    /// Pictures between two that are not shown out of order.
    between: usize,
    /// Whether some of those between are references.
    is_pyramid: bool,
    /// Whether a group may begin with pictures that refer to the one before; then only the first
    /// begins with a key.
    is_open: bool,
    /// From one picture to the next, in presentation order, over and over.
    steps_ns: Vec<i64>,
    start_ns: i64,
}

fn recipe() -> impl Strategy<Value = Recipe> {
    let step = prop_oneof![
        20 => 10_000_000i64..60_000_000,
        2 => 60_000_000i64..900_000_000,
        1 => 900_000_000i64..5_000_000_000,
    ];
    (
        prop::collection::vec(1usize..20, 1..12),
        prop_oneof![Just(0usize), 0usize..4, 4usize..14],
        any::<bool>(),
        prop::bool::weighted(0.3),
        prop::collection::vec(step, 1..8),
        -2_000_000_000i64..2_000_000_000,
    )
        .prop_map(
            |(groups, between, is_pyramid, is_open, steps_ns, start_ns)| Recipe {
                groups,
                between,
                is_pyramid,
                is_open,
                steps_ns,
                start_ns,
            },
        )
}

impl Recipe {
    fn stream(&self) -> Vec<Coded> {
        let mut stream = Vec::new();
        let mut anchor = None;
        let mut shown = 0;
        let times = self.times();
        for (group, &length) in self.groups.iter().enumerate() {
            for mini in 0..length {
                let is_first = mini == 0;
                let is_key = is_first && (group == 0 || !self.is_open);
                // Those between are shown before the next anchor, so a closed group has none before
                // its key.
                let between = if is_key { 0 } else { self.between };
                let place = stream.len();
                stream.push(Coded {
                    pts_ns: times(shown + between),
                    role: if is_key { Role::Key } else { Role::Reference },
                    refers_to: anchor.filter(|_| !is_first).into_iter().collect(),
                });
                let around = [anchor.filter(|_| !is_key), Some(place)];
                self.fill(&mut stream, around, shown..shown + between, &times);
                shown += between + 1;
                anchor = Some(place);
            }
        }
        stream
    }

    /// The pictures between two others, in a pyramid or not.
    fn fill(
        &self,
        stream: &mut Vec<Coded>,
        around: [Option<usize>; 2],
        shown: std::ops::Range<usize>,
        times: &dyn Fn(usize) -> i64,
    ) {
        let refers_to: Vec<_> = around.into_iter().flatten().collect();
        if !self.is_pyramid || shown.len() < 3 {
            stream.extend(shown.map(|shown| Coded {
                pts_ns: times(shown),
                role: Role::Disposable,
                refers_to: refers_to.clone(),
            }));
            return;
        }
        let middle = shown.start + shown.len() / 2;
        let place = stream.len();
        stream.push(Coded {
            pts_ns: times(middle),
            role: Role::Reference,
            refers_to,
        });
        self.fill(stream, [around[0], Some(place)], shown.start..middle, times);
        self.fill(
            stream,
            [Some(place), around[1]],
            middle + 1..shown.end,
            times,
        );
    }

    fn times(&self) -> impl Fn(usize) -> i64 {
        let period: i64 = self.steps_ns.iter().sum();
        let steps = self.steps_ns.clone();
        let start = self.start_ns;
        move |shown| {
            let within: i64 = steps[..shown % steps.len()].iter().sum();
            start + (shown / steps.len()) as i64 * period + within
        }
    }
}

/// The places of the pictures that are decoded, the times of the others, in the order in which
/// they are told of, and how many were held at most.
struct Selected {
    decoded: BTreeSet<usize>,
    omitted: BTreeSet<i64>,
    most_held: usize,
}

fn select(stream: &[(Access, usize)], wanted: &Wanted, told_at: usize) -> Selected {
    let mut selector = Selector::new();
    selector.reorder(16);
    let mut order = Vec::new();
    let mut selected = Selected {
        decoded: BTreeSet::new(),
        omitted: BTreeSet::new(),
        most_held: 0,
    };
    let mut tell = |verdict| match verdict {
        Verdict::Decode(place) => {
            order.push(place);
            selected.decoded.insert(place);
        }
        Verdict::Omit(pts_ns, place) => {
            order.push(place);
            selected.omitted.insert(pts_ns);
        }
    };
    for &(access, place) in stream {
        if place == told_at {
            selector.want(wanted.clone());
        }
        selector.push(access, place, &mut tell);
        selected.most_held = selected.most_held.max(selector.held.len());
    }
    selector.flush(&mut tell);
    assert!(
        order.into_iter().eq(0..stream.len()),
        "in the order of decoding"
    );
    selected
}

fn accesses(stream: &[Coded]) -> Vec<(Access, usize)> {
    (stream.iter().zip(0..))
        .map(|(coded, place)| {
            let access = Access {
                pts_ns: Some(coded.pts_ns),
                role: coded.role,
                bytes: 1000,
                is_needed: false,
                is_damaged: false,
            };
            (access, place)
        })
        .collect()
}

/// What is on show at each wanted time up to the last picture.
fn on_show(times: &BTreeSet<i64>, wanted: &Wanted, last_ns: i64) -> Vec<Option<i64>> {
    std::iter::successors(wanted.first_from(i64::MIN / 2), |&ns| {
        wanted.first_from(ns + 1)
    })
    .take_while(|&ns| ns <= last_ns)
    .map(|ns| times.range(..=ns).next_back().copied())
    .collect()
}

fn wanted(offsets_ns: &BTreeSet<i64>, range: SecondRange, origin_ns: i64) -> Wanted {
    Wanted {
        offsets_ns: offsets_ns.iter().copied().collect(),
        ..Wanted::middles(range, origin_ns)
    }
}

proptest! {
    #[test]
    fn what_is_wanted_is_decoded(
        recipe in recipe(),
        offsets_ns in prop::collection::btree_set(0i64..1_000_000_000, 1..4),
        (from, length) in (0i64..20, 1i64..40),
        told_at in 0usize..10,
    ) {
        let stream = recipe.stream();
        let range = SecondRange { from, to: from + length };
        let wanted = wanted(&offsets_ns, range, recipe.start_ns);
        let selected = select(&accesses(&stream), &wanted, told_at);

        let all: BTreeSet<_> = stream.iter().map(|coded| coded.pts_ns).collect();
        let last_ns = all.last().copied().unwrap_or(0);
        let decoded: BTreeSet<_> =
            selected.decoded.iter().map(|&place| stream[place].pts_ns).collect();
        prop_assert!(decoded.is_disjoint(&selected.omitted));
        // Those that are omitted are on show, too, but never when it matters.
        let both = &decoded | &selected.omitted;
        prop_assert_eq!(&both, &all);
        for shown in on_show(&all, &wanted, last_ns).into_iter().flatten() {
            prop_assert!(decoded.contains(&shown), "{} is not decoded", shown);
        }
        for &place in &selected.decoded {
            for refers_to in &stream[place].refers_to {
                prop_assert!(selected.decoded.contains(refers_to), "{place} needs {refers_to}");
            }
        }
    }

    #[test]
    fn muddled_times_are_let_through(
        recipe in recipe(),
        at in any::<prop::sample::Index>(),
        time_ns in prop::option::of(-10_000_000_000i64..100_000_000_000),
    ) {
        let stream = recipe.stream();
        let mut accesses = accesses(&stream);
        let at = at.index(accesses.len());
        accesses[at].0.pts_ns = time_ns;
        let wanted = Wanted::middles(SecondRange::default(), recipe.start_ns);
        let selected = select(&accesses, &wanted, 0);
        // Whatever is made of the times, nothing that is decoded lacks what it refers to.
        for &place in &selected.decoded {
            for refers_to in &stream[place].refers_to {
                prop_assert!(selected.decoded.contains(refers_to), "{place} needs {refers_to}");
            }
        }
        if time_ns.is_none() {
            prop_assert!((at..stream.len()).all(|place| selected.decoded.contains(&place)));
        }
    }
}

/// Matroska's times shift behind the first pictures by as much as the first is late.
#[test]
fn a_shift_in_time_is_no_reason_to_decode_more() {
    let recipe = Recipe {
        groups: vec![30; 3],
        between: 3,
        is_pyramid: true,
        is_open: false,
        steps_ns: vec![40_000_000],
        start_ns: 0,
    };
    let stream = recipe.stream();
    let wanted = Wanted::middles(SecondRange::default(), 0);
    let mut selector = Selector::new();
    selector.reorder(16);
    selector.want(wanted.clone());
    let mut decoded = BTreeSet::new();
    let mut tell = |verdict| {
        if let Verdict::Decode(time_ns) = verdict {
            decoded.insert(time_ns);
        }
    };
    let mut times = BTreeSet::new();
    for (mut access, place) in accesses(&stream) {
        let shift_ns = if place < 2 { 0 } else { 3_000_000 };
        let time_ns = stream[place].pts_ns + shift_ns;
        times.insert(time_ns);
        if place == 2 {
            selector.flush(&mut tell);
            selector.shift();
        }
        access.pts_ns = Some(time_ns);
        selector.push(access, time_ns, &mut tell);
    }
    selector.flush(&mut tell);
    let last_ns = times.last().copied().unwrap_or(0);
    let shown = on_show(&times, &wanted, last_ns);
    assert!(
        shown
            .into_iter()
            .flatten()
            .all(|shown| decoded.contains(&shown))
    );
    assert!(decoded.len() * 3 < stream.len() * 2, "{}", decoded.len());
}

/// 25 pictures a second, two disposable ones between references, a key every 5 s.
fn plain(groups: usize) -> Vec<Coded> {
    let recipe = Recipe {
        groups: vec![42; groups],
        between: 2,
        is_pyramid: false,
        is_open: false,
        steps_ns: vec![40_000_000],
        start_ns: 0,
    };
    recipe.stream()
}

#[test]
fn little_is_held_and_half_is_omitted() {
    let stream = plain(4);
    let wanted = Wanted::middles(SecondRange::default(), 0);
    let selected = select(&accesses(&stream), &wanted, 0);
    assert!(selected.most_held < 60, "{}", selected.most_held);
    let share = selected.decoded.len() as f64 / stream.len() as f64;
    assert!((0.25..0.45).contains(&share), "{share}");
}

#[test]
fn nothing_is_decoded_behind_the_range() {
    let stream = plain(4);
    let range = SecondRange { from: 7, to: 8 };
    let selected = select(&accesses(&stream), &Wanted::middles(range, 0), 0);
    let times: Vec<_> = (selected.decoded.iter())
        .map(|&place| stream[place].pts_ns)
        .collect();
    assert_eq!(
        times.iter().min(),
        Some(&stream[plain(1).len()].pts_ns),
        "from a key"
    );
    assert!(times.iter().max() <= Some(&7_600_000_000), "{times:?}");
}

#[test]
fn what_would_be_held_for_too_long_is_let_through() {
    let stream = Recipe {
        groups: vec![4000],
        between: 0,
        is_pyramid: false,
        is_open: false,
        steps_ns: vec![40_000_000],
        start_ns: 0,
    };
    let stream = stream.stream();
    let range = SecondRange { from: 150, to: 151 };
    let selected = select(&accesses(&stream), &Wanted::middles(range, 0), 0);
    assert!(
        selected.most_held <= MOST_UNITS + 1,
        "{}",
        selected.most_held
    );
    assert!(selected.decoded.contains(&3760), "150.4 s");
}

#[test]
fn damage_is_let_through_up_to_the_next_key() {
    let stream = plain(3);
    let group = plain(1).len();
    let mut accesses = accesses(&stream);
    accesses[group + 5].0.is_damaged = true;
    let wanted = Wanted::middles(SecondRange::default(), 0);
    let selected = select(&accesses, &wanted, 0);
    assert!((group + 5..2 * group).all(|place| selected.decoded.contains(&place)));
    assert!(!(2 * group..3 * group).all(|place| selected.decoded.contains(&place)));
}
