//! `/api/queries`: what is nearest to a picture, a sound, or a second already seen.

use axum::{
    Json,
    body::Bytes,
    extract::{FromRequestParts, Path, State, rejection::BytesRejection},
    http::{HeaderMap, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use sonoscope_operators::{
    SourceId,
    views::{Match, Modality},
};
use utoipa::ToSchema;

use super::{
    Problem,
    keys::Form,
    live::relayed,
    question::{self, NewQuery},
    routes::Shared,
};
use crate::{
    ask::{Desk, Refusal},
    views::{NotTaken, Standing, ViewName, is_below},
};

/// Where they are.
pub const PATH: &str = "/api/queries";

/// Questions at which a network looks at the same time: the run needs the cores.
pub const ASKERS: usize = 1;

/// What asks a question.
pub const FORM: Form = question::FORM;

/// A query that stands.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct QueryView {
    /// Its name.
    pub id: String,
    /// The network in whose space it is asked.
    pub network: NetworkName,
    /// How many are found at most.
    pub k: u32,
    /// `picture` or `sound`, if it is only found by that.
    pub seeks: Option<&'static str>,
    /// Only in these sources, if any are named.
    pub sources: Option<Vec<String>>,
    /// Only from this second on.
    pub from: Option<i64>,
    /// Only before this second.
    pub until: Option<i64>,
    /// Only what has at least this correspondence.
    pub least_correspondence: Option<f32>,
    /// Whether all that there was when it was asked has been looked at.
    pub answered: bool,
}

/// A network, and which files of its name.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct NetworkName {
    /// Its name.
    pub name: String,
    /// SHA-256 over the hashes of its files.
    pub hash: String,
}

/// A query and what is nearest to it now.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AnsweredQuery {
    /// The query.
    #[serde(flatten)]
    pub query: QueryView,
    /// The nearest first.
    pub matches: Vec<MatchView>,
}

/// A second that is near.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MatchView {
    /// Whose second.
    pub source: String,
    /// Which second: from the start of a recording, of a live source since 1970.
    pub segment: i64,
    /// What it is found by: `picture` or `sound`.
    pub modality: &'static str,
    /// How far it is in the network's space, 0..2.
    pub distance: f32,
}

/// All queries that stand, in the order of their names.
#[utoipa::path(get, path = "/api/queries", tag = "queries", responses(
    (status = 200, description = "All of them", body = [QueryView]),
    (status = 401, description = "No token, or not the right one", body = Problem),
    (status = 404, description = "The run takes no questions", body = Problem),
))]
pub async fn list(At(desk): At) -> Json<Vec<QueryView>> {
    let all = desk.queries().all();
    Json(all.iter().map(QueryView::of).collect())
}

/// Asks: a query stands from now on, and its answers are kept up to date.
#[utoipa::path(post, path = "/api/queries", tag = "queries", request_body = NewQuery, responses(
    (status = 201, description = "It stands", body = QueryView),
    (status = 400, description = "What is wrong with which key", body = Problem),
    (status = 401, description = "No token, or not the right one", body = Problem),
    (status = 404, description = "There is no such second, or the run takes no questions",
        body = Problem),
    (status = 409, description = "There is one of this name", body = Problem),
    (status = 413, description = "The body is too large", body = Problem),
    (status = 415, description = "The body is not said to be JSON", body = Problem),
    (status = 429, description = "There are as many as there may be", body = Problem),
    (status = 500, description = "The network fails", body = Problem),
))]
pub async fn add(
    State(shared): State<Shared>,
    At(desk): At,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let question = question::question(&headers, body)?;
    // Places are never closed: there is one as soon as the others are done.
    let _place = shared.askers.acquire().await;
    let asked = tokio::task::spawn_blocking(move || desk.ask(question)).await;
    let asked = asked.map_err(|error| {
        let tip = "see the log";
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string(), tip)
    })?;
    let standing = asked?;
    let id = percent_encoding::utf8_percent_encode(&standing.query.id, percent_encoding::CONTROLS);
    let place = [(header::LOCATION, format!("{PATH}/{id}"))];
    let view = Json(QueryView::of(&standing));
    Ok((StatusCode::CREATED, place, view).into_response())
}

/// A query, and what is nearest to it now.
#[utoipa::path(get, path = "/api/queries/{id}", tag = "queries",
    params(("id" = String, Path, description = "Its name")), responses(
    (status = 200, description = "The query and its matches", body = AnsweredQuery),
    (status = 401, description = "No token, or not the right one", body = Problem),
    (status = 404, description = "There is none of this name", body = Problem),
))]
pub async fn one(
    State(shared): State<Shared>,
    Named(standing, _): Named,
) -> Result<Json<AnsweredQuery>, Problem> {
    let below = prefix(&standing);
    let held = shared.deps.views.below(ViewName::Nearest, &below);
    let matches = held.unwrap_or_default().into_iter();
    let matches = matches.filter_map(|held| serde_json::from_str::<Match>(&held.body).ok());
    let mut matches: Vec<Match> = matches.collect();
    // The order of matches of one query is that of distances, then of names.
    matches.sort();
    Ok(Json(AnsweredQuery {
        query: QueryView::of(&standing),
        matches: matches.iter().map(MatchView::of).collect(),
    }))
}

/// Takes a query out. Its answers go.
#[utoipa::path(delete, path = "/api/queries/{id}", tag = "queries",
    params(("id" = String, Path, description = "Its name")), responses(
    (status = 200, description = "What it was", body = QueryView),
    (status = 401, description = "No token, or not the right one", body = Problem),
    (status = 404, description = "There is none of this name", body = Problem),
    (status = 500, description = "It will stand again when the job goes on", body = Problem),
))]
pub async fn remove(Named(standing, desk): Named) -> Result<Json<QueryView>, Problem> {
    let removed = desk.queries().remove(&standing.query.id);
    let removed = removed.map_err(Refusal::from)?;
    // Somebody else may have taken it out just now.
    let removed = removed.ok_or_else(no_query)?;
    Ok(Json(QueryView::of(&removed)))
}

/// Changes of what is nearest from now on, as server-sent events: `change` with `key`, `source`,
/// whether the match `holds`, and the match as `answer` if it does; `lost` with `{"changes": N}`
/// where the listener was too slow for N changes of all queries.
#[utoipa::path(get, path = "/api/queries/{id}/live", tag = "queries",
    params(("id" = String, Path, description = "Its name")), responses(
    (status = 200, description = "A stream of events", body = String,
        content_type = "text/event-stream"),
    (status = 401, description = "No token, or not the right one", body = Problem),
    (status = 404, description = "There is none of this name", body = Problem),
    (status = 429, description = "There are as many listeners as there may be", body = Problem),
))]
pub async fn live(
    State(shared): State<Shared>,
    Named(standing, _): Named,
) -> Result<impl IntoResponse, Problem> {
    let below = prefix(&standing);
    let heard = shared.deps.views.listen(ViewName::Nearest);
    let heard = heard.ok_or_else(no_questions)?;
    relayed(shared, "change", "changes", heard, move |change| {
        is_below(change, &below)
    })
}

/// What the keys of all answers of a query begin with.
fn prefix(standing: &Standing) -> String {
    format!("{}/{}/", ViewName::Nearest, standing.query.id)
}

/// Where questions are taken.
pub struct At(Desk);

impl FromRequestParts<Shared> for At {
    type Rejection = Problem;

    async fn from_request_parts(_: &mut Parts, shared: &Shared) -> Result<Self, Problem> {
        shared.deps.desk.clone().map(Self).ok_or_else(no_questions)
    }
}

/// The query that a path names.
pub struct Named(Standing, Desk);

impl FromRequestParts<Shared> for Named {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self, Problem> {
        let At(desk) = At::from_request_parts(parts, shared).await?;
        let name = Path::<String>::from_request_parts(parts, shared).await;
        let Path(name) = name.map_err(|_| no_query())?;
        let standing = desk.queries().get(&name).ok_or_else(no_query)?;
        Ok(Self(standing, desk))
    }
}

fn no_query() -> Problem {
    let tip = "GET /api/queries names all there are";
    Problem::new(StatusCode::NOT_FOUND, "there is no query of this name", tip)
}

fn no_questions() -> Problem {
    let tip = "start it with --view nearest";
    Problem::new(StatusCode::NOT_FOUND, "the run takes no questions", tip)
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let status = match &refusal {
            Refusal::NotSeen { .. } => StatusCode::NOT_FOUND,
            Refusal::NotTaken(NotTaken::Taken(_)) => StatusCode::CONFLICT,
            Refusal::NotTaken(NotTaken::Full) => StatusCode::TOO_MANY_REQUESTS,
            Refusal::NotTaken(NotTaken::NotKept(..))
            | Refusal::Network(_)
            | Refusal::Changed(_) => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        };
        Self::new(status, refusal.to_string(), refusal.tip())
    }
}

impl QueryView {
    fn of(standing: &Standing) -> Self {
        let query = &standing.query;
        let sources = query.sources.as_ref();
        let names = |ids: &std::collections::BTreeSet<SourceId>| {
            ids.iter().map(ToString::to_string).collect()
        };
        Self {
            id: query.id.clone(),
            network: NetworkName {
                name: query.network.name().to_owned(),
                hash: query.network.hash().to_owned(),
            },
            k: query.k,
            seeks: query.seeks.map(word),
            sources: sources.map(names),
            from: query.from,
            until: query.until,
            least_correspondence: query.least_correspondence.map(|least| least.get()),
            answered: standing.is_answered,
        }
    }
}

impl MatchView {
    fn of(found: &Match) -> Self {
        Self {
            source: found.source.to_string(),
            segment: found.segment,
            modality: word(found.modality),
            distance: found.distance.get(),
        }
    }
}

fn word(modality: Modality) -> &'static str {
    match modality {
        Modality::Picture => "picture",
        Modality::Sound => "sound",
    }
}
