//! The views by their names.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A view, as it is named on the command line, in keys and in paths.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    clap::ValueEnum,
    utoipa::ToSchema,
)]
#[serde(rename_all = "lowercase")]
#[value(rename_all = "lowercase")]
pub enum ViewName {
    /// When sound and picture belonged together.
    Episodes,
    /// A source over the last minute, hour, day; where its sound came from.
    Rolling,
    /// The seconds that are most like what somebody asked for.
    Nearest,
    /// How far the sound of a source is off.
    Sync,
    /// Whose sound fits whose picture.
    Matrix,
    /// Where two networks disagree.
    Versus,
}

impl ViewName {
    /// All that a run can have.
    pub const ALL: [Self; 6] = [
        Self::Episodes,
        Self::Rolling,
        Self::Nearest,
        Self::Sync,
        Self::Matrix,
        Self::Versus,
    ];

    /// The name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Episodes => "episodes",
            Self::Rolling => "rolling",
            Self::Nearest => "nearest",
            Self::Sync => "sync",
            Self::Matrix => "matrix",
            Self::Versus => "versus",
        }
    }

    /// The view of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|view| view.as_str() == name)
    }
}

impl fmt::Display for ViewName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_same_everywhere() {
        for view in ViewName::ALL {
            assert_eq!(ViewName::named(&view.to_string()), Some(view));
            let json = serde_json::to_string(&view).unwrap();
            assert_eq!(json, format!("\"{view}\""));
            let value = clap::ValueEnum::to_possible_value(&view).unwrap();
            assert_eq!(value.get_name(), view.as_str());
        }
        assert_eq!(ViewName::named("everything"), None);
    }
}
