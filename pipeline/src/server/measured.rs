//! `/metrics`: what is measured, for Prometheus.

use axum::{extract::State, http::header, response::IntoResponse};

use super::{Problem, routes::Shared};

/// The text form of OpenMetrics, which Prometheus asks for and reads.
const FORM: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What is measured of the run, its sources and its process, in the text form of OpenMetrics.
#[utoipa::path(get, path = "/metrics", tag = "health", responses(
    (status = 200, description = "All series", body = String,
        content_type = "application/openmetrics-text"),
    (status = 401, description = "No token, or not the right one", body = Problem),
))]
pub async fn metrics(State(shared): State<Shared>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, FORM)], shared.deps.metrics.text())
}
