//! `sonoscope world`: clips of the synthetic world, with the truth beside each.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use sonoscope_world::{Difficulty, Split, World, WorldConfig, write_set};

use crate::fault::{Exit, Fault};

/// What `sonoscope world` takes.
#[derive(Args, Debug)]
pub struct WorldArgs {
    /// Folder for the clips.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,

    /// How many clips.
    #[arg(long, value_name = "N", default_value_t = 1)]
    clips: u64,

    /// Length of a clip.
    #[arg(long, value_name = "S", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=3600))]
    seconds: u32,

    /// The same seed makes the same clips.
    #[arg(long, value_name = "K", default_value_t = 0)]
    seed: u64,

    /// Columns and rows of the picture.
    #[arg(long, value_name = "WxH", default_value = "320x240", value_parser = size)]
    size: (u32, u32),

    /// Put clips into the folders train, validation and test, in these shares of a hundred.
    #[arg(long, value_name = "80/10/10")]
    split: Option<Split>,

    /// How hard objects are to find: large and almost alone, or small among others.
    #[arg(long, value_enum, default_value_t = Level::Hard)]
    difficulty: Level,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Level {
    Easy,
    Hard,
}

fn size(text: &str) -> Result<(u32, u32), String> {
    let parse = |(w, h): (&str, &str)| Some((w.parse().ok()?, h.parse().ok()?));
    let (width, height) =
        (text.split_once('x').and_then(parse)).ok_or("must be columns x rows, such as 320x240")?;
    let fits = |pixels: u32| pixels.is_multiple_of(2) && (32..=4096).contains(&pixels);
    if fits(width) && fits(height) {
        Ok((width, height))
    } else {
        Err("both must be even and from 32 to 4096".into())
    }
}

/// Does it.
///
/// # Errors
/// When a clip cannot be made or written.
pub fn run(args: WorldArgs) -> Result<Exit, Fault> {
    crate::start_gstreamer()?;
    let config = WorldConfig {
        world: World {
            seed: args.seed,
            size: args.size,
            seconds: args.seconds,
            difficulty: match args.difficulty {
                Level::Easy => Difficulty::Easy,
                Level::Hard => Difficulty::Hard,
            },
            ..World::default()
        },
        split: args.split,
        ..WorldConfig::default()
    };
    let told = |done: u64| {
        if done.is_multiple_of(100) || done == args.clips {
            tracing::info!("{done} of {} clips", args.clips);
        }
    };
    write_set(&config, &args.out, args.clips, told).map_err(Fault::environment)?;
    Ok(Exit::Done)
}
