//! What is answered where something is wrong.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::cameras::Refusal;

/// Something is wrong with a request: what, and what to do. It repeats nothing of the request that
/// may be a secret.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Problem {
    #[serde(skip)]
    status: StatusCode,
    /// What is wrong.
    error: String,
    /// What to do.
    tip: String,
}

impl Problem {
    /// With this status.
    pub fn new(status: StatusCode, error: impl Into<String>, tip: impl Into<String>) -> Self {
        Self {
            status,
            error: error.into(),
            tip: tip.into(),
        }
    }

    /// The request cannot be understood, or asks for what cannot be.
    pub fn bad(error: impl Into<String>, tip: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error, tip)
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let (status, tip) = match &refusal {
            Refusal::Taken(_) => (
                StatusCode::CONFLICT,
                "give it another `id`, or take the other out: DELETE /api/sources/{id}",
            ),
            Refusal::Full(_) => (
                StatusCode::TOO_MANY_REQUESTS,
                "take one out: DELETE /api/sources/{id}",
            ),
            Refusal::Over => (
                StatusCode::SERVICE_UNAVAILABLE,
                "put it in when the run has been started again",
            ),
        };
        Self::new(status, refusal.to_string(), tip)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.status;
        let mut response = (status, Json(self)).into_response();
        if status == StatusCode::UNAUTHORIZED {
            let bearer = HeaderValue::from_static("Bearer realm=\"sonoscope\"");
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, bearer);
        }
        response
    }
}
