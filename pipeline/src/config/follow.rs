//! Taking up changes of the live sources that a configuration lists, while the program runs.

use std::{
    fs, io,
    path::{Path, PathBuf},
    thread,
    time::{Duration, SystemTime},
};

use sonoscope_operators::SourceId;

use super::{CameraTable, Choices, Config};
use crate::{cameras::Roster, fault::Fault, sources::Stop};

/// How often the file is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// Looks at the file until the run is stopped; sources that are new, changed or gone are put in,
/// exchanged or taken out. The others are not touched.
///
/// # Errors
/// When the system has no thread to give.
pub fn follow(
    path: PathBuf,
    known: Vec<CameraTable>,
    choices: Choices,
    roster: Roster,
    stop: Stop,
) -> io::Result<()> {
    let mut follower = Follower {
        stamp: stamp(&path),
        path,
        known,
        choices,
        roster,
    };
    thread::Builder::new()
        .name("configuration".into())
        .spawn(move || {
            while !stop.is_raised() {
                thread::sleep(LOOK);
                follower.look();
            }
        })?;
    Ok(())
}

struct Follower {
    path: PathBuf,
    stamp: Option<(SystemTime, u64)>,
    known: Vec<CameraTable>,
    choices: Choices,
    roster: Roster,
}

/// By what a change of the file is noticed.
fn stamp(path: &Path) -> Option<(SystemTime, u64)> {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

impl Follower {
    fn look(&mut self) {
        let stamp = stamp(&self.path);
        // A file that is gone is being written anew.
        if stamp.is_none() || stamp == self.stamp {
            return;
        }
        self.stamp = stamp;
        match Config::read(&self.path).and_then(|config| self.take_up(config.cameras())) {
            Ok(()) => {}
            Err(fault) => tracing::warn!("the configuration stays as it was: {fault}"),
        }
    }

    /// All tables are understood before any source is touched.
    fn take_up(&mut self, tables: &[CameraTable]) -> Result<(), Fault> {
        let specs = tables.iter().map(|table| table.spec(&self.choices));
        let specs: Vec<_> = specs.collect::<Result<_, _>>()?;
        let is_same = |table: &CameraTable| tables.contains(table);
        for gone in self.known.iter().filter(|table| !is_same(table)) {
            let id = gone.id.parse::<SourceId>();
            if let Ok(id) = id
                && self.roster.remove(&id).is_some()
            {
                tracing::info!("{id}: taken out, or changed, in {}", self.path.display());
            }
        }
        for (table, spec) in tables.iter().zip(specs) {
            if self.known.contains(table) {
                continue;
            }
            let id = spec.id.clone();
            match self.roster.add(spec) {
                Ok(_) => tracing::info!("{id}: put in from {}", self.path.display()),
                Err(refusal) => tracing::warn!("{id}: {refusal}"),
            }
        }
        self.known = tables.to_vec();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_has_changed_is_touched() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cameras.toml");
        let source =
            |id: &str, host: &str| format!("[[source]]\nid = '{id}'\nurl = 'rtsp://{host}/'\n");
        let mut follower = Follower {
            stamp: None,
            path: path.clone(),
            known: Vec::new(),
            choices: Choices::default(),
            roster: Roster::new(9),
        };
        let mut write = |text: String| {
            fs::write(&path, text).unwrap();
            follower.stamp = None;
            follower.look();
            let all = follower.roster.all();
            let told = all.iter().map(|camera| {
                let shown = camera.spec.address.to_string();
                (camera.spec.id.to_string(), shown, camera.ordinal % 1000)
            });
            told.collect::<Vec<_>>()
        };
        let first = write(source("a", "one") + &source("b", "one") + &source("c", "one"));
        assert_eq!(first.len(), 3);
        let then = write(source("a", "one") + &source("b", "two"));
        assert_eq!(then[0], first[0], "it was not touched");
        assert_eq!((then.len(), then[1].1.as_str()), (2, "rtsp://two/"));
        assert_ne!(then[1].2, first[1].2, "another source of the same name");
        let broken = write("[[source]]\nid = 'a'\n".into());
        assert_eq!(broken, then, "what cannot be understood changes nothing");
        assert!(write(String::new()).is_empty());
    }
}
