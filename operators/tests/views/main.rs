//! The views against plain recomputations, on 1, 2 and 3 workers.
#![allow(
    clippy::unwrap_used,
    reason = "a test may stop at what it did not expect, and so may what it is made of"
)]

mod episodes;
mod feed;
mod matrix;
mod nearest;
mod retention;
mod rolling;
mod script;
mod support;
mod sync;
mod versus;
