//! A second's picture and sound in a network's space.

use pulp::Arch;
use serde::{Deserialize, Serialize};

use super::{
    Embedding, Observation,
    dots::{dots, squared_distance, squared_length},
};

/// Where the picture and the sound of a second lie. A silent second has no sound.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Sides {
    pub picture: Option<Embedding>,
    pub sound: Option<Embedding>,
}

impl Sides {
    /// Of a row that has either.
    pub fn of(row: &Observation) -> Option<Self> {
        let sides = Self {
            picture: row.frame_embedding.clone(),
            sound: row.audio_embedding.clone().filter(|_| row.sounding()),
        };
        (sides.picture.is_some() || sides.sound.is_some()).then_some(sides)
    }
}

/// The Euclidean distance of a picture and a sound; none if they are not of one space.
pub(super) fn distance(arch: Arch, picture: &Embedding, sound: &Embedding) -> Option<f32> {
    let (picture, sound) = (picture.values(), sound.values());
    if picture.len() != sound.len() || picture.is_empty() {
        return None;
    }
    let mut product = [0.0];
    dots(arch, picture, sound, &mut product);
    let lengths = (squared_length(arch, picture), squared_length(arch, sound));
    Some(squared_distance(lengths.0, lengths.1, product[0]).sqrt())
}
