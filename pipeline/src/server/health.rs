//! `/healthz`, `/readyz`: whether the program is alive, and whether it does its work.

use axum::{Json, extract::State, http::StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Problem, routes::Shared, sources::HealthView};
use crate::cameras::{Camera, State as CameraState};

/// Whether the program does its work.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Readiness {
    /// Whether all networks are loaded and no source has stalled or failed.
    pub ready: bool,
    /// Whether all networks are loaded. The first start on a new card can take minutes.
    pub networks_loaded: bool,
    /// Of how many networks TensorRT's engines are building, while CUDA serves them: they answer,
    /// and will be faster.
    pub building: usize,
    /// How each source fares.
    pub sources: Vec<SourceHealth>,
}

/// How one live source fares.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SourceHealth {
    /// Its name in rows.
    pub id: String,
    /// How it fares.
    #[serde(flatten)]
    pub health: HealthView,
}

/// The process is alive. Asks for no token.
#[utoipa::path(get, path = "/healthz", tag = "health", security(()), responses(
    (status = 200, description = "It is alive", body = String),
))]
pub async fn alive() -> &'static str {
    "alive\n"
}

/// Whether all networks are loaded and no source has stalled or failed.
#[utoipa::path(get, path = "/readyz", tag = "health", responses(
    (status = 200, description = "All is well", body = Readiness),
    (status = 401, description = "No token, or not the right one", body = Problem),
    (status = 503, description = "Something is not: what, why, and since when", body = Readiness),
))]
pub async fn ready(State(shared): State<Shared>) -> (StatusCode, Json<Readiness>) {
    let cameras = shared.deps.roster.all();
    let sources: Vec<_> = cameras
        .iter()
        .map(|camera| SourceHealth::of(camera))
        .collect();
    let networks_loaded = shared.deps.networks.are_loaded();
    let ready = networks_loaded && sources.iter().all(SourceHealth::is_well);
    let status = match ready {
        true => StatusCode::OK,
        false => StatusCode::SERVICE_UNAVAILABLE,
    };
    let readiness = Readiness {
        ready,
        networks_loaded,
        building: shared.deps.networks.building(),
        sources,
    };
    (status, Json(readiness))
}

impl SourceHealth {
    fn of(camera: &Camera) -> Self {
        Self {
            id: camera.spec.id.to_string(),
            health: HealthView::of(camera),
        }
    }

    fn is_well(&self) -> bool {
        !matches!(
            self.health.state,
            CameraState::Stalled | CameraState::Failed
        )
    }
}
