//! The program `sonoscope`.

use std::process::ExitCode;

use sonoscope::cli;
use tikv_jemallocator::Jemalloc;

/// Of all that is linked with the program, GStreamer and ONNX Runtime too. The C library's own would
/// keep a heap for each of some threads, and little of what cameras needed that are gone returns.
#[global_allocator]
static MEMORY: Jemalloc = Jemalloc;

fn main() -> ExitCode {
    cli::main()
}
