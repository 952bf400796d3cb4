//! Cameras and other live sources: which there are, how they fare, what is counted of them.

mod address;
mod camera;
mod health;
mod listeners;
mod meter;
mod roster;
mod spread;
mod view;

pub use address::{Address, AddressError, Transport};
pub use camera::{Camera, CameraSpec};
pub use health::{Health, State};
pub use listeners::{Listeners, WAITING_ROWS};
pub use meter::{Meter, Reading};
pub use roster::{DEFAULT_LIMIT, Refusal, Roster, is_camera};
pub use spread::Spread;
pub use view::{Said, Shown, View};
