//! `sonoscope networks export`: a network's folder, copied.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use clap::Args;
use sonoscope_models::{NetworkInfo, zoo};

use crate::{cli::say, fault::Fault};

/// What `sonoscope networks export` takes.
#[derive(Args, Debug)]
pub struct ExportArgs {
    /// The network: a name, or a directory with its files.
    network: String,

    /// The folder that it becomes. It must not be there, or be empty.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// Copies the network under another name, and gives it its own when it is whole.
///
/// # Errors
/// When there is no such network, it is broken, or the folder is taken or cannot be written.
pub fn run(args: &ExportArgs) -> Result<(), Fault> {
    let network = zoo::resolve(&args.network).map_err(Fault::usage)?;
    NetworkInfo::read(&network).map_err(Fault::environment)?;
    let out = &args.out;
    let wrong = |error: io::Error| {
        Fault::environment(format!("{} cannot be written: {error}", out.display()))
            .tip("name a folder that can be made, on a disk with room")
    };
    let out = std::path::absolute(out).map_err(wrong)?;
    if fs::read_dir(&out).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(Fault::usage(format!("{} holds something", out.display()))
            .tip("name a folder that is not there yet"));
    }
    copy_whole(network.path(), &out).map_err(wrong)?;
    say(&out.display().to_string());
    Ok(())
}

fn copy_whole(from: &Path, to: &Path) -> io::Result<()> {
    let parent = to.parent().unwrap_or(to);
    fs::create_dir_all(parent)?;
    let copy = tempfile::Builder::new()
        .prefix(".export-")
        .tempdir_in(parent)?;
    let whole = copy.path().join("network");
    fs::create_dir(&whole)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        if entry.path().is_file() {
            fs::copy(entry.path(), whole.join(entry.file_name()))?;
        }
    }
    fs::rename(&whole, to)
}
