//! `networks import`: weights from a file at hand.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use super::{
    card::Card,
    catalogue::{self, Form, Published},
    convert::{Conversion, MODULES},
    hashes::Hashes,
    own::{Own, unwritable},
    python::Python,
};
use crate::fault::Fault;

/// No state dict of the published designs comes near this size.
const LARGEST_BYTES: u64 = 256 << 20;

/// What a person who imports weights did not say of them.
const NOT_SAID: &str = "not said by who imported them";

/// Names that promise an origin are given only to files that have it.
const PROMISING: &str = "allthatsound/";

/// What is wanted.
#[derive(Clone, Debug)]
pub struct Import<'a> {
    /// The state dict.
    pub file: &'a Path,
    /// By which names it calls its weights. A published file is known without.
    pub form: Option<Form>,
    /// What to call the network. A published file has a name.
    pub name: Option<&'a str>,
    /// What it was trained on, as far as it is known.
    pub trained_on: Option<&'a str>,
    /// Licence of the weights, as far as it is known.
    pub license: Option<&'a str>,
    /// Whether a network of the same name is replaced.
    pub replace: bool,
}

/// Copies, hashes, converts; returns where the network lies.
///
/// # Errors
/// When the file is not what it is said to be, or the network cannot be written.
pub fn import(import: &Import, own: &Own) -> Result<PathBuf, Fault> {
    let copying = own.build()?;
    let copy = copying.path().join("weights");
    let hashes = import.copy(&copy)?;
    let card = import.card(hashes)?;
    own.claim(card.name, import.replace)?;
    let python = Python::find(&MODULES)?;
    Conversion {
        weights: &copy,
        shown: import.file.display().to_string(),
        card,
        own,
        python: &python,
    }
    .run()
}

impl<'a> Import<'a> {
    /// A copy that nobody else changes, so that what is hashed is what is converted.
    fn copy(&self, copy: &Path) -> Result<Hashes, Fault> {
        let shown = self.file.display();
        let unreadable = |problem: &dyn std::fmt::Display| {
            Fault::usage(format!("{shown} cannot be read: {problem}"))
                .tip("name the file of a PyTorch state dict")
        };
        let about = fs::metadata(self.file).map_err(|error| unreadable(&error))?;
        if !about.is_file() {
            return Err(unreadable(&"it is no file"));
        }
        if about.len() > LARGEST_BYTES {
            let size = about.len();
            return Err(unreadable(&format!(
                "it has {size} bytes, more than any weights of the published designs"
            )));
        }
        let mut from = File::open(self.file).map_err(|error| unreadable(&error))?;
        let mut to = File::create(copy).map_err(|error| unwritable(copy, &error))?;
        io::copy(&mut from, &mut to).map_err(|error| unwritable(copy, &error))?;
        Hashes::of(copy).map_err(|error| unwritable(copy, &error))
    }

    /// What will be said of the network: by the catalogue if it has the file, else by who imports.
    fn card(&self, hashes: Hashes) -> Result<Card<'a>, Fault> {
        let origin = self.file.file_name().unwrap_or_default();
        let origin = format!("the file {}", origin.to_string_lossy());
        if let Some(published) = catalogue::by_blob_id(&hashes.blob_id) {
            tracing::info!("{} is {}", self.file.display(), published.name);
            self.agrees(published)?;
            return Ok(Card {
                name: self.name.unwrap_or(published.name),
                ..Card::of(published, origin, hashes)
            });
        }
        let (Some(form), Some(name)) = (self.form, self.name) else {
            return Err(
                Fault::usage(format!("{} is no file that is known", self.file.display()))
                    .tip("say what it is with --as, and what to call it with --name"),
            );
        };
        if name.starts_with(PROMISING) {
            return Err(Fault::usage(format!(
                "`{name}` is a name for published weights, and {} is none of their files",
                self.file.display()
            ))
            .tip("choose another name"));
        }
        Ok(Card {
            name,
            form,
            origin,
            hashes,
            published: None,
            trained_on: self.trained_on.unwrap_or(NOT_SAID).into(),
            license: self.license.unwrap_or(NOT_SAID).into(),
        })
    }

    /// What is said of a file that is known may not contradict it.
    fn agrees(&self, published: &Published) -> Result<(), Fault> {
        match self.form {
            Some(form) if form != published.form => Err(Fault::usage(format!(
                "{} is {}, the weights of {}",
                self.file.display(),
                published.name,
                published.form.family()
            ))
            .tip(format!(
                "say --as {}, or leave it out",
                published.form.word()
            ))),
            _ => Ok(()),
        }
    }
}
