//! The arithmetic of the figures: plain numbers in, plain numbers out.

pub mod bootstrap;
pub mod calibration;
pub mod decision;
pub mod ndcg;
pub mod overlap;
pub mod success;
