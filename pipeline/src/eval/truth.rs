//! What is known of recordings: classes, boxes, silence.

use std::{
    convert::Infallible,
    fs, io,
    path::{Path, PathBuf},
    str::FromStr,
};

use serde::{Deserialize, Deserializer};

use super::metrics::overlap::Box4;
use crate::fault::Fault;

/// Where truth lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TruthFrom {
    /// Beside each recording, under its name with `.json` behind it, where there is such a file.
    Beside,
    /// Nowhere, or it is not to be looked at.
    Nowhere,
    /// In a folder, under the same names.
    Folder(PathBuf),
}

impl FromStr for TruthFrom {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text {
            "auto" => Self::Beside,
            "none" => Self::Nowhere,
            folder => Self::Folder(folder.into()),
        })
    }
}

/// What is known of one recording. The form is that of the synthetic world, where all but the
/// classes may be left out.
#[derive(Clone, Debug, PartialEq)]
pub struct Truth {
    /// What sounds: names or ids of an ontology.
    pub classes: Vec<String>,
    /// Seconds of which something is known.
    pub seconds: Vec<KnownSecond>,
}

/// What is known of one second.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KnownSecond {
    /// Which.
    pub second: i64,
    /// Where the sound comes from.
    pub sounding: Option<Box4>,
    /// Where silent objects are.
    pub silent_objects: Vec<Box4>,
    /// Whether nothing is heard of what sounds.
    pub silent: bool,
    /// Whether what sounds is not in the picture.
    pub off_screen: bool,
}

#[derive(Deserialize)]
struct Page {
    #[serde(alias = "classes", deserialize_with = "one_or_many")]
    class: Vec<String>,
    #[serde(default)]
    width: u32,
    #[serde(default)]
    height: u32,
    #[serde(default)]
    seconds: Vec<PageSecond>,
}

#[derive(Deserialize)]
struct PageSecond {
    second: i64,
    #[serde(rename = "box", default)]
    bounds: Option<[u32; 4]>,
    #[serde(default)]
    others: Vec<[u32; 4]>,
    #[serde(default)]
    silent: bool,
    #[serde(default)]
    off_screen: bool,
}

fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum OneOrMany {
        One(String),
        Many(Vec<String>),
    }
    Ok(match OneOrMany::deserialize(deserializer)? {
        OneOrMany::One(class) => vec![class],
        OneOrMany::Many(classes) => classes,
    })
}

impl Truth {
    /// Reads what is known of a recording; nothing where there is no file.
    ///
    /// # Errors
    /// A file that is there and cannot be understood.
    pub fn find(recording: &Path, from: &TruthFrom) -> Result<Option<Self>, Fault> {
        let path = match from {
            TruthFrom::Nowhere => return Ok(None),
            TruthFrom::Beside => recording.with_extension("json"),
            TruthFrom::Folder(folder) => folder
                .join(recording.file_name().unwrap_or_default())
                .with_extension("json"),
        };
        let wrong = |error: &dyn std::fmt::Display| {
            Fault::usage(format!("the truth {}: {error}", path.display())).tip(
                "it must be JSON as `sonoscope world` writes it; \
                 `--truth none` looks at no such file, `--truth DIR` at those of another folder",
            )
        };
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(wrong(&error)),
        };
        Self::parse(&bytes).map(Some).map_err(|error| wrong(&error))
    }

    fn parse(bytes: &[u8]) -> Result<Self, String> {
        let page: Page = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        let boxed = |second: &PageSecond| second.bounds.is_some() || !second.others.is_empty();
        if page.seconds.iter().any(boxed) && (page.width == 0 || page.height == 0) {
            return Err("it has boxes, but not the picture's width and height".into());
        }
        let share = |bounds| Box4::of_pixels(bounds, page.width, page.height);
        let known = |second: &PageSecond| KnownSecond {
            second: second.second,
            sounding: second.bounds.map(share),
            silent_objects: second.others.iter().copied().map(share).collect(),
            silent: second.silent,
            off_screen: second.off_screen,
        };
        Ok(Self {
            seconds: page.seconds.iter().map(known).collect(),
            classes: page.class,
        })
    }

    /// What is known of a second, if something is.
    pub fn second(&self, second: i64) -> Option<&KnownSecond> {
        self.seconds.iter().find(|known| known.second == second)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sonoscope_world::World;

    #[test]
    fn the_world_is_understood() {
        let clip = World::default().clip(3);
        let told = clip.truth();
        let truth = Truth::parse(&serde_json::to_vec(&told).unwrap()).unwrap();
        assert_eq!(truth.classes, [clip.class()]);
        for (known, told) in truth.seconds.iter().zip(&told.seconds) {
            assert_eq!(known.second, i64::from(told.second));
            assert_eq!(
                (known.silent, known.off_screen),
                (told.silent, told.off_screen)
            );
            let bounds = told.bounds.map(|bounds| Box4::of_pixels(bounds, 320, 240));
            assert_eq!(known.sounding, bounds);
            assert_eq!(known.silent_objects.len(), told.others.len());
        }
    }

    #[test]
    fn classes_alone_will_do() {
        let truth = Truth::parse(br#"{"classes": ["/m/0bt9lr", "Speech"]}"#).unwrap();
        assert_eq!(truth.classes, ["/m/0bt9lr", "Speech"]);
        assert_eq!(truth.second(0), None);
        let older = br#"{"class": "bell", "width": 10, "height": 10, "seconds":
            [{"second": 2, "box": [0, 0, 5, 10], "silent": false, "off_screen": false}]}"#;
        let known = Truth::parse(older).unwrap().second(2).cloned().unwrap();
        assert_eq!(known.sounding, Some(Box4([0.0, 0.0, 0.5, 1.0])));
        assert!(known.silent_objects.is_empty());
    }

    #[test]
    fn boxes_need_a_picture() {
        let json = br#"{"class": "bell", "seconds": [{"second": 0, "box": [0, 0, 5, 10]}]}"#;
        assert!(Truth::parse(json).unwrap_err().contains("width"));
        assert!(Truth::parse(br#"{"name": "holiday"}"#).is_err());
    }
}
