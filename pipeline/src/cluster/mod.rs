//! One run over several processes and hosts.
//!
//! ```text
//! process 0   inputs, ledger -> Agenda -> Leader --- control line --- Away <- process 1, 2, ...
//!                                  |                                   |
//!             workers of process 0 +                                   + workers of process 1
//!                      \------------- timely: rows, updates of views -------------/
//! ```
//!
//! Each process makes its [`Links`] to all others (handshake, [`hello`]) before the dataflow
//! begins. Process 0 holds the list of sources, the ledger, the sinks and the interface, and deals
//! sources out as workers come free ([`Leader`]); the others read what they are dealt ([`Away`]).
//! Pictures and samples stay where they are decoded. When a process is gone ([`Loss`]), the others
//! end, having committed what is written; the same commands go on from there.

mod abroad;
mod dealer;
mod follower;
pub mod hello;
mod hosts;
mod leader;
mod line;
mod links;
mod loss;
mod mesh;
mod message;
mod post;
mod recall;
mod secret;
mod watching;
mod wire;

pub use follower::Away;
pub use hosts::Hosts;
pub use leader::Leader;
pub use links::{Links, Place};
pub use loss::{Loss, Tell, catch_broken_links, losses};
pub use mesh::{Mesh, run};
pub use secret::{SECRET_VARIABLE, Secret};
pub use watching::Watching;
