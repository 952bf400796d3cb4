//! `/api/sinks`: where rows go, and how that fares.

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Problem, routes::Shared};
use crate::sinks::Account;

/// A sink of the run.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SinkView {
    /// Its URI, without what only the receiver may know.
    pub sink: String,
    /// What became of the rows that it was to deliver; nothing of one that writes by itself.
    pub delivery: Option<Delivery>,
}

/// What became of rows and changes.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct Delivery {
    /// Whether the receiver is there.
    pub connected: bool,
    /// Taken by the receiver.
    pub delivered: u64,
    /// Not taken yet.
    pub waiting: u64,
    /// Bytes of those.
    pub waiting_bytes: u64,
    /// Never to be taken: they are dead letters.
    pub refused: u64,
    /// Left out for want of room.
    pub dropped: u64,
    /// Attempts that have failed.
    pub failures: u64,
}

/// The sinks of the run.
#[utoipa::path(get, path = "/api/sinks", tag = "sinks", responses(
    (status = 200, description = "In the order of the run", body = [SinkView]),
    (status = 401, description = "No token, or not the right one", body = Problem),
))]
pub async fn list(State(shared): State<Shared>) -> Json<Vec<SinkView>> {
    let accounts = shared.deps.metrics.deliveries();
    let view = |sink: String| {
        let account = accounts.iter().find(|(name, _)| *name == sink);
        SinkView {
            delivery: account.map(|(_, account)| Delivery::of(account)),
            sink,
        }
    };
    let sinks = shared.deps.sinks.iter();
    Json(sinks.map(|sink| view(sink.to_string())).collect())
}

impl Delivery {
    fn of(account: &Account) -> Self {
        Self {
            connected: account.is_connected,
            delivered: account.sent,
            waiting: account.waiting,
            waiting_bytes: account.waiting_bytes,
            refused: account.refused,
            dropped: account.dropped,
            failures: account.failures,
        }
    }
}
