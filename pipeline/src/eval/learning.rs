//! How a network was learning, as its training wrote it down.

use std::{fs, path::Path};

use serde::Deserialize;

/// The file in a network's folder.
const LOG_NAME: &str = "log.jsonl";

/// A line of the log. Trainings write more than this into it.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub struct Progress {
    /// Steps done.
    pub step: f64,
    /// Loss on the training clips.
    #[serde(default)]
    pub loss: Option<f64>,
    /// Loss on clips that were not trained on.
    #[serde(default)]
    pub validation_loss: Option<f64>,
    /// Accuracy on these.
    #[serde(default)]
    pub validation_accuracy: Option<f64>,
}

/// The lines of the log in a network's folder, in the order of their steps; none where there is no
/// log. Lines of another form are passed over.
pub fn read(folder: &Path) -> Vec<Progress> {
    let text = fs::read_to_string(folder.join(LOG_NAME)).unwrap_or_default();
    let mut lines: Vec<Progress> = (text.lines())
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    lines.sort_by(|a, b| a.step.total_cmp(&b.step));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_far_as_they_go() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(read(folder.path()), []);
        let text = "{\"step\": 200, \"loss\": 0.4, \"seconds\": 3}\n\
            {\"step\": 100, \"validation_loss\": 0.6, \"validation_accuracy\": 0.7}\n{\"st";
        fs::write(folder.path().join(LOG_NAME), text).unwrap();
        let lines = read(folder.path());
        assert_eq!(lines.len(), 2);
        assert_eq!(
            (lines[0].step, lines[0].validation_accuracy),
            (100.0, Some(0.7))
        );
        assert_eq!((lines[1].loss, lines[1].validation_loss), (Some(0.4), None));
    }
}
