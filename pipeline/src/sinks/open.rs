//! Opening sinks, and the list of those that are built in.

use std::{fs, io, path::Path};

#[cfg(feature = "kafka")]
use super::kafka::{self, Kafka};
#[cfg(feature = "mqtt")]
use super::mqtt::{self, Mqtt};
#[cfg(feature = "nats")]
use super::nats::{self, Nats};
use super::{
    Form, Position, Scheme, Sink, SinkSpec,
    delivery::{Delivered, letter::Style, receiver::Receiver},
    endpoint::EndpointError,
    jsonl::{self, Jsonl},
    null::{self, Null},
    options::FileOptions,
    parquet::{self, Parquet},
    webhook::{self, Webhook},
};
#[cfg(feature = "postgres")]
use super::{
    delivery::folder,
    postgres::{self, Life, Postgres},
};
use crate::sources::Stop;

/// What a sink is opened with.
#[derive(Clone, Copy)]
pub struct Opening<'a> {
    /// What the run's rows carry, and the networks that they speak for.
    pub form: &'a Form,
    /// The state folder, if the run keeps one.
    pub state: Option<&'a Path>,
    /// Where it stood, if it goes on.
    pub at: Option<&'a Position>,
    /// Raised when the run is to end.
    pub stop: &'a Stop,
}

/// A sink as it is listed.
#[derive(Clone, Copy, Debug)]
pub struct Card {
    /// What its URI begins with.
    pub name: &'static str,
    /// What it does.
    pub about: &'static str,
    /// One as it may be written.
    pub example: &'static str,
    /// Its options: the name, and what it is.
    pub options: &'static [(&'static str, &'static str)],
}

/// All that are built in.
pub fn catalogue() -> Vec<Card> {
    let all: &[Card] = &[
        jsonl::CARD,
        parquet::CARD,
        #[cfg(feature = "kafka")]
        kafka::CARD,
        #[cfg(feature = "postgres")]
        postgres::CARD,
        #[cfg(feature = "mqtt")]
        mqtt::CARD,
        #[cfg(feature = "nats")]
        nats::CARD,
        webhook::CARD,
        OVERLAY,
        null::CARD,
    ];
    all.to_vec()
}

/// Videos are rendered when the run has ended, by the program itself.
const OVERLAY: Card = Card {
    name: "overlay:",
    about: "each recording as a video with heatmap, score bar and its own sound, as --overlay",
    example: "overlay:out/videos",
    options: &[],
};

/// Those that could be built in.
const LEFT_OUT: &[(Scheme, &str)] = &[
    #[cfg(not(feature = "kafka"))]
    (Scheme::Kafka, "kafka"),
    #[cfg(not(feature = "postgres"))]
    (Scheme::Postgres, "postgres"),
    #[cfg(not(feature = "mqtt"))]
    (Scheme::Mqtt, "mqtt"),
    #[cfg(not(feature = "nats"))]
    (Scheme::Nats, "nats"),
];

impl Card {
    /// The names of its options.
    pub fn option_names(&self) -> Vec<&'static str> {
        self.options.iter().map(|(name, _)| *name).collect()
    }
}

impl SinkSpec {
    /// Opens the sink, begun anew or as it was at a position, without what came behind it. A
    /// folder that holds rows is not begun anew, but refused.
    ///
    /// # Errors
    /// When it cannot be written to, is not what it was at that position, or does not let us in.
    pub fn open(&self, opening: &Opening) -> io::Result<Box<dyn Sink>> {
        let include = self.include(opening.form.include);
        let (path, at) = (self.uri.rest(), opening.at);
        if let Some(receiver) = self.receiver(opening)? {
            let delivered = Delivered::open(self, receiver, self.style(opening), opening)?;
            return Ok(Box::new(delivered));
        }
        let options = FileOptions::new(self);
        let form = || Form {
            include,
            ..opening.form.clone()
        };
        Ok(match self.uri.scheme() {
            Scheme::Jsonl => Box::new(Jsonl::open(path, options, include, at)?),
            Scheme::Parquet if parquet::is_remote(path) => {
                #[cfg(not(feature = "object-store"))]
                return Err(not_built("object-store"));
                #[cfg(feature = "object-store")]
                Box::new(parquet::Remote::open(path, options, form(), opening)?)
            }
            Scheme::Parquet => {
                options.no_more(&parquet::CARD)?;
                Box::new(Parquet::open(path, form(), at)?)
            }
            _ => {
                options.no_more(&null::CARD)?;
                Box::new(Null)
            }
        })
    }

    /// Sees whether it could be opened, and leaves it as it is.
    ///
    /// # Errors
    /// When it could not.
    pub fn try_out(&self, opening: &Opening) -> io::Result<()> {
        // Nothing is to be kept of it.
        let opening = &Opening {
            state: None,
            ..*opening
        };
        if let Some(mut receiver) = self.receiver(opening)? {
            receiver.check().map_err(io::Error::other)?;
            receiver.close();
            return Ok(());
        }
        match self.uri.scheme() {
            Scheme::Parquet if parquet::is_remote(self.uri.rest()) => {
                #[cfg(not(feature = "object-store"))]
                return Err(not_built("object-store"));
                #[cfg(feature = "object-store")]
                parquet::Remote::try_out(self.uri.rest(), FileOptions::new(self))
            }
            Scheme::Jsonl | Scheme::Parquet if !self.uri.is_stdout() => {
                can_be_made(Path::new(self.uri.rest()))
            }
            _ => Ok(()),
        }
    }

    fn style(&self, opening: &Opening) -> Style {
        Style {
            include: self.include(opening.form.include),
            cloudevents: self.cloudevents,
        }
    }

    /// Whom its rows are delivered to, if they are.
    ///
    /// # Errors
    /// When what is asked for cannot be understood.
    pub fn receiver(&self, opening: &Opening) -> io::Result<Option<Box<dyn Receiver>>> {
        let style = self.style(opening);
        let scheme = self.uri.scheme();
        if let Some((_, name)) = LEFT_OUT.iter().find(|(left, _)| *left == scheme) {
            return Err(not_built(name));
        }
        let made = match scheme {
            Scheme::Webhook => boxed(Webhook::new(self, style)),
            #[cfg(feature = "kafka")]
            Scheme::Kafka => boxed(Kafka::new(self, style)),
            #[cfg(feature = "postgres")]
            Scheme::Postgres => boxed(Postgres::new(self, style, self.life(opening)?)),
            #[cfg(feature = "mqtt")]
            Scheme::Mqtt => boxed(Mqtt::new(self, style)),
            #[cfg(feature = "nats")]
            Scheme::Nats => boxed(Nats::new(self, style)),
            _ => return Ok(None),
        };
        made.map(Some)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))
    }

    /// Which buffer its numbers are of, if it outlasts the program.
    #[cfg(feature = "postgres")]
    fn life(&self, opening: &Opening) -> io::Result<Option<Life>> {
        let folder = |state| folder(state, &self.uri.to_string());
        let next = opening.state.map(|state| Life::next(&folder(state)));
        next.transpose()
    }
}

/// What this build was made without.
fn not_built(name: &str) -> io::Error {
    let message = format!("this build has no {name} (tip: build with --features {name})");
    io::Error::new(io::ErrorKind::Unsupported, message)
}

fn boxed<R: Receiver + 'static>(
    receiver: Result<R, EndpointError>,
) -> Result<Box<dyn Receiver>, EndpointError> {
    receiver.map(|receiver| Box::new(receiver) as Box<dyn Receiver>)
}

/// That something can be written at a path: the nearest folder that is there takes a file.
fn can_be_made(path: &Path) -> io::Result<()> {
    if path.is_file() {
        return fs::OpenOptions::new().append(true).open(path).map(drop);
    }
    let here = Path::new(".");
    let folder = path
        .ancestors()
        .find(|folder| folder.is_dir())
        .unwrap_or(here);
    tempfile::tempfile_in(folder).map(drop)
}
