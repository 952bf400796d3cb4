//! What a job is known by: whatever decides over its rows beside the recordings themselves.

use std::fmt::Display;

use serde::{Deserialize, Serialize};
use sonoscope_operators::Provenance;

/// The terms of a job. A state folder belongs to one job: what was done by other terms would not
/// go together with what is done now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Terms {
    /// The version of the form of rows.
    pub row_schema: u32,
    /// The networks, in their order.
    pub networks: Vec<Provenance>,
    /// Whether rows carry heatmaps.
    pub heatmap: bool,
    /// Whether they carry embeddings.
    pub embeddings: bool,
    /// Below this level, sound is silent.
    pub silence_dbfs: f32,
    /// Which picture stands for a second, as the command line has it.
    pub frames: String,
    /// The first second wanted of every source.
    pub from_s: i64,
    /// The first no longer wanted.
    pub to_s: i64,
    /// Where wall clocks come from.
    pub clock: String,
}

impl Terms {
    /// What these terms have otherwise than those that are written down, in words.
    pub fn differences(&self, written: &Self) -> Vec<String> {
        let mut told = Vec::new();
        let mut compare = |what: &str, was: &dyn Display, is: &dyn Display| {
            let (was, is) = (was.to_string(), is.to_string());
            if was != is {
                told.push(format!("{what} was {was} and is now {is}"));
            }
        };
        compare("the form of rows", &written.row_schema, &self.row_schema);
        for (place, network) in (1..).zip(names(&self.networks)) {
            let was = names(&written.networks).nth(place - 1);
            let was = was.unwrap_or_else(|| "none".into());
            compare(&format!("network {place}"), &was, &network);
        }
        for (place, was) in (1..)
            .zip(names(&written.networks))
            .skip(self.networks.len())
        {
            compare(&format!("network {place}"), &was, &"none");
        }
        compare("--include heatmap", &written.heatmap, &self.heatmap);
        compare(
            "--include embeddings",
            &written.embeddings,
            &self.embeddings,
        );
        compare("--silence", &written.silence_dbfs, &self.silence_dbfs);
        compare("--frames", &written.frames, &self.frames);
        compare("--from", &written.from_s, &self.from_s);
        compare("--to", &written.to_s, &self.to_s);
        compare("the clock", &written.clock, &self.clock);
        told
    }
}

/// A network in a few words: its name, the beginning of its hash, what it runs on and in which
/// numbers.
fn names(networks: &[Provenance]) -> impl Iterator<Item = String> {
    networks.iter().map(|network| {
        let Provenance {
            network: name,
            network_hash: hash,
            provider,
            precision,
        } = network;
        format!("{name} ({:.12}, {precision} on {provider})", hash)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(networks: &[(&str, &str)], silence_dbfs: f32) -> Terms {
        let networks = networks.iter().map(|(name, precision)| Provenance {
            network: (*name).into(),
            network_hash: format!("0123456789ab{name}"),
            provider: "cpu".into(),
            precision: (*precision).into(),
        });
        Terms {
            row_schema: 1,
            networks: networks.collect(),
            heatmap: false,
            embeddings: false,
            silence_dbfs,
            frames: "exact".into(),
            from_s: 0,
            to_s: 9,
            clock: "none".into(),
        }
    }

    #[test]
    fn differences_are_named() {
        let written = terms(&[("ave", "fp32"), ("avol", "fp32")], -60.0);
        assert!(written.differences(&written).is_empty());
        let quieter = terms(&[("ave", "fp32"), ("avol", "fp32")], -50.0);
        let told = quieter.differences(&written);
        assert_eq!(told, ["--silence was -60 and is now -50"]);
        let told = terms(&[("ave", "int8")], -60.0).differences(&written);
        assert_eq!(
            told,
            [
                "network 1 was ave (0123456789ab, fp32 on cpu) and is now ave (0123456789ab, int8 \
                 on cpu)",
                "network 2 was avol (0123456789ab, fp32 on cpu) and is now none"
            ]
        );
        let more = terms(&[("ave", "fp32"), ("avol", "fp32"), ("l3", "fp32")], -60.0);
        assert!(more.differences(&written)[0].starts_with("network 3 was none"));
    }

    #[test]
    fn terms_are_read_back() {
        let terms = terms(&[("ave", "fp32")], -60.5);
        let text = serde_json::to_string(&terms).unwrap();
        assert_eq!(serde_json::from_str::<Terms>(&text).unwrap(), terms);
    }
}
