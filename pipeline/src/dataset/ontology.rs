//! Classes of sounds and what lies under what, in the form of AudioSet's `ontology.json`.

use std::{
    collections::{HashMap, HashSet},
    fs,
    path::Path,
};

use serde::Deserialize;

/// Why an ontology cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OntologyError {
    /// It cannot be read.
    #[error("cannot read the ontology {path:?}: {cause}")]
    Unreadable {
        /// Which file.
        path: std::path::PathBuf,
        /// What the system or the reader of JSON says.
        cause: std::io::Error,
    },
    /// It has no class of this name.
    #[error("there is no class {0:?} in the ontology")]
    NoClass(String),
}

/// Classes by their ids.
#[derive(Debug)]
pub struct Ontology {
    classes: HashMap<String, Class>,
}

#[derive(Debug, Deserialize)]
struct Class {
    id: String,
    name: String,
    #[serde(default)]
    child_ids: Vec<String>,
}

impl Ontology {
    /// Reads a list of `{"id", "name", "child_ids"}`; whatever else is said is passed over.
    ///
    /// # Errors
    /// When the file cannot be read or is of another form.
    pub fn read(path: &Path) -> Result<Self, OntologyError> {
        let unreadable = |cause| OntologyError::Unreadable {
            path: path.into(),
            cause,
        };
        let bytes = fs::read(path).map_err(unreadable)?;
        let classes: Vec<Class> =
            serde_json::from_slice(&bytes).map_err(|error| unreadable(error.into()))?;
        let by_id = classes.into_iter().map(|class| (class.id.clone(), class));
        Ok(Self {
            classes: by_id.collect(),
        })
    }

    /// The class of this name, and all under it: ids and their names.
    ///
    /// # Errors
    /// When there is none of this name.
    pub fn under(&self, name: &str) -> Result<HashMap<String, String>, OntologyError> {
        let id = self.id(name)?;
        Ok(self.reach(id, &HashSet::new()))
    }

    /// Ids, and of which of the classes of these names each is: those themselves, and what lies
    /// under them and is not one of them, nor under another one that is nearer.
    ///
    /// # Errors
    /// When there is none of a name.
    pub fn nearest(&self, names: &[String]) -> Result<HashMap<String, String>, OntologyError> {
        let ids: Result<Vec<_>, _> = names.iter().map(|name| self.id(name)).collect();
        let ids = ids?;
        let mut nearest = HashMap::new();
        for (&id, name) in ids.iter().zip(names) {
            let others = ids.iter().copied().filter(|other| *other != id).collect();
            let mine = self.reach(id, &others).into_keys();
            nearest.extend(mine.map(|id| (id, name.clone())));
        }
        Ok(nearest)
    }

    fn id(&self, name: &str) -> Result<&str, OntologyError> {
        // A name that two classes have is the one's whose id comes first, on every run.
        let of_name = self.classes.values().filter(|class| class.name == name);
        let id = of_name.map(|class| class.id.as_str()).min();
        id.ok_or_else(|| OntologyError::NoClass(name.into()))
    }

    /// What can be reached from a class without going through `closed`.
    fn reach(&self, id: &str, closed: &HashSet<&str>) -> HashMap<String, String> {
        let mut reached = HashMap::new();
        let mut waiting = vec![id];
        while let Some(class) = waiting.pop().and_then(|id| self.classes.get(id)) {
            if !closed.contains(class.id.as_str())
                && reached.insert(class.id.clone(), class.name.clone()).is_none()
            {
                let children = class.child_ids.iter().map(String::as_str);
                waiting.extend(children.filter(|child| self.classes.contains_key(*child)));
            }
        }
        reached
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small() -> Ontology {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("ontology.json");
        let text = r#"[
            {"id": "1", "name": "Animal", "child_ids": ["2", "3", "9"], "restrictions": []},
            {"id": "2", "name": "Dog", "child_ids": ["4"]},
            {"id": "3", "name": "Bee"},
            {"id": "4", "name": "Bark", "child_ids": ["5", "1"]},
            {"id": "5", "name": "Yap"},
            {"id": "6", "name": "Car"}
        ]"#;
        fs::write(&path, text).unwrap();
        Ontology::read(&path).unwrap()
    }

    fn sorted(map: HashMap<String, String>) -> Vec<(String, String)> {
        let mut pairs: Vec<_> = map.into_iter().collect();
        pairs.sort();
        pairs
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|&(id, name)| (id.into(), name.into())).collect()
    }

    #[test]
    fn all_under_a_class_even_in_a_circle() {
        let animals = [("1", "Animal"), ("2", "Dog"), ("3", "Bee"), ("4", "Bark"), ("5", "Yap")];
        assert_eq!(sorted(small().under("Animal").unwrap()), pairs(&animals));
        assert_eq!(sorted(small().under("Car").unwrap()), pairs(&[("6", "Car")]));
    }

    #[test]
    fn the_nearest_class_counts() {
        let names = ["Dog", "Yap"].map(str::to_owned);
        let wanted = [("1", "Dog"), ("2", "Dog"), ("3", "Dog"), ("4", "Dog"), ("5", "Yap")];
        assert_eq!(sorted(small().nearest(&names).unwrap()), pairs(&wanted));
    }

    #[test]
    fn a_class_that_is_not_there_is_named() {
        let error = small().nearest(&["Cat".into()]).unwrap_err();
        assert_eq!(error.to_string(), "there is no class \"Cat\" in the ontology");
    }
}
