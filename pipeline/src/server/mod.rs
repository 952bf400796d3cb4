//! The HTTP interface to a run: which live sources there are, how they fare, what they show.
//!
//! It runs on threads of its own and never makes the run wait: it reads what others count, and
//! rows reach it over queues that lose the oldest.

mod address;
mod body;
mod door;
mod frame;
mod guard;
mod health;
mod keys;
mod live;
mod measured;
mod networks;
mod openapi;
mod options;
mod page;
mod problem;
mod queries;
mod question;
mod routes;
mod sinks;
mod sources;
#[cfg(test)]
mod tests;
mod token;
mod views;

use std::{net::SocketAddr, time::Duration};

use tokio::{
    net::{TcpListener, TcpSocket},
    runtime::{Builder, Runtime},
    sync::watch,
    task::JoinHandle,
};

pub use address::{Listen, NoListen};
pub use networks::{ContractSummary, NetworkCard, Networks};
pub use options::Options;
pub use problem::Problem;
pub use token::{Token, TokenError};

use crate::{
    ask::Desk, cameras::Roster, fault::Fault, metrics::Metrics, sinks::SinkUri, views::ViewStore,
};
use door::{Door, Patience};
use routes::Shared;

/// Connections that may wait until they are taken up.
const BACKLOG: u32 = 1024;

/// What is under way when the interface ends has so long to come to its own end.
const FAREWELL: Duration = Duration::from_millis(300);

/// What the interface tells of.
#[derive(Clone)]
pub struct Deps {
    /// Live sources.
    pub roster: Roster,
    /// The networks of the run.
    pub networks: Networks,
    /// The sinks of the run.
    pub sinks: Vec<SinkUri>,
    /// What is measured.
    pub metrics: Metrics,
    /// What views answer.
    pub views: ViewStore,
    /// Where questions are taken, if the run takes any.
    pub desk: Option<Desk>,
}

/// The interface, open until it is dropped, which takes less than a second.
pub struct Server {
    address: SocketAddr,
    ending: watch::Sender<bool>,
    /// Gone only while it is dropped.
    serving: Option<(Runtime, JoinHandle<()>)>,
}

impl Server {
    /// Opens it.
    ///
    /// # Errors
    /// When the address is one that others reach and there is no token, when it is taken, or when
    /// there can be no threads.
    pub fn start(options: Options, deps: Deps) -> Result<Self, Fault> {
        options.check()?;
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .max_blocking_threads(frame::ENCODERS + queries::ASKERS)
            .thread_name("http")
            .enable_io()
            .enable_time()
            .build()
            .map_err(|error| Fault::environment(format!("no threads for HTTP: {error}")))?;
        let listener = {
            let _entered = runtime.enter();
            bind(options.listen).map_err(|error| cannot_listen(options.listen, &error))?
        };
        let address = (listener.local_addr()).map_err(Fault::environment)?;
        let (ending, ended) = watch::channel(false);
        let router = routes::router(Shared::new(deps, options.token, ended.clone()));
        let serving = runtime.spawn(serve(listener, router, ended));
        tracing::info!("serving http://{address}/");
        Ok(Self {
            address,
            ending,
            serving: Some((runtime, serving)),
        })
    }

    /// Where it listens; with the port that was given to it, if 0 was asked for.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It fails when nobody is left to hear it.
        let _ = self.ending.send(true);
        if let Some((runtime, serving)) = self.serving.take() {
            // Whoever is not done by then is cut off.
            let _ = runtime.block_on(async { tokio::time::timeout(FAREWELL, serving).await });
            runtime.shutdown_timeout(FAREWELL);
        }
    }
}

/// Answers until the end is told, then what is under way.
async fn serve(listener: TcpListener, router: axum::Router, mut ended: watch::Receiver<bool>) {
    let told = async move {
        // An error says that the server is gone, which is an end as well.
        let _ = ended.wait_for(|ended| *ended).await;
    };
    let served =
        axum::serve(Door::new(listener, Patience::default()), router).with_graceful_shutdown(told);
    if let Err(error) = served.await {
        tracing::error!("the HTTP interface has ended: {error}");
    }
}

fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // A run that is begun again need not wait for the connections of the last.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

fn cannot_listen(address: SocketAddr, error: &std::io::Error) -> Fault {
    let fault = Fault::environment(format!("cannot listen on {address}: {error}"));
    fault.tip("name another address and port with --listen")
}
