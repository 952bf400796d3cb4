//! The one runtime on which clients of receivers work.

use std::sync::OnceLock;

use tokio::runtime::{Builder, Handle, Runtime};

/// Waits for something, on a thread of the caller's own.
pub fn block_on<T>(work: impl Future<Output = T>) -> T {
    handle().block_on(work)
}

/// Where tasks of clients run.
pub fn handle() -> &'static Handle {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    let runtime = RUNTIME.get_or_init(|| {
        let mut builder = Builder::new_multi_thread();
        let built = builder
            .worker_threads(1)
            .thread_name("sinks")
            .enable_all()
            .build();
        // It fails where the system has no thread or file to give, as nothing else could go on.
        built.expect("there is a thread for the sinks")
    });
    runtime.handle()
}

/// All TLS is done by ring; clients that ask nobody are told so here.
pub fn use_ring() {
    // An error says that somebody has told them already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
