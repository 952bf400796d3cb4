//! A sound track on its way: decoded buffers to runs of mono samples at 48 kHz.

use std::sync::Arc;

use gstreamer as gst;
use gstreamer_audio as gst_audio;
use sonoscope_operators::{Budget, Event, MonoResampler, SECOND_NS, SEGMENT_SAMPLES};

use super::{
    SecondRange, SourceError, SourceLength, SourceSpec, origin::Timeline, outlet::Outlet,
    watch::Watch,
};

/// Timestamps may be this far from where the sound before them ends and still go on from it:
/// containers round them, and codecs are vague about their padding.
const JITTER_NS: i64 = 40_000_000;

/// Sound goes on in pieces of at least this many samples: a quarter of a second.
const PIECE_SAMPLES: usize = SEGMENT_SAMPLES / 4;

/// And of a live source, whose seconds do not wait for long: of 20 ms.
const LIVE_PIECE_SAMPLES: usize = SEGMENT_SAMPLES / 50;

/// Floating-point sound may go beyond full scale, 1; whatever is louder than this is no sound, and
/// would be no number once it is squared.
const LOUDEST: f32 = 1e6;

/// Sound that may wait for its pictures: about 80 s of it.
const BUDGET_BYTES: usize = 16 << 20;

/// The handler of a source's sound track.
pub struct Sound {
    watch: Arc<Watch>,
    timeline: Timeline,
    outlet: Outlet,
    range: SecondRange,
    length: SourceLength,
    budget: Budget,
    piece_samples: usize,
    origin_ns: Option<i64>,
    run: Option<Run>,
    ended: bool,
}

/// Samples without a break in time or form.
struct Run {
    start_ns: i64,
    rate_hz: u32,
    channels: u32,
    frames_in: i64,
    resampler: MonoResampler,
    /// Resampled, not yet sent on.
    pending: Vec<f32>,
    sent_samples: i64,
}

impl Run {
    fn new(start_ns: i64, rate_hz: u32, channels: u32) -> Result<Self, SourceError> {
        let resampler = MonoResampler::new(rate_hz, channels as usize)
            .map_err(|error| SourceError::Setup(error.to_string()))?;
        Ok(Self {
            start_ns,
            rate_hz,
            channels,
            frames_in: 0,
            resampler,
            pending: Vec::new(),
            sent_samples: 0,
        })
    }

    /// Where the next buffer should begin.
    fn expected_ns(&self) -> i64 {
        self.start_ns + scaled(self.frames_in, SECOND_NS, i64::from(self.rate_hz))
    }

    fn pending_start_ns(&self) -> i64 {
        self.start_ns + scaled(self.sent_samples, SECOND_NS, SEGMENT_SAMPLES as i64)
    }

    /// Up to where samples have come out of the resampler.
    fn made_ns(&self) -> i64 {
        let made = self.sent_samples + self.pending.len() as i64;
        self.start_ns + scaled(made, SECOND_NS, SEGMENT_SAMPLES as i64)
    }
}

/// `count * numerator / denominator`, with room to spare in between.
fn scaled(count: i64, numerator: i64, denominator: i64) -> i64 {
    (i128::from(count) * i128::from(numerator) / i128::from(denominator)) as i64
}

impl Sound {
    /// A handler that sends what is wanted of the source to `outlet`.
    pub fn new(watch: Arc<Watch>, timeline: Timeline, outlet: Outlet, spec: &SourceSpec) -> Self {
        Self {
            watch,
            timeline,
            outlet,
            range: spec.read_range(),
            length: spec.length.clone(),
            budget: Budget::new(spec.most_sound_bytes(BUDGET_BYTES)),
            piece_samples: match spec.is_live {
                true => LIVE_PIECE_SAMPLES,
                false => PIECE_SAMPLES,
            },
            origin_ns: None,
            run: None,
            ended: false,
        }
    }

    /// Takes a decoded buffer.
    ///
    /// # Errors
    /// `Eos` when no more is wanted, which ends the stream upstream.
    pub fn sample(&mut self, sample: &gst::Sample) -> Result<gst::FlowSuccess, gst::FlowError> {
        if self.ended || !self.watch.goes_on() {
            return Err(gst::FlowError::Eos);
        }
        match self.take(sample) {
            Ok(true) => Ok(gst::FlowSuccess::Ok),
            Ok(false) => {
                self.end();
                Err(gst::FlowError::Eos)
            }
            Err(error) => {
                self.watch.fail(error);
                self.end();
                Err(gst::FlowError::Eos)
            }
        }
    }

    /// No more sound.
    pub fn end(&mut self) {
        if std::mem::replace(&mut self.ended, true) || self.watch.is_stopped() {
            return;
        }
        if self.origin_ns.is_none() {
            self.timeline.never_begins();
        }
        self.finish_run();
        self.outlet.send(Event::AudioEnd);
        self.watch.stream_ended();
    }

    /// Whether more is wanted.
    fn take(&mut self, sample: &gst::Sample) -> Result<bool, SourceError> {
        let (Some(buffer), Some(caps)) = (sample.buffer(), sample.caps()) else {
            return Ok(true);
        };
        let info = gst_audio::AudioInfo::from_caps(caps)
            .map_err(|error| SourceError::Setup(format!("sound of no known form: {error}")))?;
        let stream_ns = super::picture::stream_time_ns(sample);
        let Some(start_ns) = self.start_ns(sample, stream_ns, &info) else {
            return Ok(self.watch.goes_on());
        };
        let last_ns = self.run.as_ref().map_or(0, Run::expected_ns);
        self.watch.advance(last_ns, start_ns)?;
        if self.is_through(start_ns) {
            return Ok(false);
        }
        let bytes = buffer
            .map_readable()
            .map_err(|error| SourceError::Setup(format!("a buffer cannot be read: {error}")))?;
        self.goes_on_or_new_run(start_ns, &info)?;
        self.feed(&bytes);
        self.send_pending(self.piece_samples);
        Ok(true)
    }

    /// Whether a buffer that starts then is behind the wanted range, and of no use for its last
    /// samples either, which the resampler makes of what is around them.
    fn is_through(&self, start_ns: i64) -> bool {
        let end_ns = self.range.to.saturating_mul(SECOND_NS);
        let is_out = |run: &Run| run.made_ns() >= end_ns;
        start_ns >= end_ns && self.run.as_ref().is_none_or(is_out)
    }

    /// When a buffer starts, from the start of the source; without a timestamp of its own it goes
    /// on from the one before. `None` when there is nothing to go on from.
    fn start_ns(
        &mut self,
        sample: &gst::Sample,
        stream_ns: Option<i64>,
        info: &gst_audio::AudioInfo,
    ) -> Option<i64> {
        let Some(stream_ns) = stream_ns else {
            let run = self.run.as_ref()?;
            return (run.rate_hz == info.rate()).then(|| run.expected_ns());
        };
        let goes_on = || self.watch.goes_on();
        self.origin_ns = self.timeline.origin_ns(self.origin_ns, sample, goes_on);
        if let Some(origin_ns) = self.origin_ns {
            self.length.set_origin(origin_ns);
        }
        Some(stream_ns - self.origin_ns?)
    }

    fn goes_on_or_new_run(
        &mut self,
        start_ns: i64,
        info: &gst_audio::AudioInfo,
    ) -> Result<(), SourceError> {
        let goes_on = self.run.as_ref().is_some_and(|run| {
            run.rate_hz == info.rate()
                && run.channels == info.channels()
                && (start_ns - run.expected_ns()).abs() <= JITTER_NS
        });
        if !goes_on {
            self.finish_run();
            self.run = Some(Run::new(start_ns, info.rate(), info.channels())?);
        }
        Ok(())
    }

    fn feed(&mut self, bytes: &[u8]) {
        let Some(run) = self.run.as_mut() else {
            return;
        };
        let mut not_numbers = 0;
        let samples: Vec<f32> = (bytes.chunks_exact(4))
            .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
            .map(|sample| match sample.abs() <= LOUDEST {
                true => sample,
                false => {
                    not_numbers += 1;
                    0.0
                }
            })
            .collect();
        if not_numbers > 0 {
            self.length.add_not_numbers(not_numbers);
        }
        run.frames_in += (samples.len() / run.channels as usize) as i64;
        run.resampler.push(&samples, &mut run.pending);
    }

    fn finish_run(&mut self) {
        if let Some(run) = self.run.as_mut() {
            run.resampler.finish(&mut run.pending);
            self.send_pending(1);
            self.run = None;
        }
    }

    /// Sends on what is pending, if there is enough of it, and lets go of what lies outside the
    /// wanted range.
    fn send_pending(&mut self, at_least: usize) {
        let Some(run) = self
            .run
            .as_mut()
            .filter(|run| run.pending.len() >= at_least)
        else {
            return;
        };
        let start_ns = run.pending_start_ns();
        let mut samples = std::mem::take(&mut run.pending);
        run.sent_samples += samples.len() as i64;
        let room_ns = (self.range.to.saturating_mul(SECOND_NS)).saturating_sub(start_ns);
        let room = scaled(room_ns, SEGMENT_SAMPLES as i64, SECOND_NS);
        samples.truncate(usize::try_from(room).unwrap_or(0));
        if run.pending_start_ns() <= self.range.from * SECOND_NS || samples.is_empty() {
            return;
        }
        let bytes = size_of_val(samples.as_slice());
        if let Some(permit) = self.watch.acquire(&self.budget, bytes) {
            self.outlet.send(Event::Audio {
                start_ns,
                samples,
                permit: Some(permit),
            });
        }
    }
}
