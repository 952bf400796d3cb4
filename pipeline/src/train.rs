//! Training: the Python package of `models/training`, run step by step.
//!
//! The program knows when each step is to be done and where its files go; what a step does, the
//! package knows.

mod command;
mod steps;

pub use command::{MODULES, run};
pub use steps::{Options, train};
