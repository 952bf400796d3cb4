//! The seconds that are shown: of each network the strongest, and those that it doubts most.

use super::line::Line;

/// How many are shown of each.
const SHOWN: usize = 6;

/// Seconds of one source that are nearer to each other show the same thing.
const APART_S: i64 = 5;

/// The seconds of one network.
#[derive(Debug, Default)]
pub struct Chosen {
    strongest: Ranking,
    doubtful: Ranking,
}

impl Chosen {
    /// Takes a line into account.
    pub fn offer(&mut self, line: &Line) {
        if let Some(score) = line.score() {
            self.strongest.offer(line, score);
            self.doubtful.offer(line, -score);
        }
    }

    /// Sound and picture belong together, the surest first.
    pub fn strongest(&self) -> Vec<&Line> {
        self.strongest
            .best(|score| score >= sonoscope_operators::CORRESPONDS)
    }

    /// Something is heard that does not belong to the picture, the surest first.
    pub fn doubtful(&self) -> Vec<&Line> {
        self.doubtful
            .best(|score| score < sonoscope_operators::CORRESPONDS)
    }
}

/// The highest of some lines: one a source, or, if there are too few sources, more.
#[derive(Debug, Default)]
struct Ranking {
    one_a_source: Top,
    any: Top,
}

/// Lines by their rank, the highest first.
#[derive(Debug, Default)]
struct Top(Vec<(f32, Line)>);

impl Ranking {
    fn offer(&mut self, line: &Line, rank: f32) {
        let same_source = |other: &Line| other.source == line.source;
        self.one_a_source.offer(line, rank, same_source);
        let near = |other: &Line| {
            same_source(other) && other.segment.abs_diff(line.segment) < APART_S as u64
        };
        self.any.offer(line, rank, near);
    }

    fn best(&self, is_meant: impl Fn(f32) -> bool) -> Vec<&Line> {
        let one = self.one_a_source.0.iter().map(|(_, line)| line);
        let mut best: Vec<&Line> = one.collect();
        for (_, line) in &self.any.0 {
            let is_there =
                |other: &&Line| other.source == line.source && other.segment == line.segment;
            if best.len() < SHOWN && !best.iter().any(is_there) {
                best.push(line);
            }
        }
        best.retain(|line| line.correspondence.is_some_and(&is_meant));
        best
    }
}

impl Top {
    /// Takes a line in if it is among the highest; of those that stand for the same, one remains.
    fn offer(&mut self, line: &Line, rank: f32, is_same: impl Fn(&Line) -> bool) {
        let lowest = self.0.get(SHOWN - 1).map(|(rank, _)| *rank);
        if lowest.is_some_and(|lowest| rank <= lowest) {
            return;
        }
        if let Some(at) = self.0.iter().position(|(_, other)| is_same(other)) {
            if self.0[at].0 >= rank {
                return;
            }
            self.0.remove(at);
        }
        let at = self.0.partition_point(|(other, _)| *other >= rank);
        self.0.insert(at, (rank, line.clone()));
        self.0.truncate(SHOWN);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(source: &str, segment: i64, correspondence: f32) -> Line {
        let json = serde_json::json!({
            "source": source, "segment": segment, "audio": "present", "video": "present",
            "audio_dbfs": -20.0, "network": "one", "network_hash": "0", "provider": "cpu",
            "precision": "fp32", "correspondence": correspondence, "localizable": false,
            "peak": null,
        });
        serde_json::from_value(json).unwrap()
    }

    fn told(lines: Vec<&Line>) -> Vec<(&str, i64)> {
        let told = lines
            .into_iter()
            .map(|line| (line.source.as_str(), line.segment));
        told.collect()
    }

    #[test]
    fn each_source_comes_once_while_there_are_enough() {
        let mut chosen = Chosen::default();
        for source in ["a", "b", "c", "d", "e", "f", "g"] {
            for segment in 0..20 {
                let of = f32::from(source.as_bytes()[0] - b'a') / 100.0;
                chosen.offer(&line(source, segment, 0.8 + of + segment as f32 / 1000.0));
            }
        }
        let wanted = ["g", "f", "e", "d", "c", "b"].map(|source| (source, 19));
        assert_eq!(told(chosen.strongest()), wanted);
        assert!(chosen.doubtful().is_empty());
    }

    #[test]
    fn one_source_alone_comes_more_than_once_but_not_second_by_second() {
        let mut chosen = Chosen::default();
        for segment in 0..12 {
            chosen.offer(&line("a", segment, segment as f32 / 100.0));
        }
        assert_eq!(told(chosen.doubtful()), [("a", 0), ("a", 5), ("a", 10)]);
    }

    #[test]
    fn silence_is_neither_strong_nor_doubtful() {
        let mut silent = line("a", 0, 0.9);
        silent.audio = sonoscope_operators::Status::Silent;
        let mut chosen = Chosen::default();
        chosen.offer(&silent);
        assert!(chosen.strongest().is_empty());
    }
}
