//! A live source that is watched in another process: how it is told, and what is told of it.

use std::{sync::Arc, time::Duration};

use serde::{Deserialize, Serialize, Serializer};
use sonoscope_operators::SourceId;

use crate::{
    agenda::Joining,
    cameras::{self, Address, Camera, CameraSpec, Health, Transport},
    sources::{Reading, live},
};

/// A live source to watch elsewhere.
#[derive(Debug, Serialize, Deserialize)]
pub struct Post {
    /// Its place among the sources of the run.
    pub ordinal: u32,
    /// The worker to which it falls, counted over all processes.
    pub worker: usize,
    id: SourceId,
    /// With its secrets: whoever watches it needs them.
    #[serde(serialize_with = "exposed")]
    address: Address,
    transport: Transport,
    stall: Duration,
    jitter: Duration,
    insecure: bool,
    silence_dbfs: Option<f32>,
    /// The bits of the networks that look at it.
    networks: u64,
    first_s: i64,
}

/// How a live source fares that is watched elsewhere.
#[derive(Debug, Serialize, Deserialize)]
pub struct Report {
    /// Which.
    pub ordinal: u32,
    /// What it is doing.
    pub health: Health,
    /// What is counted of it.
    pub counted: cameras::Reading,
}

impl Post {
    /// A live source as another process is told of it.
    pub fn of(joining: &Joining, worker: usize) -> Self {
        let CameraSpec {
            id,
            address,
            transport,
            stall,
            jitter,
            insecure,
            silence_dbfs,
            // Said in bits; and rows are written by process 0.
            networks: _,
            sinks: _,
        } = &joining.camera.spec;
        Self {
            ordinal: joining.camera.ordinal,
            worker,
            id: id.clone(),
            address: address.clone(),
            transport: *transport,
            stall: *stall,
            jitter: *jitter,
            insecure: *insecure,
            silence_dbfs: *silence_dbfs,
            networks: joining.spec.wishes.networks,
            first_s: joining.first_s,
        }
    }

    /// The live source, as this process watches it.
    pub fn joining(self, reading: Reading) -> Joining {
        let spec = CameraSpec {
            transport: self.transport,
            stall: self.stall,
            jitter: self.jitter,
            insecure: self.insecure,
            silence_dbfs: self.silence_dbfs,
            ..CameraSpec::new(self.id, self.address)
        };
        let camera = Arc::new(Camera::new(spec, self.ordinal, self.first_s));
        let mut spec = live::spec_of(&camera, reading);
        spec.wishes.networks = self.networks;
        Joining {
            camera,
            spec,
            first_s: self.first_s,
        }
    }
}

fn exposed<S: Serializer>(address: &Address, serializer: S) -> Result<S::Ok, S::Error> {
    // Standard input is read by the process whose it is.
    serializer.serialize_str(address.exposed().map_or("-", |url| url.as_str()))
}

impl Report {
    /// Of a live source that is watched here.
    pub fn of(camera: &Camera) -> Self {
        Self {
            ordinal: camera.ordinal,
            health: camera.health(),
            counted: camera.meter.read(),
        }
    }

    /// Takes it over.
    pub fn tell(self, camera: &Camera) {
        camera.fares_away(self.health);
        camera.meter.counted_away(&self.counted);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_live_source_is_elsewhere_what_it_is_here_and_keeps_its_secrets() {
        let address = "rtsp://me:hush@10.0.0.7/live".parse().unwrap();
        let spec = CameraSpec {
            insecure: true,
            silence_dbfs: Some(-40.0),
            ..CameraSpec::new(SourceId::slug("yard"), address)
        };
        let camera = Arc::new(Camera::new(spec, (1 << 30) + 5, 0));
        let mut spec = live::spec_of(&camera, Reading::default());
        spec.wishes.networks = 2;
        let joining = Joining {
            camera,
            spec,
            first_s: 1_700_000_000,
        };
        let post = Post::of(&joining, 3);
        assert!(!format!("{post:?}").contains("hush"));
        let there: Post = postcard::from_bytes(&postcard::to_allocvec(&post).unwrap()).unwrap();
        assert_eq!(there.worker, 3);
        let there = there.joining(Reading::default());
        assert_eq!(there.camera.spec, joining.camera.spec);
        assert_eq!(format!("{:?}", there.spec), format!("{:?}", joining.spec));
        assert_eq!(there.first_s, joining.first_s);
    }
}
