//! `/api/openapi.json`: the interface, described for programs.

use axum::Json;
use utoipa::{
    Modify, OpenApi,
    openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
};

use super::{
    Problem, frame, health, live, measured, networks, page, queries, sinks, sources, views,
};

/// The description. A test holds it to the paths there are.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "sonoscope",
        description = "Live sources of a run: put in, taken out, looked at."
    ),
    paths(
        page::page,
        sources::list,
        sources::add,
        sources::one,
        sources::remove,
        live::live,
        frame::frame,
        networks::list,
        sinks::list,
        queries::list,
        queries::add,
        queries::one,
        queries::remove,
        queries::live,
        views::list,
        views::answers,
        views::live,
        document,
        health::alive,
        health::ready,
        measured::metrics,
    ),
    modifiers(&Bearer),
    security(("bearer" = []))
)]
pub struct Description;

/// Says that a token is asked for, where the run was started with one.
struct Bearer;

impl Modify for Bearer {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let about = "Wanted where the run was started with a token.";
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some(about));
        let components = openapi.components.get_or_insert_with(Default::default);
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer.build()));
    }
}

/// This description.
#[utoipa::path(get, path = "/api/openapi.json", tag = "networks", responses(
    (status = 200, description = "An OpenAPI document", body = Object),
    (status = 401, description = "No token, or not the right one", body = Problem),
))]
pub async fn document() -> Json<utoipa::openapi::OpenApi> {
    Json(Description::openapi())
}
