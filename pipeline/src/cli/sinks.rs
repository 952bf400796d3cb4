//! `sonoscope sinks`: where rows can go.

use clap::Args;

use super::say;
use crate::{
    fault::{Exit, Fault},
    sinks::catalogue,
};

/// Arguments of `sinks`.
#[derive(Debug, Args)]
pub struct SinksArgs {
    /// Leave the options of each out.
    #[arg(long)]
    short: bool,
}

/// Lists the sinks that are built in.
///
/// # Errors
/// Never.
pub fn run(args: &SinksArgs) -> Result<Exit, Fault> {
    for card in catalogue() {
        say(&format!("{:18} {}", card.name, card.about));
        say(&format!("{:18} --sink '{}'", "", card.example));
        for (name, about) in card.options.iter().filter(|_| !args.short) {
            say(&format!("{:18}   {name}: {about}", ""));
        }
    }
    Ok(Exit::Done)
}
