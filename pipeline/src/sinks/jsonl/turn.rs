//! When a file is full, and what the next one is called.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use crate::sinks::spec::parse_size;

/// When a file is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// When it has so many bytes.
    Bytes(u64),
    /// When it was begun so long ago.
    Age(Duration),
}

impl Turn {
    /// As an option says: `100MB`, or `1h`.
    ///
    /// # Errors
    /// When it says neither.
    pub fn of(option: &str) -> Result<Self, String> {
        let wrong = || format!("`{option}` is no size as 100MB, and no time as 1h, 30min, 1d");
        if let Some(bytes) = parse_size(option).filter(|bytes| *bytes > 0) {
            return Ok(Self::Bytes(bytes));
        }
        let digits = option.find(|c: char| !c.is_ascii_digit()).unwrap_or(0);
        let (number, unit) = option.split_at(digits);
        let seconds = match unit.trim() {
            "s" => 1,
            "min" => 60,
            "h" => 3600,
            "d" => 86_400,
            _ => return Err(wrong()),
        };
        let number: u64 = number.parse().map_err(|_| wrong())?;
        let age = number.checked_mul(seconds).filter(|age| *age > 0);
        age.map(Duration::from_secs)
            .map(Self::Age)
            .ok_or_else(wrong)
    }
}

/// The path of the `number`th file: `rows.jsonl.zst` becomes `rows-000001.jsonl.zst`.
pub fn path_of(path: &Path, number: u32) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let (stem, endings) = match name.char_indices().skip(1).find(|(_, c)| *c == '.') {
        Some((at, _)) => name.split_at(at),
        None => (&*name, ""),
    };
    path.with_file_name(format!("{stem}-{number:06}{endings}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_times() {
        assert_eq!(Turn::of("2kB"), Ok(Turn::Bytes(2000)));
        assert_eq!(Turn::of("30min"), Ok(Turn::Age(Duration::from_secs(1800))));
        for wrong in [
            "",
            "h",
            "0",
            "0h",
            "ten",
            "1 fortnight",
            "99999999999999999999d",
        ] {
            assert!(Turn::of(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_number_stands_before_the_endings() {
        let of = |path: &str| path_of(Path::new(path), 12);
        assert_eq!(
            of("out/rows.jsonl.zst"),
            Path::new("out/rows-000012.jsonl.zst")
        );
        assert_eq!(of("rows"), Path::new("rows-000012"));
        assert_eq!(of("a/.rows.jsonl"), Path::new("a/.rows-000012.jsonl"));
    }
}
