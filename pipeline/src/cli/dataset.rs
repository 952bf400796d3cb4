//! `sonoscope dataset`: published lists and a folder of clips in, a list for `extract` out.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use clap::{Args, ValueEnum};

use super::say;
use crate::{
    dataset::{
        Built, Clips, Entry, Form, Ontology, OntologyError, Published, Recipe, Split, Wanted,
        build, write_list,
    },
    fault::{Exit, Fault},
    inputs::recordings,
};

/// The classes of AudioSet-Instruments, unless others are named.
const INSTRUMENTS: &str = include_str!("../../data/audioset-instruments.txt");

/// What `sonoscope dataset` takes.
#[derive(Args, Debug)]
pub struct DatasetArgs {
    /// Which set.
    #[arg(value_enum, value_name = "KIND")]
    kind: Kind,

    /// The clips that you have, in this folder and below: files called by the video's id, or by
    /// id and start (`ID_000030.mp4`, `ID_30.mp4`, `ID_30_40.mp4`). For `folder`, any recordings.
    #[arg(long, value_name = "DIR")]
    clips: PathBuf,

    /// Where the list goes; `sonoscope extract @LIST.jsonl` takes it.
    #[arg(long, value_name = "LIST.jsonl", value_parser = list_path)]
    out: PathBuf,

    /// The published list, such as AudioSet's segments, AVE's annotations or VGGSound's CSV. May
    /// be repeated; `train=FILE`, `validation=FILE`, `test=FILE` say the split of all in it.
    #[arg(long, value_name = "[SPLIT=]FILE")]
    published: Vec<String>,

    /// AudioSet's ontology, `ontology.json`.
    #[arg(long, value_name = "FILE")]
    ontology: Option<PathBuf>,

    /// Names of the classes wanted, one a line, in place of the 50 instruments, voices and tools.
    #[arg(long, value_name = "FILE")]
    classes: Option<PathBuf>,

    /// Files that are called by the id alone are whole videos: of these, only the published
    /// seconds are wanted.
    #[arg(long)]
    uncut: bool,

    /// Of AVE's clips, only the seconds in which the event is heard and seen.
    #[arg(long)]
    events: bool,
}

/// The sets that are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// 50 sounding objects of AudioSet: instruments, voices, tools.
    AudiosetInstruments,
    /// Everything under "Animal" in AudioSet.
    AudiosetAnimals,
    /// AVE-Dataset: 28 classes of events.
    Ave,
    /// VGGSound, or a CSV of the same form.
    Vggsound,
    /// Any recordings, without labels.
    Folder,
}

fn list_path(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    match path.extension() {
        Some(extension) if extension == "jsonl" => Ok(path),
        _ => Err("must end in .jsonl".into()),
    }
}

/// Does it.
///
/// # Errors
/// When a list cannot be read or written, or no clip of it is there.
pub fn run(args: &DatasetArgs, quiet: bool) -> Result<Exit, Fault> {
    let built = match args.kind {
        Kind::Folder => folder(&args.clips)?,
        kind => listed(kind, args)?,
    };
    write_list(&args.out, &built.entries)
        .map_err(|error| Fault::environment(format!("cannot write {:?}: {error}", args.out)))?;
    if !quiet {
        tell(&built, &args.out);
    }
    Ok(Exit::Done)
}

/// Any recordings, each a video of its own.
fn folder(clips: &Path) -> Result<Built, Fault> {
    let entry = |path: PathBuf| {
        let stem = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let entry = Entry::of_file(path);
        let split = entry.split.unwrap_or_else(|| Split::of_key(&stem));
        Entry {
            split: Some(split),
            ..entry
        }
    };
    let folder = clips
        .canonicalize()
        .map_err(|error| not_read(clips, &error))?;
    let found = recordings(&folder)?;
    Ok(Built {
        wanted: found.len(),
        entries: found.into_iter().map(entry).collect(),
        missing: Vec::new(),
    })
}

fn listed(kind: Kind, args: &DatasetArgs) -> Result<Built, Fault> {
    let form = match kind {
        Kind::Ave => Form::Ave,
        Kind::Vggsound => Form::VggSound,
        _ => Form::AudioSet,
    };
    if args.published.is_empty() {
        return Err(Fault::usage("the published list is not named")
            .tip("name it with `--published FILE`; it comes with the data set"));
    }
    let mut published = Vec::new();
    for name in &args.published {
        published.extend(read(form, name)?);
    }
    let recipe = Recipe {
        wanted: wanted(kind, args)?,
        uncut: args.uncut,
        events: args.events && form == Form::Ave,
    };
    let clips = Clips::in_folder(&args.clips)?;
    let built = build(published, &clips, &recipe);
    if built.entries.is_empty() {
        let example = built.missing.first().map_or("", String::as_str);
        let what = format!(
            "of {} clips that are wanted, such as {example}, none is among its {} recordings",
            built.wanted,
            clips.len()
        );
        return Err(no_clip(&args.clips, &what));
    }
    Ok(built)
}

/// A list of which the split may be said.
fn read(form: Form, name: &str) -> Result<Vec<Published>, Fault> {
    let said = name.split_once('=');
    let said = said.and_then(|(split, path)| Some((Split::of_name(split)?, path)));
    let Some((split, path)) = said else {
        return form.read(Path::new(name));
    };
    let mut published = form.read(Path::new(path))?;
    for one in &mut published {
        one.split = Some(split);
    }
    Ok(published)
}

/// The labels that are wanted.
fn wanted(kind: Kind, args: &DatasetArgs) -> Result<Wanted, Fault> {
    let names = match kind {
        Kind::AudiosetInstruments | Kind::AudiosetAnimals => {
            let path = args.ontology.as_ref().ok_or_else(|| {
                Fault::usage("AudioSet's ontology is not named")
                    .tip("name it with `--ontology ontology.json`; it is published with AudioSet")
            })?;
            let ontology = Ontology::read(path).map_err(Fault::usage)?;
            let names = match kind {
                Kind::AudiosetAnimals => ontology.under("Animal"),
                _ => ontology.nearest(&classes(args)?),
            };
            names.map_err(|error| match error {
                OntologyError::NoClass(_) => {
                    Fault::usage(error).tip("classes are called as in the ontology, one a line")
                }
                OntologyError::Unreadable { .. } => Fault::usage(error),
            })?
        }
        _ => return Ok(Wanted::All),
    };
    Ok(Wanted::Labels(names))
}

fn classes(args: &DatasetArgs) -> Result<Vec<String>, Fault> {
    let text = match &args.classes {
        Some(path) => fs::read_to_string(path)
            .map_err(|error| Fault::usage(format!("cannot read the classes {path:?}: {error}")))?,
        None => INSTRUMENTS.to_owned(),
    };
    let lines = text.lines().map(str::trim);
    let names = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    Ok(names.map(str::to_owned).collect())
}

fn not_read(clips: &Path, error: &std::io::Error) -> Fault {
    Fault::usage(format!("cannot look through {}: {error}", clips.display()))
}

fn no_clip(clips: &Path, what: &str) -> Fault {
    Fault::usage(format!("there is no clip in {}: {what}", clips.display()))
        .tip("clips are called by their video's id, or by id and start: ID_000030.mp4")
}

/// Prints what is in the list, and what is not.
fn tell(built: &Built, out: &Path) {
    let of = |split: Split| {
        let entries = built.entries.iter();
        entries.filter(|entry| entry.split == Some(split)).count()
    };
    let [train, validation, test] = Split::ALL.map(of);
    say(&format!(
        "{}: {} clips, {train} to train, {validation} to validate, {test} to test; \
         {} of {} that are wanted are missing",
        out.display(),
        built.entries.len(),
        built.missing.len(),
        built.wanted
    ));
    let mut classes: BTreeMap<&str, usize> = BTreeMap::new();
    for label in built.entries.iter().flat_map(|entry| &entry.labels) {
        *classes.entry(label).or_default() += 1;
    }
    for (class, clips) in classes {
        say(&format!("{clips:8}  {class}"));
    }
}
