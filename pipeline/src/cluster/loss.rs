//! A process that is gone, and who hears of it.

use std::{
    panic,
    sync::mpsc::{self, Receiver, SyncSender},
    thread,
    time::Duration,
};

use super::hosts::Hosts;
use crate::fault::{Exit, Fault};

/// How long a broken link of the dataflow waits for the control line to say more.
const SECOND_THOUGHT: Duration = Duration::from_secs(3);

/// What was noticed of a process that is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// Which.
    pub process: usize,
    /// What was noticed.
    pub why: String,
}

/// Where losses are told. Only the first counts.
pub type Tell = SyncSender<Loss>;

/// A place to tell losses, and where they are heard.
pub fn losses() -> (Tell, Receiver<Loss>) {
    mpsc::sync_channel(1)
}

impl Loss {
    /// What ends this process.
    pub fn fault(&self, hosts: &Hosts) -> Fault {
        let Self { process, why } = self;
        let address = hosts.of(*process);
        Fault::of(
            Exit::PeerLost,
            format!("process {process} ({address}) is lost: {why}"),
        )
        .tip(
            "start all processes again with the same commands: with --state they go on from the \
              last commit",
        )
    }
}

/// From now on a link of the dataflow that breaks is a loss, and ends nothing by itself: timely's
/// threads panic then, and so would the workers after them, each with its own words.
pub fn catch_broken_links(tell: Tell) {
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        let thread = thread::current();
        let Some(process) = thread.name().and_then(peer) else {
            return before(info);
        };
        thread::sleep(SECOND_THOUGHT);
        let why = "its link broke".into();
        let _ = tell.try_send(Loss { process, why });
        loop {
            thread::park();
        }
    }));
}

/// The process that a thread of timely's exchanges with.
fn peer(thread: &str) -> Option<usize> {
    let name = thread.strip_prefix("timely:")?;
    let number = name.strip_prefix("send-").or(name.strip_prefix("recv-"))?;
    number.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timelys_threads_say_whom_they_talk_to() {
        assert_eq!(peer("timely:recv-2"), Some(2));
        assert_eq!(peer("timely:send-0"), Some(0));
        assert_eq!(peer("timely:work-1"), None);
        assert_eq!(peer("source cam"), None);
    }
}
