//! Which path leads where.

use std::sync::Arc;

use axum::{
    Router,
    extract::{DefaultBodyLimit, FromRequestParts, Path},
    handler::Handler as _,
    http::{StatusCode, request::Parts},
    middleware::{from_fn, from_fn_with_state},
    routing::{MethodRouter, get},
};
use sonoscope_operators::{NoSourceId, SourceId};
use tokio::sync::{Semaphore, watch};

use super::{
    Deps, Problem, Token, body, frame, guard, health, keys::Form, live, measured, networks,
    openapi, page, queries, sinks, sources, views,
};
use crate::cameras::Camera;

/// What all answers are made of.
#[derive(Clone)]
pub struct Shared {
    /// What is told of.
    pub deps: Deps,
    /// What a request has to bring.
    pub token: Option<Token>,
    /// Whether the interface is ending.
    pub ended: watch::Receiver<bool>,
    /// Places for those who listen to rows.
    pub listeners: Arc<Semaphore>,
    /// Places for those who want pictures.
    pub encoders: Arc<Semaphore>,
    /// Places for those at whose questions networks look.
    pub askers: Arc<Semaphore>,
}

impl Shared {
    /// Nobody asks yet.
    pub fn new(deps: Deps, token: Option<Token>, ended: watch::Receiver<bool>) -> Self {
        Self {
            deps,
            token,
            ended,
            listeners: Arc::new(Semaphore::new(live::LISTENERS)),
            encoders: Arc::new(Semaphore::new(frame::ENCODERS)),
            askers: Arc::new(Semaphore::new(queries::ASKERS)),
        }
    }
}

/// All paths.
pub fn table() -> Vec<(&'static str, MethodRouter<Shared>)> {
    vec![
        ("/", get(page::page)),
        ("/api/sources", get(sources::list).post(sources::add)),
        (
            "/api/sources/{id}",
            get(sources::one).delete(sources::remove),
        ),
        ("/api/sources/{id}/live", get(live::live)),
        ("/api/sources/{id}/frame.jpg", get(frame::frame)),
        ("/api/networks", get(networks::list)),
        ("/api/sinks", get(sinks::list)),
        (
            queries::PATH,
            get(queries::list)
                .post(queries::add.layer(DefaultBodyLimit::max(queries::FORM.largest_bytes))),
        ),
        (
            "/api/queries/{id}",
            get(queries::one).delete(queries::remove),
        ),
        ("/api/queries/{id}/live", get(queries::live)),
        ("/api/views", get(views::list)),
        ("/api/views/{id}", get(views::answers)),
        ("/api/views/{id}/live", get(views::live)),
        ("/api/openapi.json", get(openapi::document)),
        (guard::OPEN, get(health::alive)),
        ("/readyz", get(health::ready)),
        ("/metrics", get(measured::metrics)),
    ]
}

/// What a body for a path may be.
pub fn form_of(path: &str) -> Form {
    match path {
        queries::PATH => queries::FORM,
        _ => body::FORM,
    }
}

/// The paths, guarded.
pub fn router(shared: Shared) -> Router {
    let routes = table()
        .into_iter()
        .fold(Router::new(), |router, (path, methods)| {
            router.route(path, methods)
        });
    routes
        .fallback(nothing_here)
        .method_not_allowed_fallback(no_such_method)
        .layer(DefaultBodyLimit::max(body::FORM.largest_bytes))
        .layer(from_fn(guard::limit_size))
        .layer(from_fn_with_state(shared.clone(), guard::admit))
        .layer(from_fn(guard::limit_time))
        .with_state(shared)
}

async fn nothing_here() -> Problem {
    let tip = "GET /api/openapi.json says what there is";
    Problem::new(StatusCode::NOT_FOUND, "there is nothing of this path", tip)
}

async fn no_such_method() -> Problem {
    let tip = "GET /api/openapi.json says what there is";
    let error = "this path does not take this method";
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, error, tip)
}

/// The live source that a path names.
pub struct Named(pub Arc<Camera>);

impl FromRequestParts<Shared> for Named {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self, Problem> {
        let id = source_id(parts, shared).await?;
        let camera = shared.deps.roster.get(&id);
        camera.map(Self).ok_or_else(|| no_source(&id))
    }
}

/// The name in a path. What is no name is not looked for anywhere, nor repeated.
async fn source_id(parts: &mut Parts, shared: &Shared) -> Result<SourceId, Problem> {
    let tip = "GET /api/sources names all there are";
    let Path(id) = Path::<String>::from_request_parts(parts, shared)
        .await
        .map_err(|_| Problem::bad("the path is no text", tip))?;
    id.parse()
        .map_err(|error: NoSourceId| Problem::bad(error.to_string(), tip))
}

/// There is no such source.
pub fn no_source(id: &SourceId) -> Problem {
    let tip = "GET /api/sources names all there are";
    Problem::new(
        StatusCode::NOT_FOUND,
        format!("there is no live source {id}"),
        tip,
    )
}
