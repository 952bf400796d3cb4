//! Writes clips into a folder and says how fast.
//! `cargo run --release -p sonoscope-world --example set FOLDER CLIPS [hard]`

use std::{env, error::Error, path::PathBuf, time::Instant};

use sonoscope_world::{Difficulty, World, WorldConfig, write_set};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = env::args().skip(1);
    let folder = PathBuf::from(args.next().ok_or("give a folder to write to")?);
    let clips = args.next().ok_or("give a number of clips")?.parse()?;
    let difficulty = match args.next().as_deref() {
        Some("hard") => Difficulty::Hard,
        _ => Difficulty::Easy,
    };
    let config = WorldConfig {
        world: World {
            difficulty,
            ..World::default()
        },
        ..WorldConfig::default()
    };
    let start = Instant::now();
    write_set(&config, &folder, clips, |_| {})?;
    let seconds = start.elapsed().as_secs_f64();
    eprintln!(
        "{clips} clips in {seconds:.1} s: {:.1} a second",
        clips as f64 / seconds
    );
    Ok(())
}
