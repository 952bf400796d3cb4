//! Files that may still be written to.

use std::{
    collections::{HashMap, HashSet},
    fs,
    path::PathBuf,
    time::{Duration, Instant, SystemTime},
};

use super::{Path64, finding::Recording, path64};

/// A file that has not changed for so long is finished, though nobody has said so.
const REST: Duration = Duration::from_secs(5);

/// Files that are being written, and those that were taken before.
#[derive(Debug, Default)]
pub struct Settling {
    taken: HashSet<Path64>,
    restless: HashMap<PathBuf, Restless>,
}

/// A file that may still be written to.
#[derive(Debug)]
struct Restless {
    recording: Recording,
    is_first: bool,
    form: Option<Form>,
    since: Instant,
}

/// What changes when a file is written to.
type Form = (u64, SystemTime);

/// How a recording stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stand {
    /// It is to be taken.
    Ready,
    /// It is to be taken when it is finished.
    Waits,
    /// It was taken before.
    Taken,
}

impl Settling {
    /// How a recording stands that was found `now`; `is_finished` tells that whoever wrote it has
    /// closed it.
    pub fn stand(
        &mut self,
        recording: &Recording,
        is_first: bool,
        is_finished: bool,
        now: Instant,
    ) -> Stand {
        let path = &recording.entry.path;
        if self.taken.contains(&path64(path)) {
            return Stand::Taken;
        }
        let form = form(path);
        if is_finished || form.is_some_and(|(_, changed)| is_old(changed)) {
            self.restless.remove(path);
            self.taken.insert(path64(path));
            return Stand::Ready;
        }
        self.restless
            .entry(path.clone())
            .or_insert_with(|| Restless {
                recording: Recording {
                    entry: recording.entry.clone(),
                    name: recording.name.clone(),
                },
                is_first,
                form,
                since: now,
            });
        Stand::Waits
    }

    /// The recordings that have not changed for long enough, each with whether it is of the first
    /// folder; those that are gone are forgotten.
    pub fn settled(&mut self, now: Instant) -> Vec<(Recording, bool)> {
        for (path, restless) in &mut self.restless {
            if now.duration_since(restless.since) < REST {
                continue;
            }
            let form = form(path);
            if form != restless.form {
                (restless.form, restless.since) = (form, now);
            }
        }
        self.restless.retain(|_, restless| restless.form.is_some());
        let is_settled =
            |_: &PathBuf, restless: &mut Restless| now.duration_since(restless.since) >= REST;
        let mut settled: Vec<_> = self.restless.extract_if(is_settled).collect();
        settled.sort_by(|(one, _), (other, _)| one.cmp(other));
        let taken = settled.iter().map(|(path, _)| path64(path));
        self.taken.extend(taken);
        let pairs = settled
            .into_iter()
            .map(|(_, one)| (one.recording, one.is_first));
        pairs.collect()
    }
}

fn form(path: &PathBuf) -> Option<Form> {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.len(), metadata.modified().ok()?))
}

fn is_old(changed: SystemTime) -> bool {
    changed.elapsed().is_ok_and(|age| age >= REST)
}

#[cfg(test)]
mod tests {
    use std::{fs::File, path::Path};

    use super::*;
    use crate::{dataset::Entry, inputs::finding::Name};

    fn recording(path: &Path) -> Recording {
        let entry = Entry::of_file(path.into());
        let name = Name::Stem;
        Recording { entry, name }
    }

    #[test]
    fn a_file_is_taken_once_when_it_is_closed_or_old_or_at_rest() {
        let home = tempfile::tempdir().unwrap();
        let [closed, old, rests] = ["closed", "old", "rests"].map(|name| home.path().join(name));
        for path in [&closed, &old, &rests] {
            fs::write(path, "x").unwrap();
        }
        let long_ago = SystemTime::now() - Duration::from_secs(60);
        File::options()
            .write(true)
            .open(&old)
            .unwrap()
            .set_modified(long_ago)
            .unwrap();
        let (mut settling, now) = (Settling::default(), Instant::now());
        let mut stand =
            |path: &Path, is_finished| settling.stand(&recording(path), true, is_finished, now);
        assert_eq!(stand(&old, false), Stand::Ready);
        assert_eq!(stand(&closed, false), Stand::Waits);
        assert_eq!(stand(&closed, true), Stand::Ready);
        assert_eq!(stand(&closed, true), Stand::Taken);
        assert_eq!(stand(&rests, false), Stand::Waits);
        assert_eq!(settling.settled(now + REST / 2).len(), 0);
        fs::write(&rests, "xy").unwrap();
        assert_eq!(settling.settled(now + REST).len(), 0, "it has grown");
        assert_eq!(settling.settled(now + REST * 3 / 2).len(), 0);
        let settled = settling.settled(now + REST * 2);
        assert_eq!(settled[0].0.entry.path, rests);
        assert!(settling.settled(now + REST * 9).is_empty());
    }

    #[test]
    fn a_file_that_goes_is_forgotten() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("a.mp4");
        fs::write(&path, "x").unwrap();
        let (mut settling, now) = (Settling::default(), Instant::now());
        assert_eq!(
            settling.stand(&recording(&path), true, false, now),
            Stand::Waits
        );
        fs::remove_file(&path).unwrap();
        assert!(settling.settled(now + REST).is_empty());
        assert!(settling.restless.is_empty());
    }
}
