//! Training: the Python package of `models/training`, run step by step.
//!
//! The program knows when each step is to be done and where its files go; what a step does, the
//! package knows.

mod python;
mod steps;

pub use python::Python;
pub use steps::{Options, train};
