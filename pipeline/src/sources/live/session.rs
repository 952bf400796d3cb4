//! One uninterrupted connection to a live source.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError, Weak},
    time::{Duration, Instant},
};

use gstreamer as gst;
use gstreamer::prelude::*;
use jiff::Timestamp;
use sonoscope_operators::{ClockSource, Event, SECOND_NS, SourceInfo};

use super::{
    super::{
        SourceSpec, Stop, decode::Modality, outlet::Outlet, queues::Queues, sight::Sight,
        teardown::take_down, tracks::Tracks, watch::Watch,
    },
    clock::{LiveClock, unix_ns},
    error::LiveError,
    front,
    shed::{Shed, stream_ns},
};
use crate::cameras::{Camera, State};

/// How often the session's thread looks up from the bus.
const LOOK: gst::ClockTime = gst::ClockTime::from_mseconds(50);

/// A source that does not answer for so long is tried again.
const ANSWER: Duration = Duration::from_secs(5);

/// One that has answered may take so long until it is known what it shows: a camera's first key
/// frame may be far off.
const FIRST: Duration = Duration::from_secs(20);

/// A second waits so long for a stream that does not come.
const GRACE_NS: i64 = 400_000_000;

/// And at most so much longer where streams come in portions, as sound does in MPEG-TS.
const UNEVEN_NS: i64 = 600_000_000;

/// What the threads of a session share.
pub struct Session {
    /// Where its times are in the world.
    pub clock: Arc<LiveClock>,
    camera: Arc<Camera>,
    number: u32,
    /// The first Unix second that may come of it.
    first_s: i64,
    outlet: Outlet,
    shed: Arc<Shed>,
    streams: Mutex<Streams>,
}

#[derive(Default)]
struct Streams {
    has_answered: bool,
    /// When something last came, of those that have begun.
    signs: [Option<Instant>; 2],
    queues: Vec<gst::glib::WeakRef<gst::Element>>,
    sight: Weak<Mutex<Sight>>,
}

/// What a session leaves to the next.
pub struct Left {
    /// Whether seconds came of it.
    pub has_begun: bool,
    /// By how much the camera's clock was ahead.
    pub ahead_ns: i64,
    /// Why it ended.
    pub error: LiveError,
}

/// What a session begins with.
pub struct Beginning {
    /// Which session of the source it is.
    pub number: u32,
    /// The first Unix second that may come of it.
    pub first_s: i64,
    /// By how much the camera's clock was ahead before.
    pub ahead_ns: i64,
}

/// Connects to a source and lets in what comes of it, until that ends. `tick` is called all the
/// time until seconds come.
pub fn run(
    camera: &Arc<Camera>,
    spec: &SourceSpec,
    outlet: &Outlet,
    stop: &Stop,
    begin: &Beginning,
    mut tick: impl FnMut(),
) -> Left {
    let watch = Arc::new(Watch::new(stop.clone()));
    let clock = Arc::new(LiveClock::new(begin.ahead_ns));
    let session = Arc::new(Session {
        camera: camera.clone(),
        number: begin.number,
        first_s: begin.first_s,
        outlet: outlet.clone(),
        shed: Arc::new(Shed::new(clock.clone(), watch.clone(), outlet.clone())),
        clock,
        streams: Mutex::default(),
    });
    let pipeline = gst::Pipeline::new();
    let tracks = Tracks::new(spec, outlet, &watch, &pipeline).of_session(&session);
    let queues = Queues::Each {
        paced: front::is_paced(&camera.spec),
    };
    let error = match front::build(&camera.spec, &pipeline) {
        Err(error) => LiveError::Stream(error),
        Ok(fronts) => {
            tracks.look_behind(&fronts, queues);
            // What keeps it from starting is on the bus.
            let _ = pipeline.set_state(gst::State::Playing);
            session.follow(&pipeline, &watch, &mut tick)
        }
    };
    let has_begun = !watch.is_searching();
    if has_begun && !watch.is_stopped() {
        // What is on its way through the decoders is the end of it.
        session.drain();
    }
    watch.close();
    take_down(pipeline);
    Left {
        has_begun,
        ahead_ns: session.clock.ahead_ns(),
        error,
    }
}

impl Session {
    /// It has shown a stream.
    pub fn answers(&self) {
        self.lock().has_answered = true;
    }

    /// A stream comes out of its queue at this pad: it is heard where it goes in.
    pub fn hears(self: &Arc<Self>, pad: &gst::Pad, modality: Modality) {
        let entry = (pad.parent_element()).and_then(|queue| queue.static_pad("sink"));
        let Some(pad) = entry else {
            return;
        };
        let session = self.clone();
        let data = gst::PadProbeType::BUFFER | gst::PadProbeType::BUFFER_LIST;
        pad.add_probe(data, move |pad, info| {
            let stream_ns = match &info.data {
                Some(gst::PadProbeData::Buffer(buffer)) => stream_ns(pad, buffer),
                Some(gst::PadProbeData::BufferList(list)) => list
                    .iter()
                    .next_back()
                    .and_then(|buffer| stream_ns(pad, buffer)),
                _ => None,
            };
            session.lock().signs[modality as usize] = Some(Instant::now());
            if let Some(stream_ns) = stream_ns {
                let time_ns = session.clock.arrived(modality, stream_ns, unix_ns());
                session.camera.meter.came(time_ns);
            }
            gst::PadProbeReturn::Ok
        });
    }

    /// A stream goes to its decoder at this pad.
    pub fn sheds(&self, pad: &gst::Pad, modality: Modality) {
        if let Some(queue) = pad.parent_element() {
            self.lock().queues.push(queue.downgrade());
        }
        self.shed.guard(pad, modality);
    }

    /// Who chooses its pictures.
    pub fn sees(&self, sight: &Arc<Mutex<Sight>>) {
        self.lock().sight = Arc::downgrade(sight);
    }

    /// All its tracks are known: what rows say of it.
    pub fn open(&self, info: SourceInfo) -> SourceInfo {
        if self.number > 0 {
            self.camera.meter.reconnected();
        }
        SourceInfo {
            session: self.number,
            base_segment: self.clock.open(self.first_s),
            first_segment: 0,
            began: Some(Timestamp::UNIX_EPOCH),
            clock_source: self.clock.source(),
            ..info
        }
    }

    /// Waits for the end.
    fn follow(&self, pipeline: &gst::Pipeline, watch: &Watch, tick: &mut dyn FnMut()) -> LiveError {
        let begun = Instant::now();
        let mut told = Told::default();
        loop {
            if let Some(error) = self.next_error(pipeline, watch) {
                return error;
            }
            if watch.is_stopped() {
                return LiveError::Stopped;
            }
            if watch.is_searching() {
                tick();
                let silent_for = begun.elapsed();
                match self.lock().has_answered {
                    true if silent_for > FIRST => return LiveError::Empty(FIRST),
                    false if silent_for > ANSWER => return LiveError::NoAnswer(ANSWER),
                    _ => {}
                }
                continue;
            }
            self.camera.fares(State::Streaming, None, None);
            self.go_on(&mut told);
            if let Some(stalled) = self.stalled() {
                return stalled;
            }
        }
    }

    fn next_error(&self, pipeline: &gst::Pipeline, watch: &Watch) -> Option<LiveError> {
        let kinds = [gst::MessageType::Eos, gst::MessageType::Error];
        let message = pipeline.bus()?.timed_pop_filtered(LOOK, &kinds);
        match message.as_ref().map(|message| message.view()) {
            Some(gst::MessageView::Error(error)) => {
                return Some(LiveError::of_bus(error, &self.camera.spec.address));
            }
            Some(gst::MessageView::Eos(_)) => return Some(LiveError::Disconnected),
            _ => {}
        }
        if watch.all_ended() {
            return Some(match watch.take_failure() {
                Some(error) => LiveError::Stream(error),
                None => LiveError::Disconnected,
            });
        }
        watch.take_failure().map(LiveError::Stream)
    }

    /// Seconds that are due go on with what there is of them.
    fn go_on(&self, told: &mut Told) {
        self.meter();
        let source = self.clock.source();
        if std::mem::replace(&mut told.source, source) != source {
            self.outlet.send(Event::Clock(source));
        }
        if self.clock.is_doubted() && !std::mem::replace(&mut told.doubt, true) {
            let id = &self.camera.spec.id;
            tracing::warn!(
                "{id}: its clock is more than 10 s from this machine's, so times are those of \
                 arrival"
            );
        }
        let due = (self.clock.due_ns(unix_ns(), UNEVEN_NS))
            .map(|due_ns| (due_ns - GRACE_NS).div_euclid(SECOND_NS));
        if let Some(before) = due.filter(|&before| before > told.due && self.waiting().1 == 0) {
            told.due = before;
            let sight = self.lock().sight.upgrade();
            let is_busy = sight.is_some_and(|sight| match sight.try_lock() {
                Ok(mut sight) => {
                    sight.stay(before * SECOND_NS, self.is_fresh(Modality::Video));
                    false
                }
                Err(TryLockError::Poisoned(_) | TryLockError::WouldBlock) => true,
            });
            match is_busy {
                true => told.due = before - 1,
                false => self.outlet.send(Event::AudioDue { before }),
            }
        }
    }

    /// Whether something came of a stream not long ago.
    fn is_fresh(&self, modality: Modality) -> bool {
        let sign = self.lock().signs[modality as usize];
        sign.is_some_and(|sign| sign.elapsed() < self.camera.spec.stall / 2)
    }

    fn meter(&self) {
        self.camera.meter.queues(self.waiting().0);
        if let Some(skew_ns) = self.clock.skew_ns() {
            self.camera.meter.skewed(skew_ns);
        }
    }

    /// Bytes and buffers that wait for the decoders.
    fn waiting(&self) -> (u64, u32) {
        let streams = self.lock();
        let queues = streams
            .queues
            .iter()
            .filter_map(gst::glib::WeakRef::upgrade);
        queues.fold((0, 0), |(bytes, buffers), queue| {
            (
                bytes + u64::from(queue.property::<u32>("current-level-bytes")),
                buffers + queue.property::<u32>("current-level-buffers"),
            )
        })
    }

    /// Whether a stream that has begun does not go on.
    fn stalled(&self) -> Option<LiveError> {
        let after = self.camera.spec.stall;
        let signs = self.lock().signs;
        let is_still = |sign: Option<Instant>| sign.is_some_and(|sign| sign.elapsed() > after);
        let what = match (is_still(signs[0]), is_still(signs[1])) {
            (false, false) => return None,
            (true, false) if signs[1].is_some() => Some("sound"),
            (false, true) if signs[0].is_some() => Some("pictures"),
            _ => None,
        };
        Some(LiveError::Stalled { after, what })
    }

    /// Waits until what has come is decoded, for a moment.
    fn drain(&self) {
        let end = Instant::now() + Duration::from_millis(200);
        while self.waiting().1 > 0 && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    // Whoever panicked while it held the lock has aborted the process.
    fn lock(&self) -> MutexGuard<'_, Streams> {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What was told to the dataflow.
struct Told {
    source: ClockSource,
    doubt: bool,
    due: i64,
}

impl Default for Told {
    fn default() -> Self {
        Self {
            source: ClockSource::Host,
            doubt: false,
            due: 0,
        }
    }
}
