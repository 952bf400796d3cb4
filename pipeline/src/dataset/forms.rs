//! The forms in which sets of clips are published.

use std::{
    fs::File,
    io::{self, BufRead as _, BufReader},
    path::Path,
};

use super::Split;
use crate::fault::Fault;

/// A form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `ID, START, END, "/m/1,/m/2"`, with ids of an ontology; `#` begins a remark.
    AudioSet,
    /// `CLASS&ID&QUALITY&START&END`, where start and end tell when, within a clip of ten seconds,
    /// the event is heard and seen.
    Ave,
    /// `ID,START,"label, with commas",SPLIT`, of ten seconds each.
    VggSound,
}

/// Seconds in a clip of VGGSound, whose list has only starts.
const VGGSOUND_CLIP_S: f64 = 10.0;

/// Some seconds of a published video.
#[derive(Clone, Debug, PartialEq)]
pub struct Published {
    /// The id of the video.
    pub video: String,
    /// From when, in seconds; of AVE within the clip, else within the video.
    pub start_s: f64,
    /// Until when.
    pub end_s: f64,
    /// Names, or ids of an ontology.
    pub labels: Vec<String>,
    /// Its split, if the list says so.
    pub split: Option<Split>,
}

impl Published {
    /// Whether there is a whole second in it; of some of AVE's events it is said that they end
    /// when they begin.
    pub fn has_seconds(&self) -> bool {
        self.start_s.ceil() < self.end_s.floor()
    }
}

impl Form {
    /// Reads a list.
    ///
    /// # Errors
    /// When it cannot be read, or a line is not of this form; the line is named.
    pub fn read(self, path: &Path) -> Result<Vec<Published>, Fault> {
        self.rows(path)?.collect()
    }

    /// Reads a list as far as it is asked to.
    ///
    /// # Errors
    /// When it cannot be opened, or, of each line, when it is not of this form; the line is named.
    pub fn rows(
        self,
        path: &Path,
    ) -> Result<impl Iterator<Item = Result<Published, Fault>> + use<>, Fault> {
        let path = path.to_owned();
        let lines = lines(&path)?;
        Ok(lines.filter_map(move |line| {
            let (number, line) = match line {
                Ok(line) => line,
                Err(error) => return Some(Err(unreadable(&path, &error))),
            };
            let line = line.trim();
            (!self.passes_over(number, line)).then(|| {
                self.line(line).ok_or_else(|| {
                    Fault::usage(format!(
                        "{path:?}, line {number} is not of the form: {line}"
                    ))
                    .tip(format!("a line looks like {}", self.example()))
                })
            })
        }))
    }

    /// The form that a list has, by its first line that says something.
    ///
    /// # Errors
    /// When it cannot be read, or no form fits.
    pub fn of(path: &Path) -> Result<Self, Fault> {
        let all = [Self::AudioSet, Self::Ave, Self::VggSound];
        for line in lines(path)? {
            let (number, line) = line.map_err(|error| unreadable(path, &error))?;
            let line = line.trim();
            if all.iter().any(|form| form.passes_over(number, line)) {
                continue;
            }
            if let Some(form) = all.into_iter().find(|form| form.line(line).is_some()) {
                return Ok(form);
            }
            break;
        }
        Err(
            Fault::usage(format!("{path:?} is in no form of list that is known here")).tip(
                format!("a line looks like {}", all.map(Self::example).join(" or ")),
            ),
        )
    }

    /// Remarks, and the head that some lists have.
    fn passes_over(self, number: usize, line: &str) -> bool {
        line.is_empty() || line.starts_with('#') || (number == 1 && line.starts_with("Category&"))
    }

    fn line(self, line: &str) -> Option<Published> {
        match self {
            Self::AudioSet => match &fields(line)[..] {
                [video, start, end, labels] => {
                    let labels = labels.split(',').map(str::trim).map(str::to_owned);
                    published(video, start, end, labels.collect())
                }
                _ => None,
            },
            Self::Ave => match line.split('&').collect::<Vec<_>>()[..] {
                [class, video, _quality, start, end] => {
                    published(video, start, end, vec![class.to_owned()])
                }
                _ => None,
            },
            Self::VggSound => match &fields(line)[..] {
                [video, start, label, split] => {
                    let split = Split::of_name(split)?;
                    let mut one = published(video, start, "inf", vec![label.clone()])?;
                    one.end_s = one.start_s + VGGSOUND_CLIP_S;
                    one.split = Some(split);
                    Some(one)
                }
                _ => None,
            },
        }
    }

    fn example(self) -> &'static str {
        match self {
            Self::AudioSet => r#"--PJHxphWEs, 30.000, 40.000, "/m/09x0r,/t/dd00088""#,
            Self::Ave => "Church bell&RUhOCu3LNXM&good&0&10",
            Self::VggSound => r#"--0PQM4-hqg,30,"waterfall burbling",train"#,
        }
    }
}

/// The lines of a list, with their numbers.
fn lines(path: &Path) -> Result<impl Iterator<Item = io::Result<(usize, String)>> + use<>, Fault> {
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    let lines = (1..).zip(BufReader::new(file).lines());
    Ok(lines.map(|(number, line)| Ok((number, line?))))
}

fn unreadable(path: &Path, error: &io::Error) -> Fault {
    Fault::usage(format!("cannot read the list {path:?}: {error}"))
}

fn published(video: &str, start: &str, end: &str, labels: Vec<String>) -> Option<Published> {
    let (start_s, end_s) = (start.parse().ok()?, end.parse().ok()?);
    let in_order = 0.0 <= start_s && start_s <= end_s;
    (in_order && !video.is_empty()).then(|| Published {
        video: video.into(),
        start_s,
        end_s,
        labels,
        split: None,
    })
}

/// The fields of a line of CSV, without the spaces around them; a field in quotes may have commas
/// in it, and quotes, doubled.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let (mut quoted, mut before) = (false, ' ');
    for c in line.chars() {
        match (c, fields.last_mut()) {
            ('"', Some(field)) => {
                quoted = !quoted;
                if quoted && before == '"' {
                    field.push('"');
                }
            }
            (',', _) if !quoted => fields.push(String::new()),
            (_, Some(field)) => field.push(c),
            (_, None) => {}
        }
        before = c;
    }
    fields.iter().map(|field| field.trim().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn read(form: Form, text: &str) -> Result<Vec<Published>, String> {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("list");
        fs::write(&path, text).unwrap();
        form.read(&path).map_err(|fault| fault.to_string())
    }

    fn one(video: &str, seconds: [f64; 2], labels: &[&str], split: Option<Split>) -> Published {
        Published {
            video: video.into(),
            start_s: seconds[0],
            end_s: seconds[1],
            labels: labels.iter().map(|&label| label.into()).collect(),
            split,
        }
    }

    #[test]
    fn each_form_is_read() {
        let audioset = "# YTID, start_seconds\n--PJ, 30.000, 40.000, \"/m/09x0r,/t/dd00088\"\n";
        let wanted = one("--PJ", [30.0, 40.0], &["/m/09x0r", "/t/dd00088"], None);
        assert_eq!(read(Form::AudioSet, audioset).unwrap(), [wanted]);

        let ave = "Category&VideoID&Quality&StartTime&EndTime\nChurch bell&RUh&good&6&8\n";
        let wanted = one("RUh", [6.0, 8.0], &["Church bell"], None);
        assert_eq!(read(Form::Ave, ave).unwrap(), [wanted]);

        let vggsound = "-0_a,30,\"people \"\"ha\"\", laughing\",test\nb,5,skiing,train";
        let wanted = [
            one(
                "-0_a",
                [30.0, 40.0],
                &["people \"ha\", laughing"],
                Some(Split::Test),
            ),
            one("b", [5.0, 15.0], &["skiing"], Some(Split::Train)),
        ];
        assert_eq!(read(Form::VggSound, vggsound).unwrap(), wanted);
    }

    #[test]
    fn each_form_reads_its_own_example() {
        for form in [Form::AudioSet, Form::Ave, Form::VggSound] {
            assert!(form.line(form.example()).is_some(), "{form:?}");
        }
    }

    #[test]
    fn a_line_of_another_form_is_named() {
        for (form, line) in [
            (Form::AudioSet, "a&b&good&0&10"),
            (Form::AudioSet, "a, 40, 30, \"/m/1\""),
            (Form::Ave, "--PJ, 30.000, 40.000, \"/m/09x0r\""),
            (Form::VggSound, "b,5,skiing,dev"),
            (Form::VggSound, "b,nan,skiing,test"),
        ] {
            let fault = read(form, &format!("\n{line}")).unwrap_err();
            assert!(fault.contains("line 2 is not of the form"), "{fault}");
            assert!(fault.contains("tip: a line looks like"), "{fault}");
        }
    }
}
