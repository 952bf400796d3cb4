//! The classes of the clips, and how relevant one clip is to another.

use std::{collections::BTreeSet, path::Path};

use super::{
    ontology::{Distances, Ontology},
    truth::Truth,
};
use crate::fault::Fault;

/// The file beside recordings that tells how their classes are related.
const ONTOLOGY_NAME: &str = "ontology.json";

/// Classes of clips, as far as they are known.
pub struct Labels {
    /// What the ontology is called.
    pub ontology: String,
    /// All classes, in alphabetical order.
    pub classes: Vec<String>,
    /// The classes of each clip.
    of_clips: Vec<Vec<usize>>,
    distances: Distances,
}

/// The ontology that was asked for, or the one in the folder of the recordings, if there is one.
///
/// # Errors
/// When it cannot be read, or lacks a class of the truths.
pub fn find_ontology<'a>(
    asked: Option<&Path>,
    folder: &Path,
    truths: impl Iterator<Item = &'a Truth>,
) -> Result<Option<Ontology>, Fault> {
    let beside = folder.join(ONTOLOGY_NAME);
    let path = match asked {
        Some(path) => path,
        None if beside.is_file() => &beside,
        None => return Ok(None),
    };
    let ontology = Ontology::read(path)?;
    let classes: BTreeSet<&str> = truths
        .flat_map(|t| &t.classes)
        .map(String::as_str)
        .collect();
    let missing: Vec<&str> = (classes.into_iter())
        .filter(|class| ontology.class(class).is_none())
        .collect();
    match missing.is_empty() {
        true => Ok(Some(ontology)),
        false => Err(Fault::usage(format!(
            "the ontology {} lacks classes of the truth: {}",
            path.display(),
            missing.join(", ")
        ))
        .tip("name one that has them with --ontology; classes go by id or by name")),
    }
}

impl Labels {
    /// The labels of clips of which these truths are known; nothing if no class is. Without an
    /// ontology all classes are equally far apart.
    pub fn new<'a>(
        truths: impl Iterator<Item = Option<&'a Truth>>,
        ontology: Option<&Ontology>,
    ) -> Option<Self> {
        let of_clips: Vec<&[String]> = truths
            .map(|truth| truth.map_or(&[][..], |truth| &truth.classes))
            .collect();
        let classes: BTreeSet<&String> = of_clips.iter().copied().flatten().collect();
        let classes: Vec<String> = classes.into_iter().cloned().collect();
        if classes.is_empty() {
            return None;
        }
        let flat = Ontology::flat(classes.iter().map(String::as_str));
        let ontology = ontology.unwrap_or(&flat);
        // What is not there was refused before.
        let places: Vec<usize> = classes.iter().filter_map(|c| ontology.class(c)).collect();
        let numbers = |names: &&[String]| -> Vec<usize> {
            let number = |name| classes.binary_search(name).ok();
            names.iter().filter_map(number).collect()
        };
        Some(Self {
            ontology: ontology.name.clone(),
            of_clips: of_clips.iter().map(numbers).collect(),
            distances: Distances::new(ontology, &places),
            classes,
        })
    }

    /// Relevance of a clip to another one: the largest distance between any two classes of the
    /// set, less the distance of these.
    pub fn relevance(&self, query: usize, result: usize) -> u32 {
        let between = (self.distances).of_items(&self.of_clips[query], &self.of_clips[result]);
        self.distances.largest - between
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn truth(classes: &[&str]) -> Truth {
        Truth {
            classes: classes.iter().map(|&class| class.into()).collect(),
            seconds: Vec::new(),
        }
    }

    #[test]
    fn relevance_by_hand() {
        let (bell, both, none) = (truth(&["bell"]), truth(&["dog", "bell"]), truth(&[]));
        let dog = truth(&["dog"]);
        let truths = [Some(&bell), None, Some(&both), Some(&none), Some(&dog)];
        let labels = Labels::new(truths.into_iter(), None).unwrap();
        assert_eq!(labels.classes, ["bell", "dog"]);
        assert_eq!(labels.relevance(0, 4), 0);
        assert_eq!(labels.relevance(0, 2), 2);
        assert!(Labels::new([None, Some(&none)].into_iter(), None).is_none());
    }

    #[test]
    fn an_ontology_must_have_all_classes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(ONTOLOGY_NAME);
        let find = || find_ontology(None, folder.path(), [truth(&["bell", "dog"])].iter());
        assert!(find().unwrap().is_none());
        std::fs::write(&path, r#"[{"id": "/x/bell", "name": "Bell"}]"#).unwrap();
        let fault = find().unwrap_err().to_string();
        assert!(fault.contains("truth: dog\n"), "{fault}");
        let both = r#"[{"id": "/x/bell", "name": "Bell"}, {"id": "dog", "name": "Dog"}]"#;
        std::fs::write(&path, both).unwrap();
        assert!(find().unwrap().is_some());
    }
}
