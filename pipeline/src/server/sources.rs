//! `/api/sources`: which live sources there are; putting in and taking out.

use std::time::SystemTime;

use axum::{
    Json,
    body::Bytes,
    extract::{State, rejection::BytesRejection},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Problem, body,
    routes::{Named, Shared, no_source},
};
use crate::cameras::{Camera, State as CameraState, Transport};

/// A live source, what it does, and what is counted of it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SourceView {
    /// Its name in rows.
    pub id: String,
    /// Where it is found, without what only the camera may know.
    pub url: String,
    /// How its data travels, if it is an RTSP camera.
    pub transport: Transport,
    /// After so many seconds without data it is connected anew.
    pub stall_s: f64,
    /// How many milliseconds packets that are late are waited for.
    pub jitter_ms: u64,
    /// Whether a certificate is taken that nobody vouches for.
    pub insecure: bool,
    /// Below this level its sound is silent, if not as for all.
    pub silence_dbfs: Option<f32>,
    /// The networks that look at it; all if none is named.
    pub networks: Vec<String>,
    /// The sinks that take its rows; all if none is named.
    pub sinks: Vec<String>,
    /// The process of the cluster that watches it; 0 where there is one process.
    pub process: usize,
    /// When it was put in, in RFC 3339.
    pub added: String,
    /// How it fares.
    #[serde(flatten)]
    pub health: HealthView,
    /// What is counted of it.
    pub counted: Counted,
    /// Its latest picture, if there was one.
    pub latest: Option<Latest>,
}

/// How a live source fares.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct HealthView {
    /// What it is doing.
    pub state: CameraState,
    /// Why, where there is more to say.
    pub reason: Option<String>,
    /// What to do about it.
    pub tip: Option<String>,
    /// Since when, in RFC 3339.
    pub since: String,
}

/// What is counted of a live source.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct Counted {
    /// Seconds that have come.
    pub seconds_in: u64,
    /// Seconds whose rows are with the sinks.
    pub seconds_out: u64,
    /// Seconds that were let go undecoded, since there was too much to do.
    pub dropped: u64,
    /// Rows that stand for seconds without picture and sound.
    pub gaps: u64,
    /// Connections after the first.
    pub reconnects: u64,
    /// Bytes that wait to be decoded.
    pub queue_bytes: u64,
    /// By how many seconds its sound comes later than its pictures of the same time.
    pub skew_s: f64,
    /// The last Unix second whose row is with the sinks.
    pub last_segment: Option<i64>,
}

/// The latest picture of a live source and what was said of it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Latest {
    /// Its Unix second.
    pub segment: i64,
    /// Probability that sound and picture belong together.
    pub correspondence: Option<f32>,
    /// Whether `frame.jpg?heatmap=1` shows where the sound comes from.
    pub has_heatmap: bool,
}

/// All live sources, in the order of their names.
#[utoipa::path(get, path = "/api/sources", tag = "sources", responses(
    (status = 200, description = "All live sources", body = [SourceView]),
    (status = 401, description = "No token, or not the right one", body = Problem),
))]
pub async fn list(State(shared): State<Shared>) -> Json<Vec<SourceView>> {
    let cameras = shared.deps.roster.all();
    Json(
        cameras
            .iter()
            .map(|camera| SourceView::of(camera))
            .collect(),
    )
}

/// One live source.
#[utoipa::path(get, path = "/api/sources/{id}", tag = "sources",
    params(("id" = String, Path, description = "Its name")), responses(
    (status = 200, description = "The source", body = SourceView),
    (status = 400, description = "This is no name", body = Problem),
    (status = 401, description = "No token, or not the right one", body = Problem),
    (status = 404, description = "There is none of this name", body = Problem),
))]
pub async fn one(Named(camera): Named) -> Json<SourceView> {
    Json(SourceView::of(&camera))
}

/// Puts a live source in. It is connected at once, and again until it is taken out.
#[utoipa::path(post, path = "/api/sources", tag = "sources", request_body = body::NewSource,
    responses(
    (status = 201, description = "It is put in", body = SourceView),
    (status = 400, description = "What is wrong with which key", body = Problem),
    (status = 401, description = "No token, or not the right one", body = Problem),
    (status = 409, description = "There is one of this name", body = Problem),
    (status = 413, description = "The body is too large", body = Problem),
    (status = 415, description = "The body is not said to be JSON", body = Problem),
    (status = 429, description = "There are as many as there may be", body = Problem),
    (status = 503, description = "The run is coming to its end", body = Problem),
))]
pub async fn add(
    State(shared): State<Shared>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let camera = shared
        .deps
        .roster
        .add(body::spec(&headers, body, &shared.deps)?)?;
    let place = [(
        header::LOCATION,
        format!("/api/sources/{}", encoded(&camera)),
    )];
    let view = Json(SourceView::of(&camera));
    Ok((StatusCode::CREATED, place, view).into_response())
}

/// Takes a live source out. Rows that are on their way still come.
#[utoipa::path(delete, path = "/api/sources/{id}", tag = "sources",
    params(("id" = String, Path, description = "Its name")), responses(
    (status = 200, description = "What it was", body = SourceView),
    (status = 400, description = "This is no name", body = Problem),
    (status = 401, description = "No token, or not the right one", body = Problem),
    (status = 404, description = "There is none of this name", body = Problem),
))]
pub async fn remove(
    State(shared): State<Shared>,
    Named(camera): Named,
) -> Result<Json<SourceView>, Problem> {
    let id = &camera.spec.id;
    // Somebody else may have taken it out just now.
    let removed = shared.deps.roster.remove(id).ok_or_else(|| no_source(id))?;
    Ok(Json(SourceView::of(&removed)))
}

/// The name as a header can carry it.
fn encoded(camera: &Camera) -> impl std::fmt::Display + '_ {
    let id = camera.spec.id.as_str();
    percent_encoding::utf8_percent_encode(id, percent_encoding::CONTROLS)
}

impl SourceView {
    /// As it is now.
    pub fn of(camera: &Camera) -> Self {
        let spec = &camera.spec;
        let reading = camera.meter.read();
        Self {
            id: spec.id.to_string(),
            url: spec.address.to_string(),
            transport: spec.transport,
            stall_s: spec.stall.as_secs_f64(),
            jitter_ms: u64::try_from(spec.jitter.as_millis()).unwrap_or(u64::MAX),
            insecure: spec.insecure,
            silence_dbfs: spec.silence_dbfs,
            networks: spec.networks.clone(),
            sinks: spec.sinks.iter().map(ToString::to_string).collect(),
            process: camera.away.get().copied().unwrap_or(0),
            added: rfc3339(camera.added),
            health: HealthView::of(camera),
            counted: Counted {
                seconds_in: reading.seconds_in,
                seconds_out: reading.seconds_out,
                dropped: reading.dropped,
                gaps: reading.gaps,
                reconnects: reading.reconnects,
                queue_bytes: reading.queue_bytes,
                skew_s: reading.skew_ns as f64 / 1e9,
                last_segment: Some(reading.committed_segment).filter(|&segment| segment > 0),
            },
            latest: camera.view.latest().map(|shown| Latest {
                segment: shown.segment,
                correspondence: shown.correspondence(),
                has_heatmap: shown.heatmap().is_some(),
            }),
        }
    }
}

impl HealthView {
    /// As it fares now. Whoever gave the reason was to hide secrets; here nobody forgets it.
    pub fn of(camera: &Camera) -> Self {
        let health = camera.health();
        let reason = health
            .reason
            .map(|reason| camera.spec.address.hide_in(&reason));
        Self {
            state: health.state,
            reason,
            tip: health.tip,
            since: rfc3339(health.since),
        }
    }
}

fn rfc3339(time: SystemTime) -> String {
    Timestamp::try_from(time)
        .unwrap_or(Timestamp::UNIX_EPOCH)
        .to_string()
}
