//! One small runtime for all sinks whose clients are asynchronous.

use std::{io, sync::OnceLock};

use tokio::runtime::{Builder, Runtime};

/// The runtime, made when it is first asked for. It lasts as long as the program.
///
/// # Errors
/// When its thread cannot be started.
pub fn runtime() -> io::Result<&'static Runtime> {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    if let Some(runtime) = RUNTIME.get() {
        return Ok(runtime);
    }
    let mut builder = Builder::new_multi_thread();
    let made = (builder.worker_threads(1).thread_name("sinks").enable_all()).build()?;
    Ok(RUNTIME.get_or_init(|| made))
}
