//! Sets of recordings: who is in them, what is known of each, and which split it belongs to.
//!
//! A set is a list of [`Entry`]s. It comes of what people name on the command line
//! ([`inputs::gather`](crate::inputs::gather())),
//! or of a published list and a folder of clips ([`build()`]).

mod build;
mod clips;
mod entry;
mod forms;
mod ontology;
mod split;

pub use build::{Built, Recipe, Wanted, build};
pub use clips::Clips;
pub use entry::{Entry, read_list, write_list};
pub use forms::{Form, Published};
pub use ontology::{Ontology, OntologyError};
pub use split::Split;
