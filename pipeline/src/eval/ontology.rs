//! A tree of classes, and how far two classes are apart in it.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fs,
    path::Path,
};

use serde::Deserialize;

use crate::fault::Fault;

/// Classes in the JSON form of AudioSet's ontology: a list of `{id, name, child_ids, ...}`.
///
/// Classes without a parent hang under one root that is not in the file.
#[derive(Clone, Debug)]
pub struct Ontology {
    /// What it is called in reports.
    pub name: String,
    /// The place of each class, by its id and by its name in lower case.
    places: HashMap<String, usize>,
    parents: Vec<Vec<usize>>,
}

#[derive(Deserialize)]
struct Entry {
    id: String,
    name: String,
    #[serde(default)]
    child_ids: Vec<String>,
}

impl Ontology {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read, is of another form, or is no tree.
    pub fn read(path: &Path) -> Result<Self, Fault> {
        let wrong = |error: &dyn std::fmt::Display| {
            Fault::usage(format!("the ontology {}: {error}", path.display()))
                .tip("it must be a JSON list of {id, name, child_ids}, as AudioSet's ontology.json")
        };
        let bytes = fs::read(path).map_err(|error| wrong(&error))?;
        let entries = serde_json::from_slice(&bytes).map_err(|error| wrong(&error))?;
        let name = path.file_name().unwrap_or(path.as_os_str());
        Self::new(name.to_string_lossy().into_owned(), entries).map_err(|error| wrong(&error))
    }

    /// Each class a child of the root: all pairs of different classes are equally far apart.
    pub fn flat<'a>(classes: impl IntoIterator<Item = &'a str>) -> Self {
        let places: HashMap<String, usize> = classes
            .into_iter()
            .enumerate()
            .map(|(place, class)| (class.to_lowercase(), place))
            .collect();
        let parents = vec![Vec::new(); places.values().max().map_or(0, |place| place + 1)];
        Self {
            name: "none: all classes equally far apart".into(),
            places,
            parents,
        }
    }

    fn new(name: String, entries: Vec<Entry>) -> Result<Self, String> {
        let mut places = HashMap::new();
        for (place, entry) in entries.iter().enumerate() {
            if places.insert(entry.id.clone(), place).is_some() {
                return Err(format!("the id `{}` is in it twice", entry.id));
            }
        }
        let mut parents = vec![Vec::new(); entries.len()];
        for (place, entry) in entries.iter().enumerate() {
            for child in &entry.child_ids {
                let child = places.get(child).ok_or_else(|| {
                    format!("`{}` has the child `{child}`, which is not in it", entry.id)
                })?;
                parents[*child].push(place);
            }
        }
        if let Some(entry) = (0..entries.len()).find(|place| in_cycle(*place, &parents)) {
            return Err(format!("`{}` is an ancestor of its own", entries[entry].id));
        }
        for (place, entry) in entries.iter().enumerate() {
            places.entry(entry.name.to_lowercase()).or_insert(place);
        }
        Ok(Self {
            name,
            places,
            parents,
        })
    }

    /// The class of this id or name, if it is there.
    pub fn class(&self, id_or_name: &str) -> Option<usize> {
        let by_id = self.places.get(id_or_name);
        by_id
            .or_else(|| self.places.get(&id_or_name.to_lowercase()))
            .copied()
    }

    /// Edges from one class to another by way of their nearest common ancestor.
    pub fn distance(&self, a: usize, b: usize) -> u32 {
        let (of_a, of_b) = (self.ancestors(a), self.ancestors(b));
        (of_a.iter())
            .filter_map(|(ancestor, edges)| Some(edges + of_b.get(ancestor)?))
            .min()
            .unwrap_or(0) // Never: the root is an ancestor of all.
    }

    /// All ancestors of a class, itself and the root (`None`) among them, and the fewest edges to
    /// each.
    fn ancestors(&self, class: usize) -> BTreeMap<Option<usize>, u32> {
        let mut found = BTreeMap::from([(Some(class), 0)]);
        let mut level = vec![class];
        for edges in 1.. {
            let mut above = Vec::new();
            for class in level {
                let parents = &self.parents[class];
                if parents.is_empty() {
                    found.entry(None).or_insert(edges);
                }
                for parent in parents {
                    if let std::collections::btree_map::Entry::Vacant(new) =
                        found.entry(Some(*parent))
                    {
                        new.insert(edges);
                        above.push(*parent);
                    }
                }
            }
            if above.is_empty() {
                break;
            }
            level = above;
        }
        found
    }
}

fn in_cycle(start: usize, parents: &[Vec<usize>]) -> bool {
    let mut seen = HashSet::new();
    let mut open: Vec<usize> = parents[start].clone();
    while let Some(place) = open.pop() {
        if place == start {
            return true;
        }
        if seen.insert(place) {
            open.extend(&parents[place]);
        }
    }
    false
}

/// Distances between all classes of a set of items, each of which may have several.
pub struct Distances {
    between: Vec<Vec<u32>>,
    /// The largest distance between any two classes of the set.
    pub largest: u32,
}

impl Distances {
    /// Of the classes with these places in an ontology.
    pub fn new(ontology: &Ontology, classes: &[usize]) -> Self {
        let row = |a: &usize| -> Vec<u32> {
            let to = classes.iter().map(|b| ontology.distance(*a, *b));
            to.collect()
        };
        let between: Vec<Vec<u32>> = classes.iter().map(row).collect();
        let largest = between.iter().flatten().copied().max().unwrap_or(0);
        Self { between, largest }
    }

    /// Distance of two items by places in the list of classes: the smallest of all pairs.
    pub fn of_items(&self, a: &[usize], b: &[usize]) -> u32 {
        let pairs = a
            .iter()
            .flat_map(|a| b.iter().map(|b| self.between[*a][*b]));
        pairs.min().unwrap_or(self.largest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ontology(json: &str) -> Result<Ontology, String> {
        Ontology::new("test".into(), serde_json::from_str(json).unwrap())
    }

    const TREE: &str = r#"[
        {"id": "/m/animal", "name": "Animal", "child_ids": ["/m/dog", "/m/bird"]},
        {"id": "/m/dog", "name": "Dog", "child_ids": ["/m/bark"]},
        {"id": "/m/bark", "name": "Bark", "child_ids": []},
        {"id": "/m/bird", "name": "Bird", "child_ids": []},
        {"id": "/m/music", "name": "Music"}
    ]"#;

    #[test]
    fn distances_by_hand() {
        let tree = ontology(TREE).unwrap();
        let between = |a: &str, b: &str| {
            let class = |name: &str| tree.class(name).unwrap();
            let there = tree.distance(class(a), class(b));
            assert_eq!(there, tree.distance(class(b), class(a)));
            there
        };
        assert_eq!(between("dog", "/m/dog"), 0);
        assert_eq!(between("Bark", "dog"), 1);
        assert_eq!(between("bark", "bird"), 3);
        assert_eq!(between("animal", "music"), 2);
        assert_eq!(between("bark", "music"), 4);
        assert_eq!(tree.class("cat"), None);
    }

    #[test]
    fn several_tags_take_the_nearest() {
        let tree = ontology(TREE).unwrap();
        let classes = ["bark", "bird", "music"].map(|name| tree.class(name).unwrap());
        let distances = Distances::new(&tree, &classes);
        assert_eq!(distances.largest, 4);
        assert_eq!(distances.of_items(&[0, 2], &[1]), 3);
        assert_eq!(distances.of_items(&[0, 2], &[1, 2]), 0);
    }

    #[test]
    fn a_class_of_two_parents_takes_the_shorter_way() {
        let json = r#"[
            {"id": "a", "name": "a", "child_ids": ["b", "x"]},
            {"id": "b", "name": "b", "child_ids": ["c"]},
            {"id": "c", "name": "c", "child_ids": ["x"]},
            {"id": "x", "name": "x"}
        ]"#;
        let dag = ontology(json).unwrap();
        let class = |name: &str| dag.class(name).unwrap();
        assert_eq!(dag.distance(class("x"), class("a")), 1);
        assert_eq!(dag.distance(class("x"), class("b")), 2);
    }

    #[test]
    fn without_a_tree_all_are_equally_far_apart() {
        let flat = Ontology::flat(["bell", "dog"]);
        let (bell, dog) = (flat.class("Bell").unwrap(), flat.class("dog").unwrap());
        assert_eq!((flat.distance(bell, dog), flat.distance(dog, dog)), (2, 0));
    }

    #[test]
    fn what_is_no_tree_is_refused() {
        let cycle = r#"[{"id": "a", "name": "a", "child_ids": ["b"]},
            {"id": "b", "name": "b", "child_ids": ["a"]}]"#;
        assert!(ontology(cycle).unwrap_err().contains("ancestor"));
        let orphan = r#"[{"id": "a", "name": "a", "child_ids": ["b"]}]"#;
        assert!(ontology(orphan).unwrap_err().contains("`b`"));
        let twice = r#"[{"id": "a", "name": "a"}, {"id": "a", "name": "b"}]"#;
        assert!(ontology(twice).unwrap_err().contains("twice"));
    }
}
