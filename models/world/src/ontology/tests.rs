//! The ontology held against the classes there are, and against the form it is written in.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::*;
use crate::class_names;

fn entries() -> Vec<Value> {
    serde_json::from_str(&ontology_json()).unwrap()
}

fn strings<'a>(entry: &'a Value, key: &str) -> Vec<&'a str> {
    let items = entry[key].as_array().unwrap();
    items.iter().map(|item| item.as_str().unwrap()).collect()
}

#[test]
fn every_class_is_a_leaf_exactly_once() {
    let entries = entries();
    for class in class_names() {
        let named = entries.iter().filter(|entry| entry["name"] == class);
        let leaves: Vec<_> = named.collect();
        assert_eq!(leaves.len(), 1, "{class}");
        assert!(strings(leaves[0], "child_ids").is_empty(), "{class}");
        assert_eq!(class_path(class).unwrap().len(), 3, "{class}");
    }
}

#[test]
fn every_leaf_is_a_class() {
    let classes: HashSet<_> = class_names().collect();
    for entry in entries() {
        let name = entry["name"].as_str().unwrap();
        let leaf = strings(&entry, "child_ids").is_empty();
        assert_eq!(leaf, classes.contains(name), "{name}");
        let restricted: &[&str] = if leaf { &[] } else { &["abstract"] };
        assert_eq!(strings(&entry, "restrictions"), restricted, "{name}");
    }
}

#[test]
fn entries_have_the_fields_of_audioset() {
    for entry in entries() {
        let mut keys: Vec<_> = entry.as_object().unwrap().keys().collect();
        keys.sort_unstable();
        let wanted = [
            "child_ids",
            "citation_uri",
            "description",
            "id",
            "name",
            "positive_examples",
            "restrictions",
        ];
        assert_eq!(keys, wanted);
        assert!(!entry["description"].as_str().unwrap().is_empty());
    }
}

#[test]
fn children_are_there_and_have_one_parent() {
    let entries = entries();
    let ids: HashSet<_> = entries.iter().map(|e| e["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), entries.len(), "an id comes twice");
    let mut parents: HashMap<&str, usize> = HashMap::new();
    for id in entries.iter().flat_map(|entry| strings(entry, "child_ids")) {
        assert!(ids.contains(id), "{id} is nowhere");
        *parents.entry(id).or_default() += 1;
    }
    assert!(parents.values().all(|count| *count == 1));
    assert_eq!(entries.len() - parents.len(), 4, "roots");
}
