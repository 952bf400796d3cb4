//! What is said where: topics and their messages.

use std::io;

use bytes::Bytes;
use serde_json::json;
use sonoscope_operators::{Heatmap, Picture, Row, SourceId};

use crate::{
    heatmaps::encode_png,
    paint::Canvas,
    sinks::{
        delivery::letter::{Content, Style},
        token::token,
    },
};

/// Pixels of a cell of a heatmap, each way.
const CELL: usize = 16;

/// Something to be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Where.
    pub topic: String,
    /// What.
    pub payload: Bytes,
    /// Whether whoever comes later is told, too.
    pub is_retained: bool,
    /// Of what kind it is.
    pub kind: &'static str,
    /// The id by which repeats are known.
    pub id: Option<String>,
}

/// Where things are said, and how.
#[derive(Clone, Debug)]
pub struct Layout {
    /// What topics begin with.
    pub prefix: String,
    /// Where Home Assistant looks, if it is to find us.
    pub discovery: Option<String>,
    /// Whether heatmaps are shown.
    pub has_heatmaps: bool,
    /// How letters are written.
    pub style: Style,
}

impl Layout {
    /// The topic of a source, or of all of them.
    pub fn topic(&self, source: Option<&SourceId>, what: &str) -> String {
        match source {
            Some(source) => format!("{}/{}/{what}", self.prefix, token(source.as_str())),
            None => format!("{}/{what}", self.prefix),
        }
    }

    /// Where Home Assistant says that it has come up.
    pub fn birth(&self) -> Option<String> {
        Some(format!("{}/status", self.discovery.as_ref()?))
    }

    /// Whether we are there.
    pub fn available(&self, is: bool) -> Message {
        Message {
            topic: self.topic(None, "available"),
            payload: Bytes::from_static(if is { b"online" } else { b"offline" }),
            is_retained: true,
            kind: "text/plain",
            id: None,
        }
    }

    /// A letter as it is written: a row to `score`, everything else to `events`.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn letter(&self, content: &Content) -> io::Result<Message> {
        let what = match content {
            Content::Row(_) => "score",
            _ => "events",
        };
        Ok(Message {
            topic: self.topic(content.source(), what),
            payload: content.json(self.style)?.into(),
            is_retained: false,
            kind: match self.style.cloudevents {
                true => "application/cloudevents+json",
                false => "application/json",
            },
            id: Some(content.id()),
        })
    }

    /// How sound and picture of a source fare since a row, or that it has ended.
    pub fn status(&self, source: &SourceId, row: Option<&Row>) -> Message {
        let said = match row {
            Some(row) => json!({
                "source": source,
                "state": "live",
                "audio": row.audio,
                "video": row.video,
                "session": row.session,
                "since_segment": row.segment,
                "since": row.wall_clock,
            }),
            None => json!({ "source": source, "state": "ended" }),
        };
        Message {
            topic: self.topic(Some(source), "status"),
            payload: said.to_string().into(),
            is_retained: true,
            kind: "application/json",
            id: None,
        }
    }

    /// The heatmap of a row as a picture, if it may be believed and is asked for.
    ///
    /// # Errors
    /// When it cannot be painted.
    pub fn heatmap(&self, row: &Row) -> io::Result<Option<Message>> {
        let map = row.score.as_ref().and_then(|score| score.heatmap.as_ref());
        let Some(map) = map.filter(|_| self.has_heatmaps && row.localizable) else {
            return Ok(None);
        };
        Ok(Some(Message {
            topic: self.topic(Some(&row.source), "heatmap"),
            payload: png(map)?.into(),
            is_retained: false,
            kind: "image/png",
            id: None,
        }))
    }
}

/// A heatmap on black.
fn png(map: &Heatmap) -> io::Result<Vec<u8>> {
    let rows = map.cells.len() / map.columns.max(1);
    let (width, height) = (map.columns * CELL, rows * CELL);
    let mut rgb = vec![0; width * height * 3];
    let mut canvas = Canvas {
        width,
        height,
        stride: width * 3,
        rgb: &mut rgb,
    };
    canvas.heatmap(map);
    let picture = Picture {
        width: width as u32,
        height: height as u32,
        rgb,
    };
    let mut png = Vec::new();
    encode_png(&mut png, &picture, png::Compression::Fast)?;
    Ok(png)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sinks::delivery::testing::row;

    fn layout() -> Layout {
        Layout {
            prefix: "site/cams".into(),
            discovery: None,
            has_heatmaps: true,
            style: Style::default(),
        }
    }

    #[test]
    fn rows_and_events_have_topics_of_their_own() {
        let said = |content| layout().letter(&content).unwrap();
        let seen = row("Двор 1", 3, Some(0.9));
        let source = seen.source.clone();
        let score = said(Content::Row(seen));
        assert_eq!(score.topic, "site/cams/двор-1/score");
        assert_eq!(score.id.as_deref(), Some("двор-1/3/net@0123456789ab"));
        let events = said(Content::Withdrawn(source));
        assert_eq!(events.topic, "site/cams/двор-1/events");
        assert!(!score.is_retained && !events.is_retained);
    }

    #[test]
    fn only_heatmaps_that_may_be_believed_are_shown() {
        let shown = |row: &Row| layout().heatmap(row).unwrap();
        let message = shown(&row("yard", 500, Some(0.9))).unwrap();
        let decoder = png::Decoder::new(io::Cursor::new(&message.payload));
        let info = decoder.read_info().unwrap();
        assert_eq!((info.info().width, info.info().height), (224, 224));
        assert_eq!(shown(&row("yard", 500, Some(0.1))), None);
        assert_eq!(shown(&row("yard", 500, None)), None);
    }
}
