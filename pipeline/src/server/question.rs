//! A question as the body of a request asks it.

use std::collections::BTreeSet;

use axum::{body::Bytes, extract::rejection::BytesRejection, http::HeaderMap};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use serde::Deserialize;
use sonoscope_operators::{SourceId, views::Modality};
use utoipa::ToSchema;

use super::{
    Problem,
    keys::{Form, Keys},
};
use crate::ask::{Like, Question};

/// What asks a question.
pub const FORM: Form = Form {
    largest_bytes: 16 << 20,
    example: EXAMPLE,
    keys: "image, audio, like, by, id, network, k, seeks, sources, from, until, \
           least_correspondence",
};

const EXAMPLE: &str =
    r#"send {"image": "BASE64"}, {"audio": "BASE64"} or {"like": "SOURCE/SEGMENT"}"#;

/// So many are found, if nothing is said.
const FOUND: u32 = 10;

/// What somebody wants to find again: one of `image`, `audio` and `like`.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct NewQuery {
    /// A JPEG or PNG file, in base64.
    #[schema(nullable)]
    pub image: Option<String>,
    /// A file of sound (WAV, FLAC, Ogg, MP3, MP4, Matroska), in base64. Its loudest second counts.
    #[schema(nullable)]
    pub audio: Option<String>,
    /// A second that has been seen, `SOURCE/SEGMENT`.
    #[schema(example = "front-door/1764000000", nullable)]
    pub like: Option<String>,
    /// Whether that second is meant by its `picture`, which is so if it has one, or its `sound`.
    #[schema(value_type = Option<String>)]
    pub by: Option<Modality>,
    /// The name of the query: small letters, digits, `-`, `_` and `.`. One is made, if left out.
    #[schema(example = "barking-dog", nullable)]
    pub id: Option<String>,
    /// The network of the run in whose space it is asked, if several can be.
    pub network: Option<String>,
    /// How many are found at most: 10.
    #[schema(minimum = 1, maximum = 1000)]
    pub k: Option<u32>,
    /// Find by `picture` or by `sound` alone: by both.
    #[schema(value_type = Option<String>)]
    pub seeks: Option<Modality>,
    /// Only in these sources.
    #[schema(value_type = Option<Vec<String>>)]
    pub sources: Option<BTreeSet<SourceId>>,
    /// Only from this second on.
    pub from: Option<i64>,
    /// Only before this second.
    pub until: Option<i64>,
    /// Only what has at least this correspondence.
    #[schema(minimum = 0, maximum = 1)]
    pub least_correspondence: Option<f32>,
}

/// What a request asks.
///
/// # Errors
/// When the body is too large, is no JSON, has a key that is wrong, which is named, or does not say
/// what is to be found.
pub fn question(
    headers: &HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Question, Problem> {
    let asked = NewQuery::of(Keys::read(headers, body, FORM)?)?;
    let like = asked.like()?;
    Ok(Question {
        name: asked.id,
        network: asked.network,
        like,
        k: asked.k.unwrap_or(FOUND),
        seeks: asked.seeks,
        sources: asked.sources,
        from: asked.from,
        until: asked.until,
        least_correspondence: asked.least_correspondence,
    })
}

impl NewQuery {
    fn of(mut keys: Keys) -> Result<Self, Problem> {
        let modality = "\"picture\" or \"sound\"";
        let this = Self {
            image: keys.take("image", "a text")?,
            audio: keys.take("audio", "a text")?,
            like: keys.take("like", "a text")?,
            by: keys.take("by", modality)?,
            id: keys.take("id", "a text")?,
            network: keys.take("network", "a text")?,
            k: keys.take("k", "a whole number in 1..1000")?,
            seeks: keys.take("seeks", modality)?,
            sources: sources(keys.take("sources", "a list of names")?)?,
            from: keys.take("from", "a whole number of seconds")?,
            until: keys.take("until", "a whole number of seconds")?,
            least_correspondence: keys.take("least_correspondence", "a number in 0..1")?,
        };
        keys.end().map(|()| this)
    }

    fn like(&self) -> Result<Like, Problem> {
        let like = match (&self.image, &self.audio, &self.like) {
            (Some(image), None, None) => Like::Picture(bytes("image", image)?),
            (None, Some(audio), None) => Like::Sound(bytes("audio", audio)?),
            (None, None, Some(like)) => {
                let wrong = || Problem::bad("`like` is not SOURCE/SEGMENT", EXAMPLE);
                let (source, segment) = like.rsplit_once('/').ok_or_else(wrong)?;
                return Ok(Like::Second {
                    source: source.parse().map_err(|_| wrong())?,
                    segment: segment.parse().map_err(|_| wrong())?,
                    by: self.by,
                });
            }
            (None, None, None) => return Err(Problem::bad("nothing is asked for", EXAMPLE)),
            _ => return Err(Problem::bad("more than one thing is asked for", EXAMPLE)),
        };
        match self.by {
            None => Ok(like),
            Some(_) => Err(Problem::bad("`by` is of use with `like` alone", EXAMPLE)),
        }
    }
}

fn bytes(key: &str, text: &str) -> Result<Vec<u8>, Problem> {
    let bytes = BASE64.decode(text.trim());
    bytes.map_err(|_| Problem::bad(format!("`{key}` is no base64"), "base64 -w0 FILE makes it"))
}

/// Names as they are in rows: others would never be found.
fn sources(names: Option<Vec<String>>) -> Result<Option<BTreeSet<SourceId>>, Problem> {
    let parsed = names.map(|names| names.iter().map(|name| name.parse()).collect());
    parsed
        .transpose()
        .map_err(|error: sonoscope_operators::NoSourceId| {
            Problem::bad(format!("`sources`: {error}"), "name them as rows do")
        })
}
