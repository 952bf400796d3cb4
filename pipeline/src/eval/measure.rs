//! The figures of a network, each made of the evidence in a file of its own.

pub mod alignment;
pub mod correspondence;
mod guess;
pub mod localisation;
pub mod retrieval;

use serde::{Serialize, Serializer, ser::SerializeMap};

/// A figure, or why there is none.
#[derive(Clone, Debug, PartialEq)]
pub enum Measured<T> {
    /// The figure.
    Is(T),
    /// Why it could not be measured.
    Not(String),
}

impl<T> Measured<T> {
    /// The figure, if there is one.
    pub fn figure(&self) -> Option<&T> {
        match self {
            Self::Is(figure) => Some(figure),
            Self::Not(_) => None,
        }
    }

    /// Why there is none, if there is none.
    pub fn why_not(&self) -> Option<&str> {
        match self {
            Self::Is(_) => None,
            Self::Not(why) => Some(why),
        }
    }
}

impl<T: Serialize> Serialize for Measured<T> {
    /// The figure itself, or `{"not_measured": "why"}`.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Is(figure) => figure.serialize(serializer),
            Self::Not(why) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("not_measured", why)?;
                map.end()
            }
        }
    }
}
