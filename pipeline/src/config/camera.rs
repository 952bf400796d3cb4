//! `[[source]]`: a live source in the configuration.

use std::{env, time::Duration};

use serde::Deserialize;
use sonoscope_operators::{NoSourceId, SourceId};

use crate::{
    cameras::{Address, CameraSpec, Transport},
    fault::Fault,
    sinks::{SinkUri, expand},
};

/// A `[[source]]` table.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct CameraTable {
    /// Its name in rows.
    pub id: String,
    /// Where it is found; `${NAME}` stands for a variable of the environment.
    pub url: String,
    /// How its data travels, if it is an RTSP camera.
    pub transport: Option<Transport>,
    /// Seconds without data after which it is connected anew.
    pub stall: Option<f32>,
    /// Milliseconds for which packets that are late are waited for.
    pub jitter_ms: Option<u32>,
    /// Whether a certificate is taken that nobody vouches for.
    #[serde(default)]
    pub insecure: bool,
    /// Sound below this level, in dB below full scale, is silent.
    pub silence: Option<f32>,
    /// Which of the run's networks look at it; all if none is named.
    #[serde(default)]
    pub networks: Vec<String>,
    /// Which of the run's sinks take its rows; all if none is named.
    #[serde(default, deserialize_with = "super::parsed_list")]
    pub sinks: Vec<SinkUri>,
}

/// What there is in a run for its sources to choose from.
#[derive(Clone, Debug, Default)]
pub struct Choices {
    /// Its networks.
    pub networks: Vec<String>,
    /// Its sinks.
    pub sinks: Vec<SinkUri>,
}

impl CameraTable {
    /// What it asks for.
    ///
    /// # Errors
    /// When it cannot be understood, or a variable that it names is not set.
    pub fn spec(&self, choices: &Choices) -> Result<CameraSpec, Fault> {
        let wrong = |what: &str, error: &dyn std::fmt::Display| {
            Fault::usage(format!("[[source]] {:?}: {what}: {error}", self.id))
        };
        let strange = |name: &&String| !choices.networks.contains(name);
        if let Some(name) = self.networks.iter().find(strange) {
            let error = format!("{name} is none of the run's networks");
            return Err(wrong("networks", &error).tip("name it among `networks` above, too"));
        }
        let strange = |sink: &&SinkUri| !choices.sinks.contains(sink);
        if let Some(sink) = self.sinks.iter().find(strange) {
            let error = format!("{sink} is none of the run's sinks");
            return Err(wrong("sinks", &error).tip("name it among `sinks` above, too"));
        }
        let id = self.id.parse().map_err(|error: NoSourceId| {
            let tip = format!("call it {:?}", SourceId::slug(&self.id).as_str());
            wrong("id", &error).tip(tip)
        })?;
        let url = expand(&self.url, |name| env::var(name).ok());
        let url = url.map_err(|name| {
            wrong(
                "url",
                &format!("the variable {name} is not set in the environment"),
            )
            .tip(format!(
                "export {name}=..., or in systemd an EnvironmentFile"
            ))
        })?;
        let address: Address = url.parse().map_err(|error| wrong("url", &error))?;
        let default = CameraSpec::new(id, address);
        let stall = self.stall.map(Duration::try_from_secs_f32).transpose();
        let stall = stall.map_err(|error| wrong("stall", &error))?;
        if stall.is_some_and(|stall| stall.is_zero()) {
            return Err(wrong("stall", &"0 is not a time to wait for"));
        }
        Ok(CameraSpec {
            transport: self.transport.unwrap_or_default(),
            stall: stall.unwrap_or(default.stall),
            jitter: (self.jitter_ms.map(u64::from).map(Duration::from_millis))
                .unwrap_or(default.jitter),
            insecure: self.insecure,
            silence_dbfs: self.silence,
            networks: self.networks.clone(),
            sinks: self.sinks.clone(),
            ..default
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_says_what_is_wrong_with_it() {
        let spec = |text: &str| {
            toml::from_str::<CameraTable>(text)
                .unwrap()
                .spec(&Choices::default())
        };
        let yard = spec("id = 'yard'\nurl = 'rtsp://h/1'\nstall = 3.5\ntransport = 'tcp'");
        let yard = yard.unwrap();
        assert_eq!(
            (yard.stall, yard.transport),
            (Duration::from_millis(3500), Transport::Tcp)
        );
        let other = spec("id = 'yard_2.left'\nurl = 'rtsp://h/2'").unwrap();
        assert_eq!(other.id.as_str(), "yard_2.left");
        for (text, told) in [
            ("id = 'My Yard'\nurl = 'rtsp://h/1'", "my-yard"),
            ("id = 'a'\nurl = 'ftp://h/1'", "ftp:// is no kind"),
            (
                "id = 'a'\nurl = 'rtsp://${SONOSCOPE_NOT_SET}/'",
                "SONOSCOPE_NOT_SET is not set",
            ),
            ("id = 'a'\nurl = 'rtsp://h/'\nstall = -1.0", "stall"),
            (
                "id = 'a'\nurl = 'rtsp://h/'\nnetworks = ['x']",
                "x is none of",
            ),
            (
                "id = 'a'\nurl = 'rtsp://h/'\nsinks = ['null:']",
                "null: is none of",
            ),
        ] {
            let fault = spec(text).unwrap_err().to_string();
            assert!(fault.contains(told), "{fault}");
        }
    }
}
