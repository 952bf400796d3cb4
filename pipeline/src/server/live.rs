//! `/api/sources/{id}/live`: rows as the sinks have them, for whoever wants to look on.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    extract::State,
    http::StatusCode,
    response::{
        IntoResponse, Sse,
        sse::{Event, KeepAlive},
    },
};
use tokio::sync::{
    OwnedSemaphorePermit,
    broadcast::{self, error::RecvError},
    mpsc, watch,
};
use tokio_stream::wrappers::ReceiverStream;

use super::{
    Problem,
    routes::{Named, Shared},
};

/// Listeners at the same time, of all sources together: half the places there are.
pub const LISTENERS: usize = super::door::PLACES / 2;

/// How often a listener hears that the connection still holds.
const SIGN_OF_LIFE: Duration = Duration::from_secs(15);

/// Rows of a live source from now on, as server-sent events: `row` with a row as the sinks write
/// it, `lost` with `{"rows": N}` where the listener was too slow for N rows, `gone` when the source
/// has been taken out.
#[utoipa::path(get, path = "/api/sources/{id}/live", tag = "sources",
    params(("id" = String, Path, description = "Its name")), responses(
    (status = 200, description = "A stream of events", body = String,
        content_type = "text/event-stream"),
    (status = 400, description = "This is no name", body = Problem),
    (status = 401, description = "No token, or not the right one", body = Problem),
    (status = 404, description = "There is none of this name", body = Problem),
    (status = 429, description = "There are as many listeners as there may be", body = Problem),
))]
pub async fn live(
    State(shared): State<Shared>,
    Named(camera): Named,
) -> Result<impl IntoResponse, Problem> {
    // Nothing of the source is held but the end of a queue, so that the source can go.
    relayed(shared, "row", "rows", camera.listeners.listen(), |_| true)
}

/// What is heard from now on and `wanted`, as events of this name; `lost` tells how many `things`
/// were not heard by whoever is too slow.
///
/// # Errors
/// When there are as many listeners as there may be.
pub fn relayed(
    shared: Shared,
    name: &'static str,
    things: &'static str,
    heard: broadcast::Receiver<Arc<str>>,
    wanted: impl Fn(&str) -> bool + Send + 'static,
) -> Result<impl IntoResponse, Problem> {
    let place = shared.listeners.clone().try_acquire_owned();
    let place = place.map_err(|_| {
        let error = format!("there are {LISTENERS} listeners, and there may be no more");
        let tip = "wait until one has left, or let a sink take them";
        Problem::new(StatusCode::TOO_MANY_REQUESTS, error, tip)
    })?;
    let (out, events) = mpsc::channel(1);
    let relay = Relay {
        name,
        things,
        heard,
        wanted,
        out,
        ended: shared.ended,
        _place: place,
    };
    tokio::spawn(relay.run());
    let keep_alive = KeepAlive::new().interval(SIGN_OF_LIFE);
    Ok(Sse::new(ReceiverStream::new(events)).keep_alive(keep_alive))
}

/// What hands rows, or changes, to one listener.
struct Relay<W> {
    name: &'static str,
    things: &'static str,
    heard: broadcast::Receiver<Arc<str>>,
    wanted: W,
    out: mpsc::Sender<Result<Event, Infallible>>,
    ended: watch::Receiver<bool>,
    _place: OwnedSemaphorePermit,
}

impl<W: Fn(&str) -> bool> Relay<W> {
    /// Until the listener has left, the source has gone, or the interface ends.
    async fn run(mut self) {
        loop {
            let received = tokio::select! {
                received = self.heard.recv() => received,
                () = self.out.closed() => return,
                _ = self.ended.wait_for(|ended| *ended) => return,
            };
            let (event, is_last) = match received {
                Ok(heard) if !(self.wanted)(&heard) => continue,
                Ok(heard) => (Event::default().event(self.name).data(heard), false),
                Err(RecvError::Lagged(count)) => (lost(self.things, count), false),
                Err(RecvError::Closed) => (Event::default().event("gone").data("{}"), true),
            };
            // A listener that is slow is waited for here, while the queue loses its oldest.
            if self.out.send(Ok(event)).await.is_err() || is_last {
                return;
            }
        }
    }
}

fn lost(things: &str, count: u64) -> Event {
    let data = format!("{{\"{things}\":{count}}}");
    Event::default().event("lost").data(data)
}
