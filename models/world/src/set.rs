//! Writing many clips into a folder, on several threads, again and again until all are there.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
};

use serde::{Deserialize, Serialize};

use crate::{Encoding, Error, Split, World, encode, encode::truth_path, ontology_json};

/// The file in a set's folder that says how the set was made.
const CONFIG_NAME: &str = "world.json";

/// The file in each folder of clips that says what kind of thing each class is.
const ONTOLOGY_NAME: &str = "ontology.json";

/// What a set of clips is made of.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorldConfig {
    /// The world of the clips.
    pub world: World,
    /// How they are encoded.
    pub encoding: Encoding,
    /// Into which folders they go; all into one if `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split: Option<Split>,
    /// Clips written at the same time; 0 is one a processor core. Does not change what is written.
    #[serde(skip)]
    pub threads: usize,
}

impl WorldConfig {
    /// Whether both write the same files.
    fn writes_like(&self, other: &Self) -> bool {
        let same_clips = self.world == other.world && self.encoding == other.encoding;
        same_clips && self.split == other.split
    }
}

/// Writes the first `clips` clips of a world as `clip-00000.mp4`, `clip-00000.json` and so on,
/// with an [`ontology.json`](ontology_json) beside them. With a split, clips go into the folders
/// `train`, `validation` and `test` in `out_dir`, no clip into two of them. Clips that are there already are left alone, so that what was interrupted can be resumed, and
/// a set can grow. After each clip, `progress` is told how many are there.
///
/// ```no_run
/// # use sonoscope_world::{WorldConfig, write_set};
/// write_set(&WorldConfig::default(), "set".as_ref(), 100, |done| println!("{done} of 100"))?;
/// # Ok::<(), sonoscope_world::Error>(())
/// ```
pub fn write_set(
    config: &WorldConfig,
    out_dir: &Path,
    clips: u64,
    progress: impl Fn(u64) + Sync,
) -> Result<(), Error> {
    fs::create_dir_all(out_dir).map_err(Error::io("creating", out_dir))?;
    claim(config, out_dir)?;
    prepare_folders(config, out_dir)?;
    let (next, done, stop) = (AtomicU64::new(0), AtomicU64::new(0), AtomicBool::new(false));
    let failure = Mutex::new(None);
    let work = || {
        while !stop.load(Ordering::Relaxed) {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= clips {
                break;
            }
            match write_clip(config, out_dir, index) {
                Ok(()) => progress(done.fetch_add(1, Ordering::Relaxed) + 1),
                Err(error) => {
                    stop.store(true, Ordering::Relaxed);
                    failure
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .get_or_insert(error);
                }
            }
        }
    };
    thread::scope(|scope| {
        for number in 1..thread_count(config, clips) {
            let name = format!("world-{number}");
            let helper = thread::Builder::new().name(name).spawn_scoped(scope, work);
            helper.map_err(Error::io("starting a thread to fill", out_dir))?;
        }
        work();
        Ok(())
    })?;
    failure
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner)
        .map_or(Ok(()), Err)
}

fn thread_count(config: &WorldConfig, clips: u64) -> u64 {
    let wanted = match config.threads {
        0 => thread::available_parallelism().map_or(1, usize::from),
        threads => threads,
    };
    (wanted as u64).min(clips)
}

fn write_clip(config: &WorldConfig, out_dir: &Path, index: u64) -> Result<(), Error> {
    let path = clip_path(config.split, out_dir, index);
    // The truth is written last: where it is, all is.
    if truth_path(&path).exists() {
        return Ok(());
    }
    encode(&config.world.clip(index), &path, &config.encoding)
}

fn clip_path(split: Option<Split>, out_dir: &Path, index: u64) -> PathBuf {
    let name = format!("clip-{index:05}.mp4");
    match split {
        Some(split) => out_dir.join(split.folder_of(index)).join(name),
        None => out_dir.join(name),
    }
}

/// Makes the folders that clips go into, each with the ontology in it.
fn prepare_folders(config: &WorldConfig, out_dir: &Path) -> Result<(), Error> {
    let folders = match config.split {
        Some(split) => split.folders().map(|name| out_dir.join(name)).collect(),
        None => vec![out_dir.to_owned()],
    };
    let ontology = ontology_json();
    for folder in folders {
        fs::create_dir_all(&folder).map_err(Error::io("creating", &folder))?;
        let path = folder.join(ONTOLOGY_NAME);
        fs::write(&path, &ontology).map_err(Error::io("writing", &path))?;
    }
    Ok(())
}

/// Writes down how the set is made, or checks that the folder's set was made so.
fn claim(config: &WorldConfig, out_dir: &Path) -> Result<(), Error> {
    let path = out_dir.join(CONFIG_NAME);
    match fs::read(&path) {
        Ok(bytes) => match serde_json::from_slice::<WorldConfig>(&bytes) {
            Ok(present) if config.writes_like(&present) => Ok(()),
            _ => Err(Error::OtherWorld(out_dir.to_owned())),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let json = serde_json::to_vec_pretty(config)
                .map_err(|error| Error::io("writing", &path)(error.into()))?;
            fs::write(&path, json).map_err(Error::io("writing", &path))
        }
        Err(error) => Err(Error::io("reading", &path)(error)),
    }
}
