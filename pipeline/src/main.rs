//! The program `sonoscope`.

use std::process::ExitCode;

use clap::Parser;
use sonoscope::cli::{self, Cli};

fn main() -> ExitCode {
    match cli::main(Cli::parse()) {
        Ok(exit) => ExitCode::from(exit as u8),
        Err(fault) => {
            eprintln!("error: {fault}");
            ExitCode::from(fault.code as u8)
        }
    }
}
