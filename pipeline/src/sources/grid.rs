//! The pictures of a track beside those of the seconds' middles: small ones, several a second.

use std::{collections::BTreeMap, sync::Arc};

use gstreamer as gst;
use gstreamer_video::VideoOrientationMethod;
use sonoscope_operators::{Budget, Grid, GridChooser, GridSpec, Picture, Resize};

use super::{
    SecondRange, SourceError,
    picture::{Converter, Small},
    watch::Watch,
};

/// Small pictures that may wait for their sound, or for the networks.
const BUDGET_BYTES: usize = 64 << 20;

/// So many seconds of them make a window, and one more is being scored.
const LEAST_SECONDS: usize = sonoscope_models::WINDOW_SECONDS + 1;

/// When a decoded picture came on show, and the picture.
type Decoded = (i64, gst::Sample);

/// The handler of the small pictures of a track. Each is resized as soon as it is known that it
/// is wanted, once, so that no decoded picture is held for longer than it is on show.
pub struct GridSight {
    spec: GridSpec,
    range: SecondRange,
    watch: Arc<Watch>,
    budget: Budget,
    chooser: GridChooser<Decoded>,
    /// The last picture that was decoded. It stands for those that are not, which matters only
    /// where a decoder loses one.
    decoded: Option<Decoded>,
    shrinker: Shrinker,
    seconds: BTreeMap<i64, Vec<Arc<Picture>>>,
}

/// The source is to end.
pub struct Ending;

impl GridSight {
    /// A handler of the grid of these seconds.
    pub fn new(spec: GridSpec, range: SecondRange, watch: Arc<Watch>) -> Self {
        Self {
            spec,
            range,
            watch,
            budget: Budget::with_room_for(LEAST_SECONDS, BUDGET_BYTES),
            chooser: GridChooser::new(spec),
            decoded: None,
            shrinker: Shrinker::new(spec),
            seconds: BTreeMap::new(),
        }
    }

    /// Pictures from here on are turned this way.
    pub fn orient(&mut self, orientation: VideoOrientationMethod) {
        self.shrinker.converter.orient(orientation);
    }

    /// A picture comes on show; without a sample where it is not decoded.
    ///
    /// # Errors
    /// When the one before it cannot be converted.
    pub fn push(
        &mut self,
        pts_ns: i64,
        duration_ns: i64,
        sample: Option<&gst::Sample>,
    ) -> Result<(), SourceError> {
        if let Some(sample) = sample {
            self.decoded = Some((pts_ns, sample.clone()));
        }
        let Some(decoded) = self.decoded.clone() else {
            return Ok(());
        };
        self.gather(|chooser, pick| chooser.push(pts_ns, duration_ns, decoded, pick))
    }

    /// No more pictures.
    ///
    /// # Errors
    /// When the last one cannot be converted.
    pub fn finish(&mut self) -> Result<(), SourceError> {
        self.gather(|chooser, pick| chooser.finish(pick))
    }

    /// The pictures of a second that is over, if all of them are there. Those of seconds before
    /// are let go.
    ///
    /// # Errors
    /// When the source was told to end while there was no memory for them.
    pub fn take(&mut self, second: i64) -> Result<Option<Arc<Grid>>, Ending> {
        self.seconds = self.seconds.split_off(&second);
        let pictures = self.seconds.remove(&second);
        let Some(pictures) = pictures.filter(|pictures| pictures.len() == self.spec.rate_hz) else {
            return Ok(None);
        };
        let permit = self.watch.acquire(&self.budget, self.spec.second_bytes());
        let permit = Some(permit.ok_or(Ending)?);
        Ok(Some(Arc::new(Grid { pictures, permit })))
    }

    /// Lets the chooser pick, and resizes what it picks.
    fn gather(
        &mut self,
        choose: impl FnOnce(&mut GridChooser<Decoded>, &mut dyn FnMut(i64, i64, &Decoded)),
    ) -> Result<(), SourceError> {
        let (rate_hz, range) = (self.spec.rate_hz as i64, self.range);
        let (shrinker, seconds) = (&mut self.shrinker, &mut self.seconds);
        let mut result = Ok(());
        choose(&mut self.chooser, &mut |position, _, (pts_ns, sample)| {
            let second = position.div_euclid(rate_hz);
            if result.is_err() || !(range.from..range.to).contains(&second) {
                return;
            }
            match shrinker.picture(*pts_ns, sample) {
                Ok(picture) => seconds.entry(second).or_default().push(picture),
                Err(error) => result = Err(error),
            }
        });
        result
    }
}

/// Makes small pictures, each once.
struct Shrinker {
    converter: Converter,
    small: Small,
    last: Option<(i64, Arc<Picture>)>,
}

impl Shrinker {
    fn new(spec: GridSpec) -> Self {
        Self {
            converter: Converter::default(),
            small: Small {
                size: [spec.width, spec.height],
                resize: Resize::new(spec.antialias),
            },
            last: None,
        }
    }

    fn picture(&mut self, pts_ns: i64, sample: &gst::Sample) -> Result<Arc<Picture>, SourceError> {
        if let Some((last_pts_ns, picture)) = &self.last
            && *last_pts_ns == pts_ns
        {
            return Ok(picture.clone());
        }
        let picture = Arc::new(self.converter.small(sample, &mut self.small)?);
        self.last = Some((pts_ns, picture.clone()));
        Ok(picture)
    }
}
