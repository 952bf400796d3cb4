//! The program with the C library's allocator: under `faketime`, jemalloc waits for itself.

use std::process::ExitCode;

fn main() -> ExitCode {
    sonoscope::cli::main()
}
