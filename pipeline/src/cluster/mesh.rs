//! The dataflow over the links.

use std::{
    any::Any,
    io,
    net::TcpStream,
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    thread,
    time::Duration,
};

use timely::communication::{
    AllocatorBuilder, Hooks,
    allocator::{ProcessBuilder, zero_copy::initialize::initialize_networking_from_sockets},
};

use super::loss::Loss;
use crate::graph::{self, Graph, Write};

/// How often a loss is asked for.
const POLL: Duration = Duration::from_millis(100);

/// The links of the dataflow from one process to all others.
#[derive(Debug)]
pub struct Mesh {
    /// This process.
    pub process: usize,
    /// To each other, and nothing to itself.
    pub links: Vec<Option<TcpStream>>,
    /// What is to be added to the own clock to have that of process 0, in milliseconds: epochs are
    /// counted by one clock.
    pub clock_offset_ms: i64,
}

/// What timely makes its workers of, and what is to be held as long as they work.
pub type Allocators = (Vec<AllocatorBuilder>, Box<dyn Any + Send>);

impl Mesh {
    /// Of process 0, by whose clock epochs are counted.
    pub fn of_leader(links: Vec<Option<TcpStream>>) -> Self {
        Self {
            process: 0,
            links,
            clock_offset_ms: 0,
        }
    }

    /// So many workers here, as in every other process.
    ///
    /// # Errors
    /// When the system has no threads or descriptors to give.
    pub fn allocators(self, workers: usize) -> io::Result<Allocators> {
        let hooks = Hooks::default();
        let local =
            ProcessBuilder::new_typed_vector(workers, hooks.refill.clone(), hooks.spill.clone());
        let (builders, guard) =
            initialize_networking_from_sockets(local, self.links, self.process, workers, hooks)?;
        let builders = builders.into_iter().map(AllocatorBuilder::Tcp).collect();
        Ok((builders, Box::new(guard)))
    }
}

/// Runs the dataflow to its end, or until a process is lost: then its threads are left where they
/// are, since they wait for what will never come.
///
/// # Errors
/// When a process is lost.
pub fn run(graph: Graph, write: Write, losses: &Receiver<Loss>) -> Result<io::Result<()>, Loss> {
    let (done, ended) = mpsc::sync_channel(1);
    let thread = thread::Builder::new().name("dataflow".into());
    let spawned = thread.spawn(move || {
        let _ = done.send(graph::run(graph, write));
    });
    if let Err(error) = spawned {
        return Ok(Err(error));
    }
    loop {
        match ended.recv_timeout(POLL) {
            Ok(ran) => return Ok(ran),
            Err(RecvTimeoutError::Disconnected) => {
                return Ok(Err(io::Error::other("the dataflow has broken down")));
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
        if let Ok(loss) = losses.try_recv() {
            return Err(loss);
        }
    }
}
