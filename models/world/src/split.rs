//! Splits: which clips a network learns from, which tell when to stop, and which judge it.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::Error;

/// The folders of a split, in the order in which its shares are written.
const FOLDERS: [&str; 3] = ["train", "validation", "test"];

/// Clips among which shares are exact.
const WHOLE: u64 = 100;

/// Without a divisor in common with [`WHOLE`]: steps of this length visit every hundredth once
/// and leave no long gaps, so that a short set has its shares too.
const STEP: u64 = 37;

/// Shares of a set in percent, written as `80/10/10`: for training, for validation, for the test.
///
/// ```
/// let split: sonoscope_world::Split = "80/10/10".parse()?;
/// let tested = (0..300).filter(|clip| split.folder_of(*clip) == "test");
/// assert_eq!(tested.count(), 30);
/// assert!("80/30/10".parse::<sonoscope_world::Split>().is_err());
/// # Ok::<(), sonoscope_world::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Split([u8; 3]);

impl Split {
    /// The folder that a clip goes to: `train`, `validation` or `test`. Follows from its number
    /// alone, so that it stays there when the set grows. Of any hundred clips that begin at a
    /// whole hundred, each folder gets exactly its share.
    pub fn folder_of(&self, clip: u64) -> &'static str {
        let [train, validation, _] = self.0.map(u64::from);
        let place = clip % WHOLE * STEP % WHOLE;
        let [for_training, for_validation, for_test] = FOLDERS;
        if place < train {
            for_training
        } else if place < train + validation {
            for_validation
        } else {
            for_test
        }
    }

    /// The folders that get clips at all.
    pub fn folders(&self) -> impl Iterator<Item = &'static str> {
        let shares = FOLDERS.into_iter().zip(self.0);
        shares.filter_map(|(folder, share)| (share > 0).then_some(folder))
    }
}

impl FromStr for Split {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let shares: Option<Vec<u8>> = text.split('/').map(|share| share.parse().ok()).collect();
        shares
            .and_then(|shares| <[u8; 3]>::try_from(shares).ok())
            .filter(|shares| shares.iter().copied().map(u64::from).sum::<u64>() == WHOLE)
            .map(Self)
            .ok_or_else(|| Error::Split(text.to_owned()))
    }
}

impl TryFrom<String> for Split {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl fmt::Display for Split {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [train, validation, test] = self.0;
        write!(f, "{train}/{validation}/{test}")
    }
}

impl From<Split> for String {
    fn from(split: Split) -> Self {
        split.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(split: &str, clips: std::ops::Range<u64>) -> [usize; 3] {
        let split: Split = split.parse().unwrap();
        FOLDERS.map(|folder| {
            clips
                .clone()
                .filter(|c| split.folder_of(*c) == folder)
                .count()
        })
    }

    #[test]
    fn shares_are_exact_over_hundreds_and_near_before() {
        for (split, shares) in [("80/10/10", [80, 10, 10]), ("33/0/67", [33, 0, 67])] {
            assert_eq!(counts(split, 0..100), shares);
            assert_eq!(counts(split, 300..400), shares);
        }
        assert_eq!(counts("80/10/10", 0..10), [8, 1, 1]);
        for clips in 1..100 {
            for (count, share) in counts("80/10/10", 0..clips)
                .into_iter()
                .zip([0.8, 0.1, 0.1])
            {
                let due = share * clips as f64;
                assert!((count as f64 - due).abs() < 2.5, "{count} of {clips}");
            }
        }
    }

    #[test]
    fn folders_without_a_share_are_left_out() {
        let split: Split = "90/0/10".parse().unwrap();
        assert_eq!(split.folders().collect::<Vec<_>>(), ["train", "test"]);
    }

    #[test]
    fn what_does_not_make_a_hundred_is_refused() {
        for text in [
            "",
            "80",
            "80/10",
            "80/10/10/0",
            "80/10/11",
            "-1/1/100",
            "a/b/c",
        ] {
            let error = text.parse::<Split>().unwrap_err();
            assert!(error.to_string().contains("tip:"), "{error}");
        }
    }
}
