//! A synthetic audio-visual world that knows the truth about itself.
//!
//! Each clip shows one sounding object before a busy scenery, silent objects of other classes
//! beside it, and says which class sounds, where it is in each second, and when it is silent or
//! off screen. Networks are trained on such clips, and every claim about them is tested on such
//! clips, since nothing has to be labelled.
//!
//! ```
//! use sonoscope_world::World;
//!
//! let clip = World { size: (160, 120), seconds: 2, ..World::default() }.clip(0);
//! let mut rgb = vec![0; clip.frame_bytes()];
//! clip.frame(clip.middle_frame(1), &mut rgb);
//! println!("a {} in {:?}", clip.class(), clip.truth().seconds[1].bounds);
//! assert_eq!(clip.audio().len(), 2 * 48_000);
//! ```
//!
//! [`encode`] writes a clip as an MP4 file with its truth beside it, [`write_set`] many of them.
//!
//! Nothing but the object itself gives away what belongs together: picture and sound draw level,
//! light, colour and noise from streams of their own.

mod classes;
mod clip;
mod encode;
mod error;
mod ontology;
mod picture;
mod random;
mod score;
mod set;
mod sound;
mod split;
mod truth;
mod world;

pub use classes::class_names;
pub use clip::Clip;
pub use encode::{Encoding, encode};
pub use error::Error;
pub use ontology::{class_path, ontology_json};
pub use set::{WorldConfig, write_set};
pub use sound::RATE_HZ;
pub use split::Split;
pub use truth::{SecondTruth, Truth};
pub use world::{Difficulty, World};
