//! Those who listen to the rows of a live source.

use std::sync::Arc;

use tokio::sync::broadcast;

/// Rows that wait for a listener before the oldest is lost to it.
pub const WAITING_ROWS: usize = 256;

/// Hands rows, as JSON, to whoever listens. Waits for nobody: a listener that is slow loses the
/// oldest and hears how many. When the source goes, listeners hear that it has gone.
#[derive(Debug)]
pub struct Listeners(broadcast::Sender<Arc<str>>);

impl Default for Listeners {
    fn default() -> Self {
        Self(broadcast::Sender::new(WAITING_ROWS))
    }
}

impl Listeners {
    /// Whether anybody listens.
    pub fn is_empty(&self) -> bool {
        self.0.receiver_count() == 0
    }

    /// Hands out a row.
    pub fn tell(&self, row: Arc<str>) {
        // It fails when the last listener has just left.
        let _ = self.0.send(row);
    }

    /// One listener more, for the rows from now on.
    pub fn listen(&self) -> broadcast::Receiver<Arc<str>> {
        self.0.subscribe()
    }
}
