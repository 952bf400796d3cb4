//! Standing queries against a search through all rows.

use std::collections::BTreeSet;

use rand::{SeedableRng, rngs::StdRng};
use sonoscope_operators::{
    SourceId,
    views::{Answer, Finder, Match, Modality, NearestSettings, Observation, Query, nearest},
};

use crate::{
    script::{Churn, Script, embedding, network, second},
    support::{holds, run, standing},
};

const NUMBERS: usize = 20;

/// What a match is, but for its distance.
type Found = (String, SourceId, i64, Modality);

fn found(answer: Match) -> Found {
    (answer.query, answer.source, answer.segment, answer.modality)
}

fn distance(a: &[f32], b: &[f32]) -> f64 {
    let pairs = a.iter().zip(b);
    pairs
        .map(|(a, b)| f64::from(a - b).powi(2))
        .sum::<f64>()
        .sqrt()
}

/// The nearest of all these rows.
fn search(query: &Query, rows: &[Observation]) -> Vec<Found> {
    let mut all = Vec::new();
    for row in rows.iter().filter(|row| row.network == query.network) {
        let inside = query.from.is_none_or(|from| row.segment >= from)
            && query.until.is_none_or(|until| row.segment < until)
            && query
                .sources
                .as_ref()
                .is_none_or(|sources| sources.contains(&row.source))
            && query
                .least_correspondence
                .is_none_or(|least| row.correspondence >= Some(least));
        let sound = row.audio_embedding.as_ref().filter(|_| row.sounding());
        let sides = [
            (Modality::Picture, row.frame_embedding.as_ref()),
            (Modality::Sound, sound),
        ];
        for (modality, vector) in sides {
            let sought = query.seeks.is_none_or(|seeks| seeks == modality);
            if let Some(vector) = vector.filter(|_| inside && sought) {
                let distance = distance(vector.values(), query.embedding.values());
                all.push((
                    distance,
                    (query.id.clone(), row.source.clone(), row.segment, modality),
                ));
            }
        }
    }
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    all.into_iter()
        .map(|(_, found)| found)
        .take(query.k as usize)
        .collect()
}

fn plain(script: &Script, time: usize) -> BTreeSet<Found> {
    let rows = script.rows(time);
    let queries = script.queries(time);
    queries
        .iter()
        .flat_map(|query| search(query, &rows))
        .collect()
}

fn queries(seed: u64) -> Vec<Query> {
    let mut dice = StdRng::seed_from_u64(seed);
    let mut query = |id: &str, of, k| Query::new(id, network(of), embedding(&mut dice, NUMBERS), k);
    vec![
        query("all", 0, 5),
        query("of the other network", 1, 3),
        Query {
            seeks: Some(Modality::Sound),
            ..query("sounds", 0, 4)
        },
        Query {
            seeks: Some(Modality::Picture),
            sources: Some(BTreeSet::from([SourceId::slug("cam-1")])),
            from: Some(10),
            until: Some(100),
            ..query("some pictures", 0, 6)
        },
        Query {
            least_correspondence: Some(0.8.into()),
            ..query("what fits", 1, 2)
        },
        query("nothing", 0, 0),
        query("more than there is", 0, 1_000_000),
    ]
}

#[test]
fn the_nearest_are_those_of_a_search_through_all_rows_whatever_comes_and_goes() {
    for seed in 20..23 {
        let churn = Churn {
            sources: 3,
            networks: 2,
            times: 40,
            seconds_at_once: 6,
            numbers: NUMBERS,
        };
        let mut script = Script::churn(seed, churn);
        let queries = queries(seed);
        for (place, query) in queries.iter().enumerate() {
            script.turns[place * 4].queries.push((query.clone(), 1));
        }
        script.turns[30].queries.push((queries[2].clone(), -1));
        // More is withdrawn than queries have in store: they look at all rows again.
        let rows = script.rows(39).into_iter().enumerate();
        let most = rows.filter(|(place, _)| !place.is_multiple_of(10));
        let most = most.map(|(_, row)| (row, -1)).collect();
        let script = script.then(most, None);
        holds(&script, plain, |feed, queries| {
            let settings = NearestSettings::default();
            // A second that is corrected may be found again, at another distance.
            let found = nearest(feed, queries, settings, &Finder::default())
                .changes
                .map(found);
            found.consolidate()
        });
    }
}

/// The distances of what is found, after each time.
fn said(script: &Script, keep_s: u32) -> Vec<BTreeSet<Match>> {
    let changes = run(1, script, move |feed, queries| {
        nearest(
            feed,
            queries,
            NearestSettings { keep_s },
            &Finder::default(),
        )
        .changes
    });
    standing(&changes, script.turns.len())
}

fn seen(segment: i64, dice: &mut StdRng) -> Observation {
    Observation {
        frame_embedding: Some(embedding(dice, NUMBERS)),
        ..second(segment, 0.9)
    }
}

#[test]
fn what_is_remembered_is_found_by_its_name() {
    let mut dice = StdRng::seed_from_u64(7);
    let rows: Vec<_> = (0..9).map(|k| seen(k, &mut dice)).collect();
    let script = Script::one_by_one(rows.clone()).then(vec![(rows[3].clone(), -1)], None);
    let finder = Finder::default();
    let shared = finder.clone();
    run(2, &script, move |feed, queries| {
        nearest(feed, queries, NearestSettings::default(), &shared).changes
    });
    let find = |row: &Observation| finder.find(&row.network, &row.source, row.segment);
    for (place, row) in rows.iter().enumerate() {
        let expected = (place != 3).then(|| [row.frame_embedding.clone(), None]);
        assert_eq!(find(row), expected, "second {place}");
    }
    let elsewhere = SourceId::slug("elsewhere");
    assert_eq!(finder.find(&rows[0].network, &elsewhere, 0), None);
    assert_eq!(finder.find(&network(9), &rows[0].source, 0), None);
}

#[test]
fn a_second_finds_itself_at_no_distance_and_others_as_far_as_they_are() {
    let mut dice = StdRng::seed_from_u64(1);
    let rows: Vec<_> = (0..30).map(|k| seen(k, &mut dice)).collect();
    let sought = rows[7].frame_embedding.clone().unwrap();
    let mut script = Script::one_by_one(rows.clone());
    script.turns[3]
        .queries
        .push((Query::new("q", network(0), sought.clone(), 30), 1));
    let last = said(&script, 1000).pop().unwrap();
    assert_eq!(last.len(), 30);
    let first = last.first().unwrap();
    assert_eq!((first.segment, first.distance.get()), (7, 0.0));
    assert_eq!(first.key(), "nearest/q/cam-0/7/picture");
    for answer in &last {
        let row = rows[answer.segment as usize]
            .frame_embedding
            .as_ref()
            .unwrap();
        let exact = distance(row.values(), sought.values());
        assert!((exact - f64::from(answer.distance.get())).abs() < 1e-5);
    }
}

#[test]
fn old_seconds_leave_and_others_take_their_place() {
    let mut dice = StdRng::seed_from_u64(2);
    let rows: Vec<_> = (0..400).map(|k| seen(k, &mut dice)).collect();
    let query = Query::new(
        "q",
        network(0),
        rows[7].frame_embedding.clone().unwrap(),
        40,
    );
    let mut script = Script::one_by_one(rows.clone());
    script.turns[0].queries.push((query.clone(), 1));
    let script = script.then(Vec::new(), Some(1000));
    for (time, standing) in said(&script, 100).into_iter().enumerate().take(400) {
        // Blocks of 64 seconds leave whole.
        let floor = (time as i64 - 100).div_euclid(64) * 64;
        let kept: Vec<_> = rows[..=time]
            .iter()
            .filter(|row| row.segment >= floor)
            .cloned()
            .collect();
        let expected: BTreeSet<_> = search(&query, &kept).into_iter().collect();
        assert_eq!(
            standing.into_iter().map(found).collect::<BTreeSet<_>>(),
            expected,
            "{time}"
        );
    }
    assert_eq!(said(&script, 100).pop(), Some(BTreeSet::new()));
}
