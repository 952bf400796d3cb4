//! What is handed to a receiver, and how it reads.

use std::{io, sync::Arc};

use serde::{
    Deserialize, Serialize, Serializer,
    ser::{Error as _, SerializeMap},
};
use sonoscope_operators::{Include, ROW_SCHEMA, Row, SourceId};

use crate::views::Change;

/// Something to be handed over, with its place in the order.
#[derive(Clone, Debug)]
pub struct Letter {
    /// Its number, one more than that of the letter before.
    pub number: u64,
    /// What it says.
    pub content: Arc<Content>,
}

/// What a letter says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Content {
    /// A row.
    Row(Row),
    /// The rows of a source that came before hold no longer.
    Withdrawn(SourceId),
    /// A source has come to its end.
    Ended(SourceId),
    /// An answer of a view is so now, or, without a body, holds no longer.
    Change {
        /// The view.
        view: String,
        /// Whose answer it is, where it is one source's.
        source: Option<SourceId>,
        /// Which answer: the same text for every change of it.
        key: String,
        /// The answer, as JSON.
        body: Option<String>,
    },
}

impl From<Change> for Content {
    fn from(change: Change) -> Self {
        Self::Change {
            view: change.view.to_string(),
            source: Some(change.source),
            key: change.key,
            body: change.body,
        }
    }
}

/// The form in which letters are written.
#[derive(Clone, Copy, Debug, Default)]
pub struct Style {
    /// What rows carry besides.
    pub include: Include,
    /// Whether each is a CloudEvent.
    pub cloudevents: bool,
}

impl Content {
    /// The same text whenever the same thing is said: by it a receiver can tell repeats.
    pub fn id(&self) -> String {
        match self {
            Self::Row(row) => row_id(row),
            Self::Withdrawn(source) => format!("{source}/withdrawn"),
            Self::Ended(source) => format!("{source}/ended"),
            Self::Change { key, body, .. } => {
                let hash = crc32fast::hash(body.as_deref().unwrap_or_default().as_bytes());
                format!("{key}@{hash:08x}")
            }
        }
    }

    /// Whose it is, where it is one source's.
    pub fn source(&self) -> Option<&SourceId> {
        match self {
            Self::Row(row) => Some(&row.source),
            Self::Withdrawn(source) | Self::Ended(source) => Some(source),
            Self::Change { source, .. } => source.as_ref(),
        }
    }

    /// Of what kind it is: `row`, `withdrawn`, `ended`, or the name of a view.
    pub fn kind(&self) -> &str {
        match self {
            Self::Row(_) => "row",
            Self::Withdrawn(_) => "withdrawn",
            Self::Ended(_) => "ended",
            Self::Change { view, .. } => view,
        }
    }

    /// About how many bytes of memory it takes.
    pub fn weight(&self) -> u64 {
        let bytes = match self {
            Self::Row(row) => {
                let floats = row.score.as_ref().map_or(0, |score| {
                    let map = score.heatmap.as_ref().map_or(0, |map| map.cells.len());
                    let length = |of: &Option<Vec<f32>>| of.as_ref().map_or(0, Vec::len);
                    map + length(&score.frame_embedding) + length(&score.audio_embedding)
                });
                4 * floats + row.wall_clock.as_ref().map_or(0, String::len)
            }
            Self::Change { key, body, .. } => key.len() + body.as_ref().map_or(0, String::len),
            Self::Withdrawn(_) | Self::Ended(_) => 0,
        };
        (bytes + size_of::<Self>() + 64) as u64
    }

    /// It as receivers read it: an object of JSON.
    ///
    /// # Errors
    /// When it cannot be written so; memory takes everything else.
    pub fn json(&self, style: Style) -> io::Result<Vec<u8>> {
        let said = Said {
            content: self,
            include: style.include,
        };
        match style.cloudevents {
            true => Ok(serde_json::to_vec(&CloudEvent { said })?),
            false => Ok(serde_json::to_vec(&said)?),
        }
    }
}

/// The same for every run over the same input: source, second, network and its hash.
pub fn row_id(row: &Row) -> String {
    let hash = &row.provenance.network_hash;
    let hash = hash.get(..12).unwrap_or(hash);
    format!(
        "{}/{}/{}@{hash}",
        row.source, row.segment, row.provenance.network
    )
}

struct Said<'a> {
    content: &'a Content,
    include: Include,
}

impl Serialize for Said<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Content::Row(row) = self.content {
            return row.json(self.include).serialize(serializer);
        }
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("schema", &ROW_SCHEMA)?;
        map.serialize_entry("kind", self.content.kind())?;
        map.serialize_entry("source", &self.content.source())?;
        if let Content::Change { key, body, .. } = self.content {
            map.serialize_entry("key", key)?;
            map.serialize_entry("holds", &body.is_some())?;
            let answer = body
                .as_deref()
                .map(serde_json::from_str::<serde_json::Value>);
            let answer = answer.transpose().map_err(S::Error::custom)?;
            map.serialize_entry("answer", &answer)?;
        }
        map.end()
    }
}

/// CloudEvents 1.0, structured mode.
struct CloudEvent<'a> {
    said: Said<'a>,
}

impl Serialize for CloudEvent<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let content = self.said.content;
        let source = content.source().map_or("sonoscope", SourceId::as_str);
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("specversion", "1.0")?;
        map.serialize_entry("id", &content.id())?;
        map.serialize_entry("source", &format!("sonoscope/{source}"))?;
        map.serialize_entry("type", &format!("sonoscope.{}", content.kind()))?;
        if let Content::Row(row) = content
            && let Some(time) = &row.wall_clock
        {
            map.serialize_entry("time", time)?;
        }
        map.serialize_entry("datacontenttype", "application/json")?;
        map.serialize_entry("data", &self.said)?;
        map.end()
    }
}
