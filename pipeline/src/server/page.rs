//! `/`: a page to look at, for people.

use axum::{http::header, response::IntoResponse};

use super::Problem;

const PAGE: &str = include_str!("page.html");

/// The page asks this interface and nobody else, whatever a source's name may hold.
const POLICY: &str = "default-src 'none'; connect-src 'self'; img-src 'self'; \
    style-src 'unsafe-inline'; script-src 'unsafe-inline'; frame-ancestors 'none'";

/// All live sources with their pictures, for people.
#[utoipa::path(get, path = "/", tag = "sources", responses(
    (status = 200, description = "A page", body = String, content_type = "text/html"),
    (status = 401, description = "No token, or not the right one", body = Problem),
))]
pub async fn page() -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
    ];
    (headers, PAGE)
}
