//! The interface of a run, as the command line and `--config` ask for it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::Args;
use serde::{Deserialize, Deserializer, de::Error as _};

use crate::{
    fault::Fault,
    server::{Listen, Options, Token, TokenError},
};

/// Where a token may be, besides a file.
const VARIABLE: &str = "SONOSCOPE_TOKEN";

/// Whether the run can be asked over HTTP, and by whom. In `--config`: a table `[server]`.
#[derive(Args, Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct ServerArgs {
    /// Answer over HTTP while it runs: how live sources fare, their pictures, metrics. A port of
    /// this machine alone, or an address that others reach, which needs a token.
    #[arg(long, value_name = "[ADDRESS:]PORT")]
    #[serde(deserialize_with = "listen")]
    pub listen: Option<Listen>,

    /// A file with the token that every request has to bring (`Authorization: Bearer TOKEN`). It
    /// may also be in the environment, as SONOSCOPE_TOKEN.
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
}

impl ServerArgs {
    /// What is said here, and what is left open filled from `filed`.
    #[must_use]
    pub fn over(self, filed: Self) -> Self {
        Self {
            listen: self.listen.or(filed.listen),
            token_file: self.token_file.or(filed.token_file),
        }
    }

    /// How the interface is to be opened, if it is.
    ///
    /// # Errors
    /// When the token cannot be read, when there is none and others reach the address, or when
    /// there is one and nothing to keep anybody out of.
    pub fn options(&self) -> Result<Option<Options>, Fault> {
        let Some(Listen(listen)) = self.listen else {
            return match &self.token_file {
                Some(_) => Err(Fault::usage("--token-file is of no use without --listen")
                    .tip("say with --listen 8080 where to answer")),
                None => Ok(None),
            };
        };
        let token = token(self.token_file.as_deref())?;
        let token = token.map(|text| Token::new(&text)).transpose();
        let token = token.map_err(|error| cannot_be_token(self.token_file.as_deref(), &error))?;
        let options = Options { listen, token };
        options.check()?;
        Ok(Some(options))
    }
}

/// The token in a file, or in the environment, as it is sent; nothing if there is neither.
///
/// # Errors
/// When it cannot be read, or is none.
pub(super) fn token(file: Option<&Path>) -> Result<Option<String>, Fault> {
    let text = match file {
        Some(path) => fs::read_to_string(path).map(Some).map_err(TokenError::from),
        None => (std::env::var_os(VARIABLE))
            .map(|value| value.into_string().map_err(|_| TokenError::Form))
            .transpose(),
    };
    let text = text.and_then(|text| {
        let text = text.map(|text| text.trim().to_owned());
        text.as_deref().map(Token::new).transpose()?;
        Ok(text)
    });
    text.map_err(|error| cannot_be_token(file, &error))
}

fn cannot_be_token(file: Option<&Path>, error: &TokenError) -> Fault {
    let from = match file {
        Some(path) => path.display().to_string(),
        None => VARIABLE.to_owned(),
    };
    Fault::usage(format!("{from}: {error}")).tip("make one: openssl rand -hex 32")
}

fn listen<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Listen>, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map(Some).map_err(D::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_without_the_space_around_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        fs::write(&file, " correct-horse-battery\n").unwrap();
        let read = token(Some(&file)).unwrap();
        assert_eq!(read.as_deref(), Some("correct-horse-battery"));
        fs::write(&file, "short").unwrap();
        for wrong in [file, folder.path().join("nowhere")] {
            let fault = token(Some(&wrong)).unwrap_err().to_string();
            assert!(fault.contains(&wrong.display().to_string()), "{fault}");
        }
    }
}
