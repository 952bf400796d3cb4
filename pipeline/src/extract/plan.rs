//! What is left to do of a set, and what each source is called.

use std::{
    collections::{HashMap, HashSet},
    fs,
};

use sha2::{Digest, Sha256};
use sonoscope_operators::SourceId;

use super::manifest::{Key, Line, Manifest, Stamp, key};
use crate::{
    dataset::Entry,
    inputs,
    sources::{Reading, SourceError, SourceSpec},
    weights::hashes::hex,
};

/// A source that is to be read.
#[derive(Clone, Debug)]
pub struct Task {
    /// For those who read it.
    pub spec: SourceSpec,
    /// What is known of it.
    pub entry: Entry,
    /// The file as it is now; nothing when there is none.
    pub stamp: Option<Stamp>,
}

/// What is to be done, and what is not.
#[derive(Debug, Default)]
pub struct Plan {
    /// Sources to read, in order.
    pub tasks: Vec<Task>,
    /// Sources that were done before, and well.
    pub already: usize,
    /// Sources that were done before, and not well: name and trouble.
    pub troubles: Vec<(SourceId, String, SourceError)>,
}

impl Plan {
    /// Of these recordings, those that `manifest` does not tell of. One that is named twice is
    /// done once.
    pub fn new(entries: Vec<Entry>, manifest: &Manifest, reading: Reading) -> Self {
        let ids = Ids::new(&entries, manifest);
        let mut plan = Self::default();
        let mut named = HashSet::new();
        for entry in entries {
            let key = key(&entry);
            if !named.insert(key.clone()) {
                continue;
            }
            let id = ids.of(&entry, &key);
            let stamp = fs::metadata(&entry.path).ok().map(|file| Stamp::of(&file));
            match manifest.get(&key) {
                Some(line) => match trouble(line, stamp) {
                    Before::Fine => plan.already += 1,
                    Before::Trouble(error) => {
                        plan.troubles
                            .push((id, entry.path.display().to_string(), error));
                    }
                    Before::Again => plan.push(id, entry, stamp, reading),
                },
                None => plan.push(id, entry, stamp, reading),
            }
        }
        plan
    }

    fn push(&mut self, id: SourceId, entry: Entry, stamp: Option<Stamp>, reading: Reading) {
        let reading = Reading {
            range: entry.range(),
            ..reading
        };
        let spec = SourceSpec {
            ordinal: self.tasks.len() as u32,
            ..SourceSpec::new(id, entry.path.clone(), reading)
        };
        self.tasks.push(Task { spec, entry, stamp });
    }
}

/// How a source stands that was done before.
enum Before {
    Fine,
    Trouble(SourceError),
    /// It gave nothing, and is another file now.
    Again,
}

fn trouble(line: &Line, stamp: Option<Stamp>) -> Before {
    // A file that is gone has been learned from all the same.
    let changed = stamp.is_some_and(|stamp| stamp != line.stamp);
    match &line.error {
        _ if changed && line.shard.is_none() => Before::Again,
        _ if changed => Before::Trouble(SourceError::Changed),
        Some(error) => Before::Trouble(SourceError::Before(error.clone())),
        None => Before::Fine,
    }
}

/// Names that depend on paths alone: never on what else was done, nor on the order.
struct Ids<'a> {
    /// How many recordings of this run would have a name.
    wanted: HashMap<SourceId, usize>,
    /// What is called so already.
    taken: HashSet<&'a str>,
    manifest: &'a Manifest,
}

impl<'a> Ids<'a> {
    fn new(entries: &[Entry], manifest: &'a Manifest) -> Self {
        let mut wanted = HashMap::new();
        let distinct: HashMap<_, _> = entries.iter().map(|e| (key(e), slug(e))).collect();
        for slug in distinct.into_values() {
            *wanted.entry(slug).or_default() += 1;
        }
        let taken = manifest.lines().map(|line| line.id.as_str()).collect();
        Self {
            wanted,
            taken,
            manifest,
        }
    }

    /// The name that it has, or the slug of its own; where others want the same, with a hash of
    /// its path behind it.
    fn of(&self, entry: &Entry, key: &Key) -> SourceId {
        let slug = slug(entry);
        if let Some(line) = self.manifest.get(key) {
            return SourceId::slug(&line.id);
        }
        let alone = self.wanted.get(&slug) == Some(&1);
        if alone && !self.taken.contains(slug.as_str()) {
            return slug;
        }
        let (path, from, to) = key;
        let whole = format!("{} {from} {to}", path.display());
        let hash = hex(&Sha256::digest(whole)[..4]);
        SourceId::slug(&format!("{slug}-{hash}"))
    }
}

fn slug(entry: &Entry) -> SourceId {
    match &entry.id {
        Some(id) => SourceId::slug(id),
        None => inputs::stem(&entry.path),
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::*;

    fn manifest(home: &Path) -> Manifest {
        Manifest::open(&home.join("manifest.jsonl")).unwrap()
    }

    fn done(home: &Path, name: &str, shard: Option<&str>, error: Option<&str>) -> Line {
        let path = home.join(name);
        fs::write(&path, name).unwrap();
        let stamp = Stamp::of(&fs::metadata(&path).unwrap());
        if let Some(shard) = shard {
            fs::write(home.join(shard), "").unwrap();
        }
        Line {
            id: name.split('.').next().unwrap().into(),
            path,
            from_s: 0,
            to_s: None,
            stamp,
            shard: shard.map(Into::into),
            split: None,
            pairs: usize::from(shard.is_some()),
            silent: 0,
            frozen: 0,
            not_numbers: 0,
            error: error.map(Into::into),
        }
    }

    fn ids(plan: &Plan) -> Vec<&str> {
        plan.tasks
            .iter()
            .map(|task| task.spec.id.as_str())
            .collect()
    }

    fn of(paths: &[PathBuf]) -> Vec<Entry> {
        paths.iter().cloned().map(Entry::of_file).collect()
    }

    #[test]
    fn names_do_not_depend_on_the_order() {
        let home = tempfile::tempdir().unwrap();
        let manifest = manifest(home.path());
        let mut entries =
            of(&["/a/Dog.mp4", "/b/dog.mkv", "/b/cat.mkv", "/b/cat.mkv"].map(PathBuf::from));
        let plan = Plan::new(entries.clone(), &manifest, Reading::default());
        let [one, two, cat] = ids(&plan)[..] else {
            panic!("{plan:?}")
        };
        assert_eq!(cat, "cat");
        assert!(one.starts_with("dog-") && two.starts_with("dog-") && one != two);
        entries.reverse();
        let plan = Plan::new(entries, &manifest, Reading::default());
        assert_eq!(ids(&plan), [cat, two, one]);
    }

    #[test]
    fn a_name_that_is_taken_is_not_given_again() {
        let home = tempfile::tempdir().unwrap();
        let mut manifest = manifest(home.path());
        let line = done(home.path(), "dog.mp4", Some("a.tar"), None);
        manifest.append(vec![line.clone()]).unwrap();
        let plan = Plan::new(
            of(&[line.path, "/b/dog.mp4".into()]),
            &manifest,
            Reading::default(),
        );
        assert_eq!(plan.already, 1);
        assert!(ids(&plan)[0].starts_with("dog-"), "{plan:?}");
    }

    #[test]
    fn seconds_of_one_recording_are_sources_of_their_own() {
        let home = tempfile::tempdir().unwrap();
        let part = |start: f64| Entry {
            start_s: Some(start),
            end_s: Some(start + 10.0),
            ..Entry::of_file("/a/film.mp4".into())
        };
        let plan = Plan::new(
            vec![part(0.0), part(30.0)],
            &manifest(home.path()),
            Reading::default(),
        );
        assert_eq!(plan.tasks[1].spec.range.from, 30);
        assert_ne!(plan.tasks[0].spec.id, plan.tasks[1].spec.id);
    }

    #[test]
    fn what_changed_is_told_and_what_failed_is_tried_when_it_changed() {
        let home = tempfile::tempdir().unwrap();
        let mut manifest = manifest(home.path());
        let fine = done(home.path(), "fine.mp4", Some("a.tar"), None);
        let other = done(home.path(), "other.mp4", Some("a.tar"), None);
        let broken = done(home.path(), "broken.mp4", None, Some("it is broken"));
        let mended = done(home.path(), "mended.mp4", None, Some("it is broken"));
        for path in [&other.path, &mended.path] {
            fs::write(path, "something else altogether").unwrap();
        }
        let lines = vec![fine, other, broken, mended];
        let paths: Vec<_> = lines.iter().map(|line| line.path.clone()).collect();
        manifest.append(lines).unwrap();
        let plan = Plan::new(of(&paths), &manifest, Reading::default());
        assert_eq!((plan.already, ids(&plan)), (1, vec!["mended"]));
        let told: Vec<_> = plan
            .troubles
            .iter()
            .map(|(id, _, e)| format!("{id}: {e}"))
            .collect();
        assert!(told[0].starts_with("other: it has changed"), "{told:?}");
        assert_eq!(told[1], "broken: it is broken");
    }
}
