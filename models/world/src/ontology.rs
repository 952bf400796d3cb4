//! The ontology: what kind of thing each class is, in three levels, so that one retrieval can be
//! a nearer miss than another.

mod tree;

use serde::Serialize;

use self::{
    Branch::{Class, Group},
    tree::ROOTS,
};

/// What every id begins with.
const ID_PREFIX: &str = "/sonoscope/";

/// A part of the tree.
enum Branch {
    /// A kind of things, with what is of that kind.
    Group {
        name: &'static str,
        description: &'static str,
        members: &'static [Branch],
    },
    /// A class of the world, by its name.
    Class(&'static str, &'static str),
}

/// One entry, in the form and with the field names of AudioSet's `ontology.json`.
#[derive(Debug, Serialize)]
struct Entry {
    id: String,
    name: &'static str,
    description: &'static str,
    citation_uri: &'static str,
    positive_examples: [&'static str; 0],
    child_ids: Vec<String>,
    restrictions: &'static [&'static str],
}

/// The ontology of all classes as JSON, in the form of AudioSet's `ontology.json`: a list of
/// entries with `id`, `name`, `description`, `citation_uri`, `positive_examples`, `child_ids` and
/// `restrictions`. Groups are `abstract`: nothing is labelled with them. What has no parent is a
/// root; leaves are the classes, under their own names.
///
/// ```
/// let json = sonoscope_world::ontology_json();
/// let entries: Vec<serde_json::Value> = serde_json::from_str(&json)?;
/// assert!(entries.iter().any(|entry| entry["id"] == "/sonoscope/bell"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[expect(clippy::missing_panics_doc, reason = "it cannot happen")]
pub fn ontology_json() -> String {
    let mut entries = Vec::new();
    for branch in &ROOTS {
        branch.enter(&mut entries);
    }
    serde_json::to_string_pretty(&entries).expect("strings and lists of them are always JSON")
}

/// The names on the way from a root of the ontology to a class, root first and the class last.
/// `None` for what is no class.
///
/// ```
/// let path = sonoscope_world::class_path("bell");
/// assert_eq!(path, Some(vec!["Instruments", "Percussion", "bell"]));
/// assert_eq!(sonoscope_world::class_path("Percussion"), None);
/// ```
pub fn class_path(class: &str) -> Option<Vec<&'static str>> {
    let mut path = ROOTS.iter().find_map(|branch| branch.path_up(class))?;
    path.reverse();
    Some(path)
}

impl Branch {
    fn name(&self) -> &'static str {
        match self {
            Group { name, .. } | Class(name, _) => name,
        }
    }

    fn id(&self) -> String {
        let name = self.name().to_lowercase().replace(' ', "_");
        format!("{ID_PREFIX}{name}")
    }

    /// Adds this branch, then what grows from it.
    fn enter(&self, entries: &mut Vec<Entry>) {
        let (description, members, restrictions): (_, &[Self], &[_]) = match self {
            Group {
                description,
                members,
                ..
            } => (description, members, &["abstract"]),
            Class(_, description) => (description, &[], &[]),
        };
        entries.push(Entry {
            id: self.id(),
            name: self.name(),
            description,
            citation_uri: "",
            positive_examples: [],
            child_ids: members.iter().map(Self::id).collect(),
            restrictions,
        });
        for member in members {
            member.enter(entries);
        }
    }

    /// The names from a class up to this branch, if the class grows from it.
    fn path_up(&self, class: &str) -> Option<Vec<&'static str>> {
        match self {
            Class(name, _) => (*name == class).then(|| vec![*name]),
            Group { name, members, .. } => {
                let mut path = members.iter().find_map(|member| member.path_up(class))?;
                path.push(name);
                Some(path)
            }
        }
    }
}

#[cfg(test)]
mod tests;
