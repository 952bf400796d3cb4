//! How a live source fares.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};

/// What a live source is doing.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// The first or another attempt is under way.
    Connecting,
    /// Seconds come.
    Streaming,
    /// It is connected, and nothing comes.
    Stalled,
    /// The last attempt failed; the next one comes.
    Failed,
}

impl State {
    /// All there are.
    pub const ALL: [Self; 4] = [
        Self::Connecting,
        Self::Streaming,
        Self::Stalled,
        Self::Failed,
    ];

    /// As the interface names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Streaming => "streaming",
            Self::Stalled => "stalled",
            Self::Failed => "failed",
        }
    }
}

/// What a live source is doing, why, and since when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// What it is doing.
    pub state: State,
    /// Why, where there is more to say; without secrets.
    pub reason: Option<String>,
    /// What to do about it, likewise.
    pub tip: Option<String>,
    /// Since when it has been in this state.
    pub since: SystemTime,
}

impl Default for Health {
    fn default() -> Self {
        Self {
            state: State::Connecting,
            reason: None,
            tip: None,
            since: SystemTime::now(),
        }
    }
}
