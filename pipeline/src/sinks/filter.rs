//! Which rows a sink takes.

use globset::{Glob, GlobSet, GlobSetBuilder};
use serde::{Deserialize, Deserializer, de::Error as _};
use sonoscope_operators::{Row, SourceId, Status};

/// Which rows a sink takes: those to which all that is said applies.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Filter {
    /// Sources, by id; `*` and `?` stand for anything.
    source: Names,
    /// Networks, likewise.
    network: Names,
    /// The least correspondence, 0..1. A row without one is below it.
    correspondence_from: Option<f32>,
    /// The greatest correspondence, 0..1. A row without one is above it.
    correspondence_to: Option<f32>,
    /// Whether its heatmap may be believed.
    localizable: Option<bool>,
    /// How sound or picture fared: one of them in one of these ways.
    status: Option<Vec<Status>>,
}

/// Patterns on names; none takes all.
#[derive(Clone, Debug, Default)]
struct Names {
    patterns: Vec<String>,
    set: GlobSet,
}

impl Filter {
    /// Whether a row is taken.
    pub fn takes(&self, row: &Row) -> bool {
        let correspondence = row.score.as_ref().and_then(|score| score.correspondence);
        let is_from = (self.correspondence_from)
            .is_none_or(|least| correspondence.is_some_and(|value| value >= least));
        let is_to = (self.correspondence_to)
            .is_none_or(|most| correspondence.is_some_and(|value| value <= most));
        let is_status = (self.status.as_ref())
            .is_none_or(|ways| ways.contains(&row.audio) || ways.contains(&row.video));
        is_from
            && is_to
            && is_status
            && self
                .localizable
                .is_none_or(|wanted| wanted == row.localizable)
            && self.source.has(row.source.as_str())
            && self.network.has(&row.provenance.network)
    }

    /// Whether changes of answers of this source are taken: of all that is said, the rest is about
    /// rows.
    pub fn takes_changes_of(&self, source: &SourceId) -> bool {
        self.source.has(source.as_str())
    }

    /// Whether it takes everything.
    pub fn is_open(&self) -> bool {
        *self == Self::default()
    }

    /// What makes it take nothing, or nothing that was meant.
    ///
    /// # Errors
    /// The key, and what is wrong with it.
    pub fn check(&self) -> Result<(), String> {
        for (key, value) in [
            ("correspondence-from", self.correspondence_from),
            ("correspondence-to", self.correspondence_to),
        ] {
            if let Some(value) = value.filter(|value| !(0.0..=1.0).contains(value)) {
                return Err(format!("{key}: {value} is not within 0 and 1"));
            }
        }
        match (self.correspondence_from, self.correspondence_to) {
            (Some(from), Some(to)) if from > to => Err(format!(
                "correspondence-from: {from} is above correspondence-to, {to}"
            )),
            _ => Ok(()),
        }
    }
}

impl Names {
    fn has(&self, name: &str) -> bool {
        self.patterns.is_empty() || self.set.is_match(name)
    }
}

impl PartialEq for Names {
    fn eq(&self, other: &Self) -> bool {
        self.patterns == other.patterns
    }
}

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let patterns = Vec::<String>::deserialize(deserializer)?;
        let mut set = GlobSetBuilder::new();
        for pattern in &patterns {
            set.add(Glob::new(pattern).map_err(D::Error::custom)?);
        }
        let set = set.build().map_err(D::Error::custom)?;
        Ok(Self { patterns, set })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sinks::delivery::testing::row;

    fn takes(filter: &str, row: &Row) -> bool {
        toml::from_str::<Filter>(filter).unwrap().takes(row)
    }

    #[test]
    fn all_that_is_said_has_to_apply() {
        let row = row("yard-1", 7, Some(0.8));
        for (filter, is_taken) in [
            ("", true),
            ("source = ['yard-*']", true),
            ("source = ['gate', 'yard-2']", false),
            ("network = ['net']", true),
            ("network = ['other*']", false),
            ("correspondence-from = 0.8", true),
            ("correspondence-from = 0.81", false),
            ("correspondence-to = 0.5", false),
            ("localizable = true", row.localizable),
            ("status = ['present']", true),
            ("status = ['silent', 'gap']", false),
            ("source = ['yard-*']\ncorrespondence-to = 0.1", false),
        ] {
            assert_eq!(takes(filter, &row), is_taken, "{filter}");
        }
        let gap = super::super::delivery::testing::row("yard-1", 8, None);
        assert!(!takes("correspondence-from = 0.0", &gap));
    }

    #[test]
    fn what_can_never_apply_is_told() {
        for filter in [
            "correspondence-from = 1.5",
            "correspondence-from = 0.6\ncorrespondence-to = 0.4",
        ] {
            let filter: Filter = toml::from_str(filter).unwrap();
            assert!(filter.check().unwrap_err().contains("correspondence-from"));
        }
        assert!(toml::from_str::<Filter>("source = ['a[']").is_err());
        assert!(toml::from_str::<Filter>("colour = 'red'").is_err());
    }
}
