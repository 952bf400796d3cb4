//! Lists for training, of published lists and the clips that are there.

use std::{
    collections::{BTreeMap, HashMap},
    path::PathBuf,
};

use super::{Clips, Entry, Published, Split};

/// Which of the published seconds are wanted, and how they are to be called.
#[derive(Debug)]
pub enum Wanted {
    /// All, by the labels that they have.
    All,
    /// Those with a label among these ids, each with the name that it counts as.
    Labels(HashMap<String, String>),
}

/// What a list is made of.
#[derive(Debug)]
pub struct Recipe {
    /// What is wanted.
    pub wanted: Wanted,
    /// Whether a file that is named by its id alone is a whole video, of which only the published
    /// seconds are wanted, and not a clip that was cut out already.
    pub uncut: bool,
    /// Whether, of a clip that was cut out, only the published seconds are wanted.
    pub events: bool,
}

/// What came of it.
#[derive(Debug, Default, PartialEq)]
pub struct Built {
    /// The list, in the order of ids.
    pub entries: Vec<Entry>,
    /// Published seconds that are wanted.
    pub wanted: usize,
    /// Of these, those whose clip is not there.
    pub missing: Vec<String>,
}

/// Makes a list. All seconds of a video are in one split: the published one, or, where there is
/// none, what a hash of the video's id says.
pub fn build(published: Vec<Published>, clips: &Clips, recipe: &Recipe) -> Built {
    let splits = splits(&published);
    let mut built = Built::default();
    let mut entries: BTreeMap<(String, PathBuf), Entry> = BTreeMap::new();
    for one in published {
        let labels = recipe.wanted.labels(&one);
        if labels.is_empty() {
            continue;
        }
        built.wanted += 1;
        let Some(found) = clips.find(&one) else {
            built.missing.push(one.video);
            continue;
        };
        let in_part = if found.is_cut {
            recipe.events
        } else {
            recipe.events || recipe.uncut
        };
        if in_part && !one.has_seconds() {
            built.wanted -= 1;
            continue;
        }
        let id = match in_part || found.is_cut {
            true => format!("{}_{:.0}", one.video, one.start_s),
            false => one.video.clone(),
        };
        // Several published lines may speak of the same seconds.
        let entry = entries
            .entry((id.clone(), found.path.into()))
            .or_insert_with(|| Entry {
                id: Some(id),
                path: found.path.into(),
                start_s: in_part.then_some(one.start_s),
                end_s: in_part.then_some(one.end_s),
                start: None,
                labels: Vec::new(),
                split: splits.get(&one.video).copied(),
            });
        for label in labels {
            if !entry.labels.contains(&label) {
                entry.labels.push(label);
            }
        }
    }
    built.entries = entries.into_values().collect();
    built
}

impl Wanted {
    /// What a published clip counts as; nothing if it is not wanted.
    fn labels(&self, published: &Published) -> Vec<String> {
        let known = |label: &String| match self {
            Self::All => Some(label.clone()),
            Self::Labels(names) => names.get(label).cloned(),
        };
        published.labels.iter().filter_map(known).collect()
    }
}

/// The split of each video. Where lists disagree, what is for testing stays for testing.
fn splits(published: &[Published]) -> HashMap<String, Split> {
    let mut splits: HashMap<String, Option<Split>> = HashMap::new();
    for one in published {
        let split = splits.entry(one.video.clone()).or_default();
        *split = (*split).max(one.split);
    }
    let has_validation = splits
        .values()
        .any(|split| *split == Some(Split::Validation));
    let of = |video: &str, split: Option<Split>| match split {
        Some(Split::Train) if !has_validation => Split::of_training_key(video),
        Some(split) => split,
        None => Split::of_key(video),
    };
    (splits.into_iter())
        .map(|(video, split)| (of(&video, split), video))
        .map(|(split, video)| (video, split))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::{collections::HashSet, fs};

    use super::*;

    fn one(video: &str, start_s: f64, labels: &[&str]) -> Published {
        Published {
            video: video.into(),
            start_s,
            end_s: start_s + 10.0,
            labels: labels.iter().map(|&label| label.into()).collect(),
            split: None,
        }
    }

    fn clips(names: &[&str]) -> (tempfile::TempDir, Clips) {
        let home = tempfile::tempdir().unwrap();
        for name in names {
            fs::write(home.path().join(name), "").unwrap();
        }
        let clips = Clips::in_folder(home.path()).unwrap();
        (home, clips)
    }

    const ALL: Recipe = Recipe {
        wanted: Wanted::All,
        uncut: false,
        events: false,
    };

    #[test]
    fn what_is_wanted_and_there_is_listed_and_what_is_missing_counted() {
        let (_home, clips) = clips(&["a_000030.mp4", "b.mp4"]);
        let names = [("/m/1", "Dog"), ("/m/2", "Dog"), ("/m/3", "Cat")];
        let names = names.map(|(id, name)| (id.to_owned(), name.to_owned()));
        let recipe = Recipe {
            wanted: Wanted::Labels(HashMap::from(names)),
            ..ALL
        };
        let published = vec![
            one("b", 0.0, &["/m/3", "/m/9"]),
            one("a", 30.0, &["/m/1", "/m/2"]),
            one("c", 0.0, &["/m/1"]),
            one("a", 30.0, &["/m/9"]),
        ];
        let built = build(published, &clips, &recipe);
        assert_eq!((built.wanted, built.missing), (3, vec!["c".to_owned()]));
        let told: Vec<_> = (built.entries.iter())
            .map(|entry| {
                (
                    entry.id.as_deref().unwrap(),
                    entry.labels.join("+"),
                    entry.start_s,
                )
            })
            .collect();
        assert_eq!(
            told,
            [("a_30", "Dog".into(), None), ("b", "Cat".into(), None)]
        );
    }

    #[test]
    fn an_event_without_a_second_is_not_wanted() {
        let (_home, clips) = clips(&["a.mp4"]);
        let mut event = one("a", 0.0, &["x"]);
        event.end_s = 0.0;
        let events = Recipe {
            events: true,
            ..ALL
        };
        assert_eq!(
            build(vec![event.clone()], &clips, &events),
            Built::default()
        );
        assert_eq!(build(vec![event], &clips, &ALL).entries.len(), 1);
    }

    #[test]
    fn seconds_are_taken_of_whole_videos() {
        let (_home, clips) = clips(&["a.mp4", "b_000030.mp4"]);
        let published = || {
            vec![
                one("a", 30.0, &["x"]),
                one("a", 50.0, &["x"]),
                one("b", 30.0, &["x"]),
            ]
        };
        let starts = |recipe: &Recipe| {
            let built = build(published(), &clips, recipe);
            built
                .entries
                .iter()
                .map(|entry| entry.start_s)
                .collect::<Vec<_>>()
        };
        assert_eq!(starts(&ALL), [None, None]);
        let uncut = Recipe { uncut: true, ..ALL };
        assert_eq!(starts(&uncut), [Some(30.0), Some(50.0), None]);
        let events = Recipe {
            events: true,
            ..ALL
        };
        assert_eq!(starts(&events), [Some(30.0), Some(50.0), Some(30.0)]);
    }

    #[test]
    fn all_of_a_video_is_in_one_split() {
        let split = |split| {
            move |mut one: Published| {
                one.split = split;
                one
            }
        };
        let videos: Vec<_> = (0..300).map(|number| format!("video {number}")).collect();
        let first = videos.iter().map(|video| one(video, 0.0, &["x"]));
        let again = videos.iter().map(|video| one(video, 30.0, &["x"]));
        let found = splits(&first.clone().chain(again.clone()).collect::<Vec<_>>());
        assert!(
            videos
                .iter()
                .all(|video| found[video] == Split::of_key(video))
        );

        // Published without validation: the test split stays, training gives a ninth.
        let train = first.clone().map(split(Some(Split::Train)));
        let test = again.skip(200).map(split(Some(Split::Test)));
        let found = splits(&train.chain(test).collect::<Vec<_>>());
        let of = |range: std::ops::Range<usize>| -> HashSet<Split> {
            videos[range].iter().map(|video| found[video]).collect()
        };
        assert_eq!(of(200..300), HashSet::from([Split::Test]));
        assert_eq!(of(0..200), HashSet::from([Split::Train, Split::Validation]));
    }
}
