//! A published list, in AudioSet's form or AVE's, and a folder with the clips of it that are there.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

use sonoscope_operators::SourceId;

use super::{
    finding::{Finding, LeftOut, Name, Recording},
    ids,
};
use crate::{
    dataset::{Clips, Entry, Form, Published},
    fault::Fault,
    sources::SourceError,
};

/// A list, and where its clips are.
#[derive(Clone, Debug)]
pub struct PublishedList {
    path: PathBuf,
    clips: PathBuf,
    form: Form,
}

impl PublishedList {
    /// A list of whichever form it has. All its lines are looked at, so that what is wrong with
    /// one is known before anything is begun.
    ///
    /// # Errors
    /// When it cannot be read, a line is not of its form, or there is no folder of clips.
    pub fn new(path: &Path, clips: Option<&Path>) -> Result<Self, Fault> {
        let Some(clips) = clips else {
            let fault = format!("{path:?} is a list, and it is not said where its clips are");
            return Err(Fault::usage(fault).tip("name their folder with --clips DIR"));
        };
        if !clips.is_dir() {
            return Err(Fault::usage(format!("there is no folder {clips:?}"))
                .tip("--clips DIR is the folder with the clips of the list"));
        }
        let list = Self {
            path: path.into(),
            clips: clips.into(),
            form: Form::of(path)?,
        };
        for row in list.form.rows(path)? {
            row?;
        }
        Ok(list)
    }

    /// The list.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A clip for each row, in their order: each once, whatever number of rows speak of it.
    pub fn findings(&self) -> Box<dyn Iterator<Item = Finding> + Send> {
        let found = self.form.rows(&self.path).and_then(|rows| {
            let clips = Clips::in_folder(&self.clips)?;
            Ok((rows, clips))
        });
        let list = self.path.clone();
        let refused = move |fault: Fault| Finding::Refused {
            path: list.clone(),
            error: SourceError::Listed(fault.cause),
        };
        let (rows, clips) = match found {
            Ok(found) => found,
            Err(fault) => return Box::new(std::iter::once(refused(fault))),
        };
        let mut taken = HashSet::new();
        Box::new(rows.filter_map(move |row| match row {
            Ok(row) => clip(&row, &clips, &mut taken),
            Err(fault) => Some(refused(fault)),
        }))
    }
}

/// The clip of a row; nothing if it was taken before.
fn clip(row: &Published, clips: &Clips, taken: &mut HashSet<PathBuf>) -> Option<Finding> {
    let Some(found) = clips.find(row) else {
        return Some(Finding::LeftOut(LeftOut::Missing));
    };
    if !taken.insert(found.path.into()) {
        return None;
    }
    let name = match found.is_cut {
        true => format!("{}_{:.0}.mp4", row.video, row.start_s),
        false => format!("{}.mp4", row.video),
    };
    Some(Finding::Recording(Recording {
        entry: Entry::of_file(found.path.into()),
        name: Name::Given(id(&name)),
    }))
}

/// Ids of videos differ in case and in `-` and `_`, which ids of sources do not.
fn id(name: &str) -> SourceId {
    ids::of_path(Path::new(name))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn rows_are_clips_and_those_that_are_not_there_are_counted() {
        let home = tempfile::tempdir().unwrap();
        let clips = home.path().join("clips");
        fs::create_dir(&clips).unwrap();
        for name in ["-a_B_000030.mp4", "RUh.mp4"] {
            fs::write(clips.join(name), "").unwrap();
        }
        let told = |name: &str, text: &str| {
            let path = home.path().join(name);
            fs::write(&path, text).unwrap();
            let list = PublishedList::new(&path, Some(&clips)).unwrap();
            let told = |finding| match finding {
                Finding::Recording(recording) => format!("{:?}", recording.name),
                other => format!("{other:?}"),
            };
            list.findings().map(told).collect::<Vec<_>>()
        };
        let audioset = "# YTID\n-a_B, 30.000, 40.000, \"/m/1\"\ngone, 0.000, 10.000, \"/m/1\"\n";
        let told_audioset = told("audioset.csv", audioset);
        assert!(
            told_audioset[0].starts_with("Given(SourceId(\"a-b-30-"),
            "{told_audioset:?}"
        );
        assert_eq!(told_audioset[1..], ["LeftOut(Missing)"]);
        let ave =
            "Category&VideoID&Quality&StartTime&EndTime\nBell&RUh&good&0&10\nBell&RUh&good&1&2\n";
        let told_ave = told("ave.csv", ave);
        assert_eq!(told_ave.len(), 1, "one clip, two rows: {told_ave:?}");
    }

    #[test]
    fn what_is_no_such_list_is_refused() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("list.csv");
        fs::write(&path, "name,age\nann,9\n").unwrap();
        let fault = PublishedList::new(&path, None).unwrap_err().to_string();
        assert!(fault.contains("--clips"), "{fault}");
        let fault = PublishedList::new(&path, Some(home.path())).unwrap_err();
        assert!(fault.to_string().contains("form"), "{fault}");
    }
}
