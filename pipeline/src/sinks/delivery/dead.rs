//! Letters that a receiver refuses for good: a line each, with the reason.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use serde_json::json;

use super::letter::{Letter, Style};

/// The file, which is made when the first letter comes.
pub struct DeadLetters {
    path: PathBuf,
    file: Option<File>,
}

impl DeadLetters {
    /// A file to be.
    pub fn at(path: PathBuf) -> Self {
        Self { path, file: None }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a letter down, and waits for the disk: nobody else has it.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub fn put(&mut self, sink: &str, letter: &Letter, style: Style, why: &str) -> io::Result<()> {
        let said: serde_json::Value = serde_json::from_slice(&letter.content.json(style)?)?;
        let line = json!({
            "sink": sink,
            "at": jiff::Timestamp::now().to_string(),
            "reason": why,
            "id": letter.content.id(),
            "letter": said,
        });
        let file = match &mut self.file {
            Some(file) => file,
            None => {
                if let Some(folder) = self.path.parent() {
                    fs::create_dir_all(folder)?;
                }
                let file = OpenOptions::new()
                    .append(true)
                    .create(true)
                    .open(&self.path)?;
                self.file.insert(file)
            }
        };
        file.write_all(format!("{line}\n").as_bytes())?;
        file.sync_data()
    }
}
