//! `networks pull`: published weights from where their authors put them.

use std::{
    fs::{self, OpenOptions},
    io::IsTerminal as _,
    path::{Path, PathBuf},
};

use indicatif::{ProgressBar, ProgressStyle};
use sonoscope_models::NetworkDir;
use url::Url;

use super::{
    card::Card,
    catalogue::{self, Published},
    convert::{Conversion, MODULES, Shown},
    fetch::{self, Limits},
    hashes::Hashes,
    own::{Own, unwritable},
};
use crate::{fault::Fault, python::Python};

/// What is wanted.
#[derive(Debug)]
pub struct Pull<'a> {
    /// Which weights.
    pub published: &'a Published,
    /// The folder to fetch from, instead of where the authors put them.
    pub from: Option<Url>,
    /// Whether a network of the same name is replaced.
    pub replace: bool,
    /// Whether progress is not told.
    pub quiet: bool,
}

/// Fetches, verifies, converts; returns where the network lies. A network that is there already
/// stays as it is, unless it is to be replaced.
///
/// # Errors
/// What kept it from being whole. What was fetched of a download that broke off is kept.
pub fn pull(pull: &Pull, own: &Own) -> Result<PathBuf, Fault> {
    let published = pull.published;
    let there = own.path(published.name);
    if NetworkDir::new(&there).is_there() && !pull.replace {
        tracing::info!("{} is there already", published.name);
        return Ok(there);
    }
    own.claim(published.name, pull.replace)?;
    let python = Python::find(&MODULES)?;
    let address = pull.address()?;
    let download = own.download(published.blob_id)?;
    let hashes = pull.verified(&address, &download)?;
    let path = Conversion {
        weights: &download,
        image: None,
        shown: Shown {
            weights: address.to_string(),
            image: None,
        },
        card: Card::of(published, address.to_string(), hashes),
        own,
        python: &python,
    }
    .run()?;
    // It has served; that it cannot be removed takes nothing from the network.
    let _ = fs::remove_file(&download);
    Ok(path)
}

impl Pull<'_> {
    fn address(&self) -> Result<Url, Fault> {
        let base = match &self.from {
            Some(from) => Ok(from.clone()),
            None => fetch::base(catalogue::ADDRESS),
        };
        base.and_then(|base| fetch::address(&base, self.published.file))
            .map_err(Fault::usage)
    }

    /// Fetches the file unless it is there, and sees that it is the published one.
    fn verified(&self, address: &Url, download: &Path) -> Result<Hashes, Fault> {
        let wanted = self.published.blob_id;
        let hash = || Hashes::of(download).map_err(|error| unwritable(download, &error));
        if download.exists() {
            let hashes = hash()?;
            if hashes.blob_id == wanted {
                return Ok(hashes);
            }
        }
        self.fetch(address, download)?;
        let hashes = hash()?;
        if hashes.blob_id != wanted {
            let _ = fs::remove_file(download);
            let found = &hashes.blob_id;
            return Err(Fault::environment(format!(
                "{address} is not the published file: its git blob id is {found}, not {wanted}. \
                 Nothing of it was read"
            ))
            .tip("try again; if it stays so, the file there was changed: do not use it"));
        }
        Ok(hashes)
    }

    fn fetch(&self, address: &Url, download: &Path) -> Result<(), Fault> {
        tracing::info!("fetching {address}");
        let mut file = (OpenOptions::new().read(true).append(true).create(true))
            .open(download)
            .map_err(|error| unwritable(download, &error))?;
        let bar = bar(self.quiet);
        let limits = Limits::for_size(catalogue::LARGEST_BYTES);
        let fetched = fetch::fetch(address, &mut file, &limits, &mut |done, total| {
            bar.set_length(total.unwrap_or(done));
            bar.set_position(done);
        });
        bar.finish_and_clear();
        fetched.map_err(|error| {
            if matches!(error, fetch::FetchError::TooLarge { .. }) {
                let _ = fs::remove_file(download);
            }
            let tip = error.tip();
            Fault::environment(error).tip(tip)
        })
    }
}

/// On a terminal.
fn bar(quiet: bool) -> ProgressBar {
    if quiet || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(0);
    let template = "{bar:30.magenta/black} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}
