//! `networks import`: weights from a file at hand.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use super::{
    card::Card,
    catalogue::{self, Form, Published},
    convert::{Conversion, MODULES, MODULES_OPENL3, Shown},
    hashes::Hashes,
    own::{Own, unwritable},
};
use crate::{fault::Fault, python::Python};

/// No weights of the published designs come near this size.
const LARGEST_BYTES: u64 = 256 << 20;

/// What a person who imports weights did not say of them.
const NOT_SAID: &str = "not said by who imported them";

/// Names that promise an origin are given only to files that have it.
const PROMISING: &str = "allthatsound/";

/// What is wanted.
#[derive(Clone, Debug)]
pub struct Import<'a> {
    /// The state dict; of OpenL3, the weights of sound.
    pub file: &'a Path,
    /// Of OpenL3: the weights of pictures.
    pub image: Option<&'a Path>,
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
    import.check_image()?;
    let copying = own.build()?;
    let weights = copying.path().join("weights");
    let hashes = copy(import.file, &weights)?;
    let image = import
        .image
        .map(|file| (file, copying.path().join("image")));
    let image_hashes = (image.as_ref())
        .map(|(file, to)| copy(file, to))
        .transpose()?;
    let card = Card {
        image: import.image.map(file_name).zip(image_hashes),
        ..import.card(hashes)?
    };
    own.claim(card.name, import.replace)?;
    let python = match card.image {
        Some(_) => Python::find(&MODULES_OPENL3),
        None => Python::find(&MODULES),
    }?;
    let shown = |file: &Path| file.display().to_string();
    Conversion {
        weights: &weights,
        image: image.as_ref().map(|(_, to)| to.as_path()),
        shown: Shown {
            weights: shown(import.file),
            image: import.image.map(shown),
        },
        card,
        own,
        python: &python,
    }
    .run()
}

/// A copy that nobody else changes, so that what is hashed is what is converted.
fn copy(file: &Path, copy: &Path) -> Result<Hashes, Fault> {
    let shown = file.display();
    let unreadable = |problem: &dyn std::fmt::Display| {
        Fault::usage(format!("{shown} cannot be read: {problem}"))
            .tip("name the file of a PyTorch state dict, or of OpenL3's weights")
    };
    let about = fs::metadata(file).map_err(|error| unreadable(&error))?;
    if !about.is_file() {
        return Err(unreadable(&"it is no file"));
    }
    if about.len() > LARGEST_BYTES {
        let size = about.len();
        return Err(unreadable(&format!(
            "it has {size} bytes, more than any weights of the published designs"
        )));
    }
    let mut from = File::open(file).map_err(|error| unreadable(&error))?;
    let mut to = File::create(copy).map_err(|error| unwritable(copy, &error))?;
    io::copy(&mut from, &mut to).map_err(|error| unwritable(copy, &error))?;
    Hashes::of(copy).map_err(|error| unwritable(copy, &error))
}

fn file_name(file: &Path) -> String {
    let name = file.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

impl<'a> Import<'a> {
    /// OpenL3 comes as two files, the others as one.
    fn check_image(&self) -> Result<(), Fault> {
        let is_openl3 = self.form.is_some_and(|form| form.hears().is_some());
        match self.image {
            None if is_openl3 => Err(Fault::usage("OpenL3's weights are two files")
                .tip("name that of the pictures with --image")),
            Some(_) if !is_openl3 => Err(Fault::usage("--image is for OpenL3's weights alone")
                .tip("say --as openl3-mel256, or leave it out")),
            _ => Ok(()),
        }
    }

    /// What will be said of the network: by the catalogue if it has the file, else by who imports.
    fn card(&self, hashes: Hashes) -> Result<Card<'a>, Fault> {
        let origin = format!("the file {}", file_name(self.file));
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
            image: None,
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
