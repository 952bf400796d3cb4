//! Other people's weights: fetched or read, verified, converted, put among the user's networks.
//!
//! ```text
//! pull    fetch -> verify --.
//!                            >-- convert (Python) -- read back -- card -- into place, at once
//! import  copy  -> hash   --'
//! ```
//!
//! Nothing looks into a published file before its git blob id is the one that is known
//! ([`catalogue`]). What looks into it then is PyTorch, told to read tensors and no code. A network
//! is built in a folder of another name and renamed when it is whole, so there is never half a one.

pub mod card;
pub mod catalogue;
mod convert;
pub mod fetch;
pub mod hashes;
mod import;
pub mod own;
mod pull;

pub use import::{Import, import};
pub use pull::{Pull, pull};
