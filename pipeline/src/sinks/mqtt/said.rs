//! What holds at the time: what is said again when a connection, the broker or Home Assistant is
//! back.

use std::{collections::BTreeMap, io};

use sonoscope_operators::{Row, SourceId, Status};

use super::{
    home,
    topics::{Layout, Message},
};
use crate::sinks::delivery::letter::Content;

/// What was said of each source.
pub struct Said {
    layout: Layout,
    sources: BTreeMap<SourceId, Standing>,
}

/// Of one source. What takes room goes when it ends.
#[derive(Default)]
struct Standing {
    fares: Option<(Status, Status, u32)>,
    status: Option<Message>,
    /// The last row of each network, while the source goes on.
    scores: BTreeMap<String, Option<Message>>,
}

impl Said {
    /// Nothing yet.
    pub fn new(layout: Layout) -> Self {
        Self {
            layout,
            sources: BTreeMap::new(),
        }
    }

    /// What is to be said of a letter: of a source that is new, how Home Assistant finds it; how
    /// the source fares, where that is new; the letter; and its heatmap.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn of(&mut self, content: &Content) -> io::Result<Vec<Message>> {
        match content {
            Content::Row(row) => self.row(row, content),
            Content::Ended(source) => {
                let standing = self.sources.entry(source.clone()).or_default();
                standing.scores.values_mut().for_each(|score| *score = None);
                standing.fares = None;
                let status = self.layout.status(source, None);
                standing.status = Some(status.clone());
                Ok(vec![status])
            }
            Content::Withdrawn(source) => {
                if let Some(standing) = self.sources.get_mut(source) {
                    standing.scores.values_mut().for_each(|score| *score = None);
                }
                Ok(vec![self.layout.letter(content)?])
            }
            Content::Change { .. } => Ok(vec![self.layout.letter(content)?]),
        }
    }

    fn row(&mut self, row: &Row, content: &Content) -> io::Result<Vec<Message>> {
        let mut messages = Vec::new();
        let layout = &self.layout;
        let standing = self.sources.entry(row.source.clone()).or_default();
        let network = &row.provenance.network;
        if !standing.scores.contains_key(network) {
            messages.extend(home::discovery(layout, &row.source, network));
        }
        let fares = Some((row.audio, row.video, row.session));
        if standing.fares != fares {
            let status = layout.status(&row.source, Some(row));
            messages.push(status.clone());
            (standing.fares, standing.status) = (fares, Some(status));
        }
        let score = layout.letter(content)?;
        messages.push(score.clone());
        standing.scores.insert(network.clone(), Some(score));
        messages.extend(layout.heatmap(row)?);
        Ok(messages)
    }

    /// A letter was not taken: it is sent again by itself, or never. What was said along with it
    /// is said with the next.
    pub fn forget(&mut self, content: &Content) {
        if let Content::Row(row) = content
            && let Some(standing) = self.sources.get_mut(&row.source)
        {
            standing.scores.remove(&row.provenance.network);
            standing.fares = None;
        }
    }

    /// All that holds.
    pub fn again(&self) -> Vec<Message> {
        let mut messages = Vec::new();
        for (source, standing) in &self.sources {
            for network in standing.scores.keys() {
                messages.extend(home::discovery(&self.layout, source, network));
            }
            messages.extend(standing.status.clone());
            messages.extend(standing.scores.values().flatten().cloned());
        }
        messages
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sinks::delivery::{letter::Style, testing::row};

    fn topics(messages: &[Message]) -> Vec<&str> {
        messages.iter().map(|said| said.topic.as_str()).collect()
    }

    #[test]
    fn what_is_new_is_said_and_what_holds_is_said_again() {
        let mut said = Said::new(Layout {
            prefix: "p".into(),
            discovery: None,
            has_heatmaps: false,
            style: Style::default(),
        });
        let mut tell = |content| said.of(&content).unwrap();
        let rows = [0, 1].map(|segment| row("yard", segment, Some(0.9)));
        let [first, second] = rows.map(|row| tell(Content::Row(row)));
        assert_eq!(topics(&first), ["p/yard/status", "p/yard/score"]);
        assert_eq!(topics(&second), ["p/yard/score"]);
        let gap = tell(Content::Row(row("yard", 2, None)));
        assert_eq!(topics(&gap), ["p/yard/status", "p/yard/score"]);
        assert_eq!(said.again(), gap);
        said.forget(&Content::Row(row("yard", 2, None)));
        assert_eq!(topics(&said.again()), ["p/yard/status"]);
        let source = SourceId::slug("yard");
        let withdrawn = said.of(&Content::Withdrawn(source.clone())).unwrap();
        assert_eq!(topics(&withdrawn), ["p/yard/events"]);
        assert_eq!(topics(&said.again()), ["p/yard/status"]);
        let ended = said.of(&Content::Ended(source)).unwrap();
        assert_eq!(said.again(), ended);
        assert!(ended[0].is_retained);
    }
}
