//! The views of a run, behind the rows as they are committed.

use sonoscope_operators::views::{self, Answers, Feed, Observation, Query};
use timely::dataflow::{
    Scope, StreamVec,
    operators::{Concat, Concatenate},
};

use super::{
    Change, ViewName, ViewSettings, Views,
    asks::asks,
    gather::gather,
    past::past,
    present::present,
    tell::{self, OfSource},
};
use crate::ingest::Epoch;

/// Puts the views of a run behind the rows that it commits, on one worker of its dataflow.
pub fn assemble<'scope>(
    scope: Scope<'scope, Epoch>,
    committed: StreamVec<'scope, Epoch, (Observation, Epoch, isize)>,
    views: &Views,
) {
    let present = present(scope, committed.clone());
    let is_asked = |settings: &ViewSettings| settings.name() == ViewName::Nearest;
    let asked = views.settings.iter().any(is_asked).then(|| {
        let queries = views.queries.clone();
        asks(scope, committed.clone(), queries)
    });
    let rows = committed.concat(past(scope, views.intake.clone()));
    let feed = Feed::of_changes(rows, present);
    let changes = (views.settings.iter())
        .filter_map(|settings| one(feed.clone(), asked.clone(), settings, views));
    gather(scope, scope.concatenate(changes), views);
}

/// One view; none that is asked where nobody can ask.
fn one<'scope>(
    feed: Feed<'scope, Epoch>,
    asked: Option<StreamVec<'scope, Epoch, (Query, Epoch, isize)>>,
    settings: &ViewSettings,
    views: &Views,
) -> Option<StreamVec<'scope, Epoch, Change>> {
    let name = settings.name();
    Some(match settings.clone() {
        ViewSettings::Episodes(settings) => changes(views::episodes(feed, settings), name, views),
        ViewSettings::Rolling(settings) => changes(views::rolling(feed, settings), name, views),
        ViewSettings::Nearest(settings) => {
            let queries = Query::of_changes(asked?);
            let answers = views::nearest(feed, queries, settings, &views.finder);
            changes(answers, name, views)
        }
        ViewSettings::Sync(settings) => changes(views::sync(feed, settings), name, views),
        ViewSettings::Matrix(settings) => changes(views::matrix(feed, settings), name, views),
        ViewSettings::Versus(settings) => changes(views::versus(feed, settings), name, views),
    })
}

fn changes<'scope, A: OfSource + 'static>(
    answers: Answers<'scope, Epoch, A>,
    name: ViewName,
    views: &Views,
) -> StreamVec<'scope, Epoch, Change> {
    views.store.measure(name, answers.sizes);
    tell::changes(answers.changes.inner, name)
}
