//! The ids by which JetStream drops repeats.

use std::collections::{BTreeSet, HashMap};

use sonoscope_operators::SourceId;

use crate::sinks::delivery::letter::{Content, Letter};

/// Makes ids for messages.
///
/// JetStream drops a message whose id it has seen in the last minutes, and says that it has taken
/// it. So an id must be the same when the same thing is said again, and only then:
///
/// - A row is `ID#HASH`, of what it says: what an earlier run has sent comes once, and a row of
///   another recording of the same name is another row.
/// - A row behind a withdrawal of its source is new even if it says the same, and so is the end of
///   a source, or an answer that holds once more. They bear the run and the number of the letter
///   (the row: that of the withdrawal), and come again only if a later run sends them again.
pub struct MessageIds {
    run: String,
    withdrawals: HashMap<SourceId, BTreeSet<u64>>,
}

impl MessageIds {
    /// Those of a new run.
    pub fn new() -> Self {
        Self {
            run: format!("{:08x}", rand::random::<u32>()),
            withdrawals: HashMap::new(),
        }
    }

    /// Takes note of what is withdrawn.
    pub fn note(&mut self, letters: &[Letter]) {
        for letter in letters {
            if let Content::Withdrawn(source) = &*letter.content {
                let numbers = self.withdrawals.entry(source.clone()).or_default();
                numbers.insert(letter.number);
            }
        }
    }

    /// The id of a letter that is written so.
    pub fn of(&self, letter: &Letter, payload: &[u8]) -> String {
        let hash = crc32fast::hash(payload);
        // A header is one line.
        let id = letter.content.id().replace(char::is_control, "%");
        let since = match &*letter.content {
            Content::Row(row) => (self.withdrawals.get(&row.source))
                .and_then(|numbers| numbers.range(..letter.number).next_back().copied()),
            _ => Some(letter.number),
        };
        match since {
            None => format!("{id}#{hash:08x}"),
            Some(number) => format!("{id}#{hash:08x}~{}-{number}", self.run),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::sinks::delivery::testing::row;

    fn letter(number: u64, content: Content) -> Letter {
        let content = Arc::new(content);
        Letter { number, content }
    }

    #[test]
    fn the_same_row_has_the_same_id_until_it_is_withdrawn() {
        let said = |number| letter(number, Content::Row(row("cam", 7, Some(0.5))));
        let withdrawn = letter(5, Content::Withdrawn(SourceId::slug("cam")));
        let (mut ids, mut later) = (MessageIds::new(), MessageIds::new());
        let first = ids.of(&said(4), b"row");
        assert_eq!(first, later.of(&said(9), b"row"), "another run");
        assert!(first.starts_with("cam/7/net@0123456789ab#"), "{first}");
        assert_ne!(first, ids.of(&said(4), b"other"));
        ids.note(&[said(4), withdrawn.clone(), said(6)]);
        let anew = ids.of(&said(6), b"row");
        assert_eq!(ids.of(&said(4), b"row"), first, "before it was withdrawn");
        assert_ne!(anew, first);
        assert_eq!(ids.of(&said(6), b"row"), anew, "sent again");
        later.note(&[withdrawn]);
        assert_ne!(later.of(&said(6), b"row"), anew, "withdrawn once more");
    }

    #[test]
    fn an_answer_that_holds_again_is_news() {
        let change = |number, body: &str| {
            let change = Content::Change {
                view: "v".into(),
                source: None,
                key: "a\r\nb".into(),
                body: Some(body.into()),
            };
            letter(number, change)
        };
        let ids = MessageIds::new();
        let first = ids.of(&change(1, "1"), b"1");
        assert_ne!(ids.of(&change(3, "1"), b"1"), first);
        assert!(!first.contains(char::is_control));
    }
}
