//! How things look: shapes, the canvas they are painted on, and what stands in front of what.

pub(crate) mod actor;
pub(crate) mod backdrop;
pub(crate) mod canvas;
pub(crate) mod geometry;
pub(crate) mod paint;
pub(crate) mod shapes;
pub(crate) mod sprite;
pub(crate) mod stage;
