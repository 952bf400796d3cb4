//! Which worker watches which live source.

use super::Camera;

/// How live sources fall to workers: to each in turn, over all processes of a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spread {
    /// The workers of process 0.
    pub here: usize,
    /// Those of all processes.
    pub all: usize,
}

impl Spread {
    /// The worker, counted over all processes, to which a source falls. What is plugged into the
    /// host of process 0 falls to one of its own.
    pub fn worker_of(&self, camera: &Camera) -> usize {
        let workers = match camera.spec.address.is_of_this_host() {
            true => self.here,
            false => self.all,
        };
        camera.ordinal as usize % workers.max(1)
    }
}

#[cfg(test)]
mod tests {
    use sonoscope_operators::SourceId;

    use super::*;
    use crate::cameras::CameraSpec;

    #[test]
    fn all_workers_have_as_many_and_devices_stay_where_they_are() {
        let spread = Spread { here: 2, all: 6 };
        let worker_of = |ordinal: u32, address: &str| {
            let spec = CameraSpec::new(SourceId::slug("a"), address.parse().unwrap());
            spread.worker_of(&Camera::new(spec, ordinal, 0))
        };
        let mut watched = [0; 6];
        (0..60).for_each(|ordinal| watched[worker_of(ordinal, "rtsp://host/")] += 1);
        assert_eq!(watched, [10; 6]);
        for device in ["-", "v4l2:/dev/video0"] {
            assert!((0..60).all(|ordinal| worker_of(ordinal, device) < 2));
        }
    }
}
