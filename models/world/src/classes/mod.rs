//! The classes: each is one small file, an entry here, and nothing else. It says how an object
//! looks in a pose, how it sounds a note, how its notes follow each other and what its body does
//! meanwhile. Looks differ in shape and texture, never in colour.

mod bee;
mod bell;
mod bird;
mod cat;
mod clock;
mod cricket;
mod dog;
mod drill;
mod drum;
mod engine;
mod fire;
mod flute;
mod frog;
mod guitar;
mod harp;
mod helicopter;
mod rain;
mod siren;
mod telephone;
mod thunder;
mod trumpet;
mod violin;
mod waves;
mod xylophone;

use crate::{
    picture::sprite::Look,
    score::{Action, Rhythm},
    sound::voice::Sound,
};

/// A kind of object.
pub(crate) struct Class {
    pub name: &'static str,
    pub look: Look,
    pub sound: Sound,
    pub rhythm: Rhythm,
    pub action: Action,
}

/// All classes, by name.
pub(crate) static CLASSES: [Class; 24] = [
    bee::CLASS,
    bell::CLASS,
    bird::CLASS,
    cat::CLASS,
    clock::CLASS,
    cricket::CLASS,
    dog::CLASS,
    drill::CLASS,
    drum::CLASS,
    engine::CLASS,
    fire::CLASS,
    flute::CLASS,
    frog::CLASS,
    guitar::CLASS,
    harp::CLASS,
    helicopter::CLASS,
    rain::CLASS,
    siren::CLASS,
    telephone::CLASS,
    thunder::CLASS,
    trumpet::CLASS,
    violin::CLASS,
    waves::CLASS,
    xylophone::CLASS,
];

/// The names of all classes, in alphabetical order.
///
/// ```
/// assert!(sonoscope_world::class_names().any(|name| name == "bell"));
/// ```
pub fn class_names() -> impl Iterator<Item = &'static str> {
    CLASSES.iter().map(|class| class.name)
}

/// What the files of the classes are written with.
mod prelude {
    pub(super) use super::Class;
    pub(super) use crate::{
        picture::{
            canvas::Canvas,
            geometry::{Point, at},
            paint::Ink::{Accent, Body, Dark, Light, Shade},
            shapes::*,
        },
        random::Throw,
        score::{Action, Note, Rhythm},
        sound::{
            RATE,
            blocks::{Decay, LowPass, Phase, Resonance, saw, sine, swell},
            voice::Voice,
        },
    };
}
