//! How long a source is left alone before the next attempt.

use std::{
    hash::{BuildHasher, BuildHasherDefault, DefaultHasher},
    thread,
    time::{Duration, Instant},
};

use sonoscope_operators::SourceId;

use super::{super::Stop, door::Door, error::LiveError};
use crate::{backoff::Backoff, cameras::Address};

/// A session that lasted so long was one, and the next attempt is a first one again. No longer: a
/// camera that is restarted time and again is to be seen between.
const HEALTHY: Duration = Duration::from_secs(2);

/// One that gave something, or answered and gave nothing for long, is not waited for longer than
/// this: it is there, and may be well at any time.
const SOON: Duration = Duration::from_secs(2);

/// How often whoever waits looks up.
const LOOK: Duration = Duration::from_millis(50);

/// The waits of one source.
pub struct Patience {
    address: Address,
    backoff: Backoff,
    /// The door of its host, while it is away.
    door: Option<Door>,
}

impl Patience {
    /// No attempt yet.
    pub fn new(id: &SourceId, address: &Address) -> Self {
        let seed = BuildHasherDefault::<DefaultHasher>::default().hash_one(id);
        Self {
            address: address.clone(),
            backoff: Backoff::new(seed),
            door: None,
        }
    }

    /// It gave something, in a session that lasted so long.
    pub fn began(&mut self, lasted: Duration) {
        self.door = None;
        if lasted > HEALTHY {
            self.backoff.reset();
        }
    }

    /// Waits for the next attempt after one that ended so: for longer each time, or until a door
    /// that was closed is open.
    pub fn wait(
        &mut self,
        error: &LiveError,
        has_begun: bool,
        stop: &Stop,
        mut tick: impl FnMut(),
    ) {
        let end = Instant::now() + self.time(error, has_begun);
        if self.door.is_none() && error.may_mend_unasked() {
            self.door = Door::of(&self.address);
        }
        while Instant::now() < end && !stop.is_raised() {
            tick();
            if self.door.as_mut().is_some_and(Door::has_opened) {
                self.backoff.reset();
                return;
            }
            thread::sleep(LOOK);
        }
    }

    fn time(&mut self, error: &LiveError, has_begun: bool) -> Duration {
        let is_there = has_begun || matches!(error, LiveError::Empty(_));
        let most = if is_there { SOON } else { Duration::MAX };
        self.backoff.next().min(most)
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    /// Of a source that has failed often.
    fn tried(address: &str) -> Patience {
        let mut patience = Patience::new(&SourceId::slug("yard"), &address.parse().unwrap());
        for _ in 0..9 {
            patience.backoff.next();
        }
        patience
    }

    #[test]
    fn what_is_there_is_not_waited_for_as_long_as_what_is_not() {
        let mut patience = tried("rtsp://host/");
        let most = patience.time(&LiveError::NoAnswer(SOON), false);
        assert!(most >= Duration::from_secs(15));
        assert_eq!(patience.time(&LiveError::Disconnected, true), SOON);
        assert_eq!(patience.time(&LiveError::Empty(SOON), false), SOON);
        patience.began(2 * HEALTHY);
        assert!(patience.time(&LiveError::Disconnected, true) < SOON / 2);
    }

    #[test]
    fn a_host_that_is_back_is_tried_at_once() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let mut patience = tried(&format!("http://{address}/"));
        let (mut listener, mut ticks) = (None, 0);
        let begun = Instant::now();
        let refused = LiveError::Unreachable("refused".into());
        patience.wait(&refused, false, &Stop::default(), || {
            ticks += 1;
            if ticks == 2 {
                listener = Some(TcpListener::bind(address).unwrap());
            }
        });
        assert!(
            begun.elapsed() < Duration::from_secs(15),
            "it was waited for"
        );
        assert!(
            patience.time(&refused, false) < SOON,
            "and failures count anew"
        );
    }
}
