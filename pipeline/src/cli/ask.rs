//! `sonoscope ask`: what is nearest to a picture, a sound, or a second already seen.

mod matches;

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use clap::{Args, ValueEnum};
use serde_json::{Map, Value, json};

use super::{say, server};
use crate::{
    ask::Client,
    fault::{Exit, Fault},
};

/// Arguments of `ask`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("what").required(true))]
pub struct AskArgs {
    /// A picture, JPEG or PNG.
    #[arg(long, value_name = "FILE", group = "what")]
    image: Option<PathBuf>,

    /// A sound (WAV, FLAC, Ogg, MP3, MP4, Matroska), of which the loudest second counts.
    #[arg(long, value_name = "FILE", group = "what")]
    audio: Option<PathBuf>,

    /// A second that the run has seen.
    #[arg(long, value_name = "SOURCE/SEGMENT", group = "what")]
    like: Option<String>,

    /// Whether that second is meant by its picture (unless it has none) or its sound.
    #[arg(long, value_name = "MODALITY", requires = "like")]
    by: Option<By>,

    /// Find at most so many, 1 to 1000.
    #[arg(long, value_name = "N", default_value_t = 10)]
    k: u32,

    /// Find by picture or by sound alone.
    #[arg(long, value_name = "MODALITY")]
    seek: Option<By>,

    /// Only in this source; may be repeated.
    #[arg(long = "source", value_name = "ID")]
    sources: Vec<String>,

    /// Only from this second on: of a recording, of a live source since 1970.
    #[arg(long, value_name = "SECOND", allow_negative_numbers = true)]
    from: Option<i64>,

    /// Only before this second.
    #[arg(long, value_name = "SECOND", allow_negative_numbers = true)]
    until: Option<i64>,

    /// Only what has at least this correspondence, 0 to 1.
    #[arg(long, value_name = "SHARE")]
    least_correspondence: Option<f32>,

    /// The network of the run in whose space it is asked, if several can be.
    #[arg(long, value_name = "NAME")]
    network: Option<String>,

    /// Follow what is nearest until interrupted.
    #[arg(long)]
    follow: bool,

    /// Leave the query standing, under this name: its changes go on to sinks that ask for them.
    #[arg(long, value_name = "ID")]
    keep: Option<String>,

    /// Print JSON, an object a line.
    #[arg(long)]
    json: bool,

    /// Where the run listens.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    url: String,

    /// A file with the token that the run asks for. It may also be in the environment, as
    /// SONOSCOPE_TOKEN.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
}

/// What a second is found by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum By {
    /// Its picture.
    Picture,
    /// Its sound.
    Sound,
}

/// How long a query may take until all rows have been looked at.
const PATIENCE: Duration = Duration::from_secs(120);

/// How often it is looked whether they have.
const PAUSE: Duration = Duration::from_millis(50);

/// Asks a run that listens, and prints what is nearest.
///
/// # Errors
/// When a file cannot be read, nobody answers, or the run refuses the question.
pub fn run(args: &AskArgs) -> Result<Exit, Fault> {
    let question = args.question()?;
    let client = Client::new(&args.url, server::token(args.token_file.as_deref())?)?;
    let asked = client.post("/api/queries", &question)?;
    let id = asked["id"].as_str().unwrap_or_default();
    let path = format!("/api/queries/{id}");
    let asked = Asked {
        client: &client,
        path: &path,
        is_kept: args.keep.is_some(),
    };
    let told = match args.follow {
        true => asked.follow(args.json),
        false => asked.once(args.json),
    };
    asked.end(told)
}

impl AskArgs {
    /// The question as the interface takes it.
    fn question(&self) -> Result<Value, Fault> {
        let mut keys = Map::new();
        let mut put = |key: &str, value: Option<Value>| {
            keys.extend(value.map(|value| (key.to_owned(), value)));
        };
        put("image", self.image.as_deref().map(encoded).transpose()?);
        put("audio", self.audio.as_deref().map(encoded).transpose()?);
        put("like", self.like.clone().map(Value::from));
        put("by", self.by.map(By::word));
        put("k", Some(self.k.into()));
        put("seeks", self.seek.map(By::word));
        let is_named = !self.sources.is_empty();
        put("sources", is_named.then(|| json!(self.sources)));
        put("from", self.from.map(Value::from));
        put("until", self.until.map(Value::from));
        let least = self.least_correspondence;
        put("least_correspondence", least.map(Value::from));
        put("network", self.network.clone().map(Value::from));
        put("id", self.keep.clone().map(Value::from));
        Ok(Value::Object(keys))
    }
}

impl By {
    fn word(self) -> Value {
        match self {
            Self::Picture => "picture".into(),
            Self::Sound => "sound".into(),
        }
    }
}

fn encoded(path: &Path) -> Result<Value, Fault> {
    let bytes = fs::read(path).map_err(|error| {
        let fault = Fault::usage(format!("cannot read {}: {error}", path.display()));
        fault.tip("name a file that holds a picture or a sound")
    })?;
    Ok(BASE64.encode(bytes).into())
}

/// A query that stands.
struct Asked<'a> {
    client: &'a Client,
    path: &'a str,
    is_kept: bool,
}

impl Asked<'_> {
    /// Prints what is nearest when all rows there are have been looked at.
    fn once(&self, as_json: bool) -> Result<(), Fault> {
        let until = Instant::now() + PATIENCE;
        loop {
            let answer = self.client.get(self.path)?;
            if answer["answered"] == true {
                let found = answer["matches"].as_array().into_iter().flatten();
                found.for_each(|found| say(&matches::line(found, as_json)));
                return Ok(());
            }
            if Instant::now() > until {
                let fault = Fault::environment(format!("there is no answer within {PATIENCE:?}"));
                return Err(fault.tip("see at /readyz whether the run goes on"));
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// Prints what is nearest, and changes as they come, until there are no more.
    fn follow(&self, as_json: bool) -> Result<(), Fault> {
        self.end_when_interrupted()?;
        let changes = self.client.events(&format!("{}/live", self.path))?;
        self.once(as_json)?;
        for (event, change) in changes {
            say(&match event.as_str() {
                "change" => matches::change(&change, as_json),
                // It was too slow for some of them.
                _ => change.to_string(),
            });
        }
        Ok(())
    }

    fn end_when_interrupted(&self) -> Result<(), Fault> {
        let (client, path, is_kept) = (self.client.clone(), self.path.to_owned(), self.is_kept);
        let end = move || {
            let asked = Asked {
                client: &client,
                path: &path,
                is_kept,
            };
            let ended = asked.end(Ok(()));
            std::process::exit(ended.unwrap_or_else(|fault| fault.code) as i32);
        };
        ctrlc::set_handler(end).map_err(Fault::environment)
    }

    /// Takes the query out, unless it is to stand.
    fn end(&self, told: Result<(), Fault>) -> Result<Exit, Fault> {
        let ended = match self.is_kept {
            true => Ok(()),
            false => self.client.delete(self.path).map(drop),
        };
        told.and(ended).map(|()| Exit::Done)
    }
}
