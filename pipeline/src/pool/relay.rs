//! One that works until its successor is ready.

use std::sync::mpsc::{Receiver, TryRecvError};

/// What works now, and where its successor will come from, if one is on its way.
///
/// The change-over happens between two pieces of work, in the thread that does them, so that none
/// is lost, done twice, or waited for.
pub struct Relay<T> {
    now: T,
    successor: Option<Receiver<T>>,
}

impl<T> Relay<T> {
    /// Works with `now` until something comes from `successor`.
    pub fn new(now: T, successor: Option<Receiver<T>>) -> Self {
        Self { now, successor }
    }

    /// What works now.
    pub fn now(&mut self) -> &mut T {
        &mut self.now
    }

    /// Lets the successor take over, if it is ready; whether it has. Never waits.
    pub fn change_over(&mut self) -> bool {
        let Some(successor) = &self.successor else {
            return false;
        };
        match successor.try_recv() {
            Ok(next) => {
                self.now = next;
                self.successor = None;
                true
            }
            Err(TryRecvError::Empty) => false,
            // None will come: whoever prepared it has said why.
            Err(TryRecvError::Disconnected) => {
                self.successor = None;
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::sync_channel;

    use super::*;

    #[test]
    fn the_successor_takes_over_once_and_between_two_pieces_of_work() {
        let (send, successor) = sync_channel(1);
        let mut relay = Relay::new("cuda", Some(successor));
        assert!(!relay.change_over());
        assert_eq!(*relay.now(), "cuda");
        send.send("tensorrt").unwrap();
        assert_eq!(*relay.now(), "cuda", "nobody asked yet");
        assert!(relay.change_over());
        assert_eq!(*relay.now(), "tensorrt");
        assert!(!relay.change_over());
    }

    #[test]
    fn without_a_successor_all_goes_on() {
        let (send, successor) = sync_channel::<&str>(1);
        let mut relay = Relay::new("cuda", Some(successor));
        drop(send);
        assert!(!relay.change_over());
        assert_eq!(*relay.now(), "cuda");
    }
}
