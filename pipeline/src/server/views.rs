//! `/api/views`: what views answer now, and as it changes.

use axum::{
    Json,
    extract::{FromRequestParts, Path, Query, State, rejection::QueryRejection},
    http::{StatusCode, request::Parts},
    response::IntoResponse,
};
use serde::{Deserialize, Serialize};
use sonoscope_operators::{NoSourceId, SourceId};
use utoipa::ToSchema;

use super::{Problem, live::relayed, routes::Shared};
use crate::views::{HeldAnswer, ViewName, ViewSize, is_of_source};

/// Answers in one page, if nothing is said.
const ANSWERS: usize = 1000;

/// Answers in one page at most.
const MOST_ANSWERS: usize = 10_000;

const TIP: &str = "GET /api/views names those that the run has";

/// A view of the run, and how much it remembers.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct ViewSummary {
    /// Its name.
    pub view: ViewName,
    /// Seconds of which it remembers something.
    pub rows: u64,
    /// Answers that hold.
    pub answers: u64,
    /// About how many bytes of memory it takes for them.
    pub bytes: u64,
}

/// An answer that holds.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AnswerView {
    /// Which answer: the same text for every change of it.
    pub key: String,
    /// Whose it is.
    #[schema(value_type = String)]
    pub source: SourceId,
    /// What it says: docs/views.md has the fields of each view.
    #[schema(value_type = Object)]
    pub answer: serde_json::Value,
}

/// Which answers are wanted.
#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// Of this source alone.
    source: Option<String>,
    /// Those behind this key, which the page before ended with.
    after: Option<String>,
    /// At most so many, 1 to 10 000: 1000.
    limit: Option<usize>,
}

/// Which changes are wanted.
#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WantedChanges {
    /// Of this source alone.
    source: Option<String>,
}

/// The views of the run.
#[utoipa::path(get, path = "/api/views", tag = "views", responses(
    (status = 200, description = "In the order of their names", body = [ViewSummary]),
    (status = 401, description = "No token, or not the right one", body = Problem),
))]
pub async fn list(State(shared): State<Shared>) -> Json<Vec<ViewSummary>> {
    let sizes = shared.deps.views.sizes();
    Json(sizes.into_iter().map(ViewSummary::from).collect())
}

/// The answers of a view that hold now, in the order of their keys.
#[utoipa::path(get, path = "/api/views/{id}", tag = "views",
    params(("id" = ViewName, Path, description = "The view"), Wanted), responses(
    (status = 200, description = "A page of them: it is the last if it is shorter than `limit`",
        body = [AnswerView]),
    (status = 400, description = "What is wanted cannot be understood", body = Problem),
    (status = 401, description = "No token, or not the right one", body = Problem),
    (status = 404, description = "The run has no such view", body = Problem),
))]
pub async fn answers(
    State(shared): State<Shared>,
    Named(view): Named,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Result<Json<Vec<AnswerView>>, Problem> {
    let tip = "they are `source`, `after` and `limit`";
    let Query(wanted) =
        wanted.map_err(|_| Problem::bad("the parameters cannot be understood", tip))?;
    let limit = wanted.limit.unwrap_or(ANSWERS);
    if !(1..=MOST_ANSWERS).contains(&limit) {
        let error = format!("limit: {limit} is not in 1..{MOST_ANSWERS}");
        return Err(Problem::bad(error, "go on with `after`, page by page"));
    }
    let source = wanted.source.map(|id| id.parse()).transpose();
    let source: Option<SourceId> =
        source.map_err(|error: NoSourceId| Problem::bad(error.to_string(), tip))?;
    let after = wanted.after.as_deref();
    let standing = shared
        .deps
        .views
        .answers(view, source.as_ref(), after, limit);
    let standing = standing.ok_or_else(no_view)?;
    let answers: Result<_, _> = standing.into_iter().map(AnswerView::of).collect();
    Ok(Json(answers?))
}

/// Changes of a view from now on, as server-sent events: `change` with `key`, `source`, whether the
/// answer `holds`, and the `answer` if it does; `lost` with `{"changes": N}` where the listener was
/// too slow for N changes.
#[utoipa::path(get, path = "/api/views/{id}/live", tag = "views",
    params(("id" = ViewName, Path, description = "The view"), WantedChanges), responses(
    (status = 200, description = "A stream of events", body = String,
        content_type = "text/event-stream"),
    (status = 400, description = "What is wanted cannot be understood", body = Problem),
    (status = 401, description = "No token, or not the right one", body = Problem),
    (status = 404, description = "The run has no such view", body = Problem),
    (status = 429, description = "There are as many listeners as there may be", body = Problem),
))]
pub async fn live(
    State(shared): State<Shared>,
    Named(view): Named,
    wanted: Result<Query<WantedChanges>, QueryRejection>,
) -> Result<impl IntoResponse, Problem> {
    let tip = "it is `source`";
    let Query(WantedChanges { source }) =
        wanted.map_err(|_| Problem::bad("the parameters cannot be understood", tip))?;
    let source = source.map(|id| id.parse()).transpose();
    let source: Option<SourceId> =
        source.map_err(|error: NoSourceId| Problem::bad(error.to_string(), tip))?;
    let heard = shared.deps.views.listen(view).ok_or_else(no_view)?;
    relayed(shared, "change", "changes", heard, move |change| {
        source.as_ref().is_none_or(|id| is_of_source(change, id))
    })
}

/// The view that a path names.
pub struct Named(ViewName);

impl FromRequestParts<Shared> for Named {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self, Problem> {
        let name = Path::<String>::from_request_parts(parts, shared).await;
        let Path(name) = name.map_err(|_| Problem::bad("the path is no text", TIP))?;
        let view = ViewName::named(&name).filter(|view| {
            let mut names = shared.deps.views.names();
            names.any(|name| name == *view)
        });
        view.map(Self).ok_or_else(no_view)
    }
}

fn no_view() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "the run has no such view", TIP)
}

impl From<ViewSize> for ViewSummary {
    fn from(size: ViewSize) -> Self {
        let ViewSize { view, held } = size;
        Self {
            view,
            rows: held.rows,
            answers: held.answers,
            bytes: held.bytes,
        }
    }
}

impl AnswerView {
    fn of(standing: HeldAnswer) -> Result<Self, Problem> {
        let answer = serde_json::from_str(&standing.body).map_err(|error| {
            tracing::error!("{} cannot be told: {error}", standing.key);
            let error = "an answer cannot be told";
            Problem::new(StatusCode::INTERNAL_SERVER_ERROR, error, "see the log")
        })?;
        Ok(Self {
            key: standing.key,
            source: standing.source,
            answer,
        })
    }
}
