//! What goes in: recordings, folders, patterns and lists, found one after the other while those
//! that were found are worked on.

mod argument;
mod arrivals;
mod clock;
mod feeder;
mod finding;
mod gather;
mod glob;
mod ids;
mod kind;
mod list;
mod published;
mod settling;
mod walk;

use std::{ffi::OsString, io, path::Path, sync::Arc, thread};

pub use clock::{Clock, NoClock};
pub use finding::LeftOut;
pub use gather::{gather, nothing, recordings};
pub use ids::{of_path, stem};
pub use list::time;

use crate::{
    agenda::Feed,
    fault::Fault,
    sources::{Reading, SourceSpec},
    tally::Tally,
};
use argument::Argument;
use arrivals::Arrivals;
use feeder::{Feeder, with_first};
use finding::Finding;
use ids::Ids;

/// All that a run is to take in.
#[derive(Clone, Debug)]
pub struct Inputs {
    arguments: Vec<Argument>,
    clock: Clock,
    watch: bool,
}

impl Inputs {
    /// What these names mean; `clips` is the folder with the clips of published lists.
    ///
    /// # Errors
    /// When one of them cannot be understood, or a list not be read.
    pub fn new(names: &[OsString], clips: Option<&Path>) -> Result<Self, Fault> {
        let arguments = names.iter().map(|name| Argument::new(name, clips));
        Ok(Self {
            arguments: arguments.collect::<Result<_, _>>()?,
            clock: Clock::None,
            watch: false,
        })
    }

    /// With the times at which recordings began.
    ///
    /// # Errors
    /// When one time is given for several recordings.
    pub fn with_clock(mut self, clock: Clock) -> Result<Self, Fault> {
        let is_single = self.arguments.len() == 1 && self.arguments[0].is_single();
        if matches!(clock, Clock::Given(_)) && !is_single {
            return Err(Fault::usage("--start is for a single recording").tip(
                "use --clock, or a list (`@LIST`) in which each recording has its own start=TIME",
            ));
        }
        self.clock = clock;
        Ok(self)
    }

    /// Where the times come from at which recordings began.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Staying, to take what comes into the folders later.
    ///
    /// # Errors
    /// When there is no folder among them.
    pub fn with_watch(mut self) -> Result<Self, Fault> {
        if self.folders().next().is_none() {
            return Err(Fault::usage("there is no folder to watch")
                .tip("--watch is for folders and patterns: `sonoscope run --watch INBOX/`"));
        }
        self.watch = true;
        Ok(self)
    }

    /// Whether it goes on until it is stopped.
    pub fn is_endless(&self) -> bool {
        self.watch
    }

    /// Starts a thread that looks for the recordings and puts them into `feed`, to be read in
    /// this way.
    ///
    /// # Errors
    /// When there is no thread, or no way to watch folders.
    pub fn start(self, reading: Reading, feed: Feed, tally: Arc<Tally>) -> io::Result<()> {
        let arrivals = match self.watch {
            true => Some(Arrivals::new().map_err(io::Error::other)?),
            false => None,
        };
        let mut feeder = Feeder::new(self.clock.clone(), reading, feed, tally);
        self.reserve(|path| feeder.reserve(path));
        thread::Builder::new()
            .name("inputs".into())
            // Nothing is left to do where the run was stopped.
            .spawn(move || match arrivals {
                Some(arrivals) => drop(feeder.take_and_stay(&self.arguments, arrivals)),
                None => drop(feeder.take_all(&self.arguments)),
            })
            .map(drop)
    }

    /// All that there is, at once, under the names that `start` gives.
    pub fn recordings(&self) -> Vec<SourceSpec> {
        let mut ids = Ids::default();
        self.reserve(|path| ids.reserve(path));
        let mut specs = Vec::new();
        for (argument, is_first) in with_first(&self.arguments) {
            for finding in argument.findings() {
                if let Finding::Recording(recording) = finding {
                    let id = ids.give(&recording, is_first);
                    specs.push(SourceSpec::new(
                        id,
                        recording.entry.path,
                        Reading::default(),
                    ));
                }
            }
        }
        specs
    }

    /// Files that are named alone keep their own names.
    fn reserve(&self, mut keep: impl FnMut(&Path)) {
        for argument in &self.arguments {
            if let Argument::File(path) = argument {
                keep(path);
            }
        }
    }

    fn folders(&self) -> impl Iterator<Item = &Argument> {
        let is_folder = |one: &&Argument| matches!(one, Argument::Folder(_) | Argument::Glob(_));
        self.arguments.iter().filter(is_folder)
    }

    /// What was named, for people.
    pub fn named(&self) -> String {
        let all: Vec<_> = self.arguments.iter().map(ToString::to_string).collect();
        all.join(", ")
    }
}

/// The path of a file by which it can be told from others that were found before.
type Path64 = u64;

fn path64(path: &Path) -> Path64 {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};
    let mut hasher = DefaultHasher::new();
    path.hash(&mut hasher);
    hasher.finish()
}
