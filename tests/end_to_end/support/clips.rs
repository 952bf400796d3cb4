//! Recordings, made when they are first asked for and kept under a name that tells how.

use std::{
    collections::hash_map::DefaultHasher,
    fs,
    hash::{Hash, Hasher},
    path::{Path, PathBuf},
    process,
    sync::{
        OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
};

use super::{
    cache,
    program::{sonoscope, tool},
};

/// A file that `ffmpeg` makes of these arguments, given as one line split at spaces. Its name is
/// `stem-HASH.extension`, so that another recipe makes another file.
pub fn ffmpeg(name: &str, arguments: &str) -> PathBuf {
    made(name, arguments, |path| {
        let words = (arguments.split_whitespace()).map(|word| word.replace("{cache}", &cached()));
        let quiet = ["-nostdin", "-v", "error", "-y"].map(String::from);
        let target = path.to_str().unwrap().to_owned();
        tool("ffmpeg", quiet.into_iter().chain(words).chain([target]));
    })
}

/// A file that `make` writes; `recipe` is all that decides over its content.
pub fn made(name: &str, recipe: &str, make: impl FnOnce(&Path)) -> PathBuf {
    static SERIAL: AtomicUsize = AtomicUsize::new(0);
    let mut hasher = DefaultHasher::new();
    (name, recipe).hash(&mut hasher);
    let (stem, extension) = name.split_once('.').unwrap();
    let key = hasher.finish() & 0xffff_ffff;
    let path = cache().join(format!("{stem}-{key:08x}.{extension}"));
    if !path.exists() {
        // Another test may be making the same: the last to finish wins, with the same content.
        let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
        let partial = format!("partial-{}-{serial}.{extension}", process::id());
        let partial = cache().join(partial);
        make(&partial);
        fs::rename(&partial, &path).unwrap();
    }
    path
}

fn cached() -> String {
    cache().to_str().unwrap().to_owned()
}

/// The id that a recording has in rows.
pub fn id(path: &Path) -> String {
    let stem = path.file_stem().unwrap().to_str().unwrap();
    stem.to_lowercase().replace(['_', '.'], "-")
}

/// Three clips of the synthetic world, 3 s each.
pub fn world() -> &'static [PathBuf] {
    static CLIPS: OnceLock<Vec<PathBuf>> = OnceLock::new();
    CLIPS.get_or_init(|| {
        let folder = cache().join("world");
        let clips: Vec<_> = (0..3)
            .map(|clip| folder.join(format!("clip-{clip:05}.mp4")))
            .collect();
        if !clips.iter().all(|clip| clip.exists()) {
            let words = "world --clips 3 --seconds 3 --seed 5 --difficulty easy --out";
            sonoscope(words.split(' ')).and([&folder]).done();
        }
        clips
    })
}
