//! What a sink that writes files is asked for besides its path.

use std::{collections::BTreeMap, io};

use super::{SinkSpec, open::Card};

/// Options that have not been looked at yet.
#[derive(Clone, Debug, Default)]
pub struct FileOptions(BTreeMap<String, String>);

impl FileOptions {
    /// Those of a sink.
    pub fn new(spec: &SinkSpec) -> Self {
        Self(spec.options())
    }

    /// These.
    #[cfg(test)]
    pub fn of(options: &[(&str, &str)]) -> Self {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self(options.iter().map(owned).collect())
    }

    /// The value of an option, which is taken out.
    pub fn take(&mut self, name: &str) -> Option<String> {
        self.0.remove(name)
    }

    /// All that are left.
    pub fn all(self) -> BTreeMap<String, String> {
        self.0
    }

    /// That no option is left.
    ///
    /// # Errors
    /// When one is, which the sink does not have.
    pub fn no_more(&self, card: &Card) -> io::Result<()> {
        let Some(name) = self.0.keys().next() else {
            return Ok(());
        };
        let known = match card.options {
            [] => "it has none".to_owned(),
            _ => format!("its options are {}", card.option_names().join(", ")),
        };
        let message = format!("it has no option `{name}` (tip: {known})");
        Err(io::Error::new(io::ErrorKind::InvalidInput, message))
    }
}
