//! Where rows are read from: files of lines, folders of Parquet.

use std::{
    fs::File,
    io::{BufRead as _, Read as _},
    path::Path,
};

use super::{line::Line, parquet};
use crate::{
    fault::Fault,
    sinks::{Written, is_change, unpacked},
};

/// Hands out the lines that are found at a path.
///
/// # Errors
/// When there are none that can be read.
pub fn each_line(path: &Path, take: &mut impl FnMut(Line)) -> Result<(), Fault> {
    match path.is_dir() {
        true => parquet::each_line(path, take),
        false => jsonl(path, u64::MAX, take),
    }
}

/// Hands out the lines that a job has committed; none where it has just begun.
///
/// # Errors
/// When they cannot be read.
pub fn each_committed(written: &Written, take: &mut impl FnMut(Line)) -> Result<(), Fault> {
    match written {
        Written::Lines(files) => {
            (files.iter()).try_for_each(|(path, bytes)| jsonl(path, *bytes, take))
        }
        Written::Parquet(folder) if parquet::is_without_parts(folder) => Ok(()),
        Written::Parquet(folder) => parquet::each_line(folder, take),
    }
}

/// Hands out the lines in the first bytes of a file.
fn jsonl(path: &Path, bytes: u64, take: &mut impl FnMut(Line)) -> Result<(), Fault> {
    let unreadable = |error: std::io::Error| {
        Fault::usage(format!("cannot read {}: {error}", path.display()))
            .tip("name what `sonoscope run` wrote: a JSONL file, or a folder of Parquet files")
    };
    let file = File::open(path).map_err(unreadable)?;
    let file = unpacked(file.take(bytes)).map_err(unreadable)?;
    for (number, text) in (1..).zip(file.lines()) {
        let text = text.map_err(unreadable)?;
        if is_change(&text) {
            continue;
        }
        let line = serde_json::from_str(&text).map_err(|error| {
            Fault::usage(format!(
                "line {number} of {} is no row: {error}",
                path.display()
            ))
            .tip("if the run was killed, its last line may be torn; run it again")
        })?;
        take(line);
    }
    Ok(())
}
