//! A recording on disk.

use std::{
    fs,
    io::ErrorKind,
    path::Path,
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
    time::Duration,
};

use gstreamer as gst;
use gstreamer::prelude::*;
use sonoscope_operators::Event;

use super::{
    SourceError, SourceSpec, Stop,
    decode::{Branch, Modality, make, sight_sink, sound_sink},
    origin::Origin,
    outlet::Outlet,
    sight::Sight,
    sound::Sound,
    watch::Watch,
};

/// Encoded data that may wait for its decoder, per stream. A queue grows beyond it while another
/// is empty, so that streams stored far apart cannot block each other.
const QUEUE_BYTES: u32 = 8 << 20;

/// How often the source's thread looks up from the bus.
const LOOK: Duration = Duration::from_millis(20);

/// Taking a pipeline down takes milliseconds; a plugin that hangs is left behind after this.
const TEARDOWN: Duration = Duration::from_secs(3);

/// What a stream can begin with.
const DATA: gst::PadProbeType = gst::PadProbeType::BUFFER.union(gst::PadProbeType::BUFFER_LIST);

/// Reads a recording to its end, or to the end of what is wanted of it.
pub fn read(spec: &SourceSpec, outlet: &Outlet, stop: &Stop) -> Result<(), SourceError> {
    check(&spec.path)?;
    let watch = Arc::new(Watch::new(stop.clone()));
    let pipeline = gst::Pipeline::new();
    let started = Tracks::new(spec, outlet, &watch, &pipeline).open(&spec.path);
    let result = started.and_then(|()| {
        pipeline.set_state(gst::State::Playing).map_err(|_| {
            bus_error(&pipeline, &watch)
                .unwrap_or_else(|| SourceError::Setup("the pipeline does not start".into()))
        })?;
        follow(&pipeline, &watch, spec)
    });
    watch.close();
    take_down(pipeline);
    result.and_then(|()| watch.take_failure().map_or(Ok(()), Err))
}

/// Whether there is a recording to open. GStreamer would say less about it, and wait for ever at
/// a FIFO.
fn check(path: &Path) -> Result<(), SourceError> {
    let unreadable = |cause: std::io::Error| match cause.kind() {
        ErrorKind::NotFound => SourceError::Missing(path.into()),
        _ => SourceError::Unreadable {
            path: path.into(),
            cause,
        },
    };
    let metadata = fs::metadata(path).map_err(unreadable)?;
    let not_a_file = |what| SourceError::NotAFile {
        path: path.into(),
        what,
    };
    if metadata.is_dir() {
        return Err(not_a_file("a folder"));
    }
    if !metadata.is_file() {
        return Err(not_a_file("a FIFO, socket or device"));
    }
    fs::File::open(path).map_err(unreadable)?;
    if metadata.len() == 0 {
        return Err(SourceError::Empty(path.into()));
    }
    Ok(())
}

/// Waits for the end, an error or a stop.
fn follow(pipeline: &gst::Pipeline, watch: &Watch, spec: &SourceSpec) -> Result<(), SourceError> {
    loop {
        if watch.has_failed() {
            return Ok(());
        }
        if spec.length.seconds().is_none()
            && watch.position().is_some()
            && let Some(length) = pipeline.query_duration::<gst::ClockTime>()
        {
            spec.length.set_seconds(spec.range.of(length.seconds()));
        }
        match next_message(pipeline, Some(LOOK)) {
            Some(Message::Eos) => return Ok(()),
            // A handler that failed makes GStreamer fail, too, but knows better why.
            Some(Message::Error(..)) if watch.has_failed() => return Ok(()),
            Some(Message::Error(element, message)) => {
                return Err(SourceError::Decode {
                    element,
                    message,
                    position: watch.position(),
                });
            }
            None if watch.is_stopped() => return Err(SourceError::Stopped),
            None if watch.all_ended() => return Ok(()),
            None if watch.is_stalled() => {
                return Err(SourceError::Stalled {
                    after: super::watch::STALL,
                    position: watch.position(),
                });
            }
            None => {}
        }
    }
}

enum Message {
    Eos,
    Error(String, String),
}

fn next_message(pipeline: &gst::Pipeline, wait: Option<Duration>) -> Option<Message> {
    let bus = pipeline.bus()?;
    let wait = wait.map_or(gst::ClockTime::ZERO, |wait| {
        gst::ClockTime::from_nseconds(wait.as_nanos() as u64)
    });
    let kinds = [gst::MessageType::Eos, gst::MessageType::Error];
    match bus.timed_pop_filtered(wait, &kinds)?.view() {
        gst::MessageView::Eos(_) => Some(Message::Eos),
        gst::MessageView::Error(error) => Some(Message::Error(
            error.src().map_or("GStreamer".into(), |src| {
                let element = src.downcast_ref::<gst::Element>();
                let factory = element.and_then(|element| element.factory());
                factory.map_or_else(
                    || src.name().to_string(),
                    |factory| factory.name().to_string(),
                )
            }),
            error.error().to_string(),
        )),
        _ => None,
    }
}

fn bus_error(pipeline: &gst::Pipeline, watch: &Watch) -> Option<SourceError> {
    match next_message(pipeline, None)? {
        Message::Error(element, message) => Some(SourceError::Decode {
            element,
            message,
            position: watch.position(),
        }),
        Message::Eos => None,
    }
}

/// Stops a pipeline on a thread of its own, so that a plugin that hangs costs a thread and not
/// the run.
fn take_down(pipeline: gst::Pipeline) {
    let (done, wait) = mpsc::sync_channel(1);
    let stopper = thread::Builder::new()
        .name("teardown".into())
        .spawn(move || {
            let _ = pipeline.set_state(gst::State::Null);
            drop(pipeline);
            let _ = done.send(());
        });
    if stopper.is_ok() && wait.recv_timeout(TEARDOWN).is_err() {
        tracing::warn!("a GStreamer pipeline did not stop in {TEARDOWN:?} and is left behind");
    }
}

/// The tracks of a source as they are found: the first of each modality is decoded.
struct Tracks {
    spec: SourceSpec,
    outlet: Outlet,
    watch: Arc<Watch>,
    origin: Arc<Origin>,
    pipeline: gst::glib::WeakRef<gst::Pipeline>,
    found: Vec<Modality>,
    is_complete: bool,
}

impl Tracks {
    fn new(
        spec: &SourceSpec,
        outlet: &Outlet,
        watch: &Arc<Watch>,
        pipeline: &gst::Pipeline,
    ) -> Self {
        Self {
            spec: spec.clone(),
            outlet: outlet.clone(),
            watch: watch.clone(),
            origin: Arc::default(),
            pipeline: pipeline.downgrade(),
            found: Vec::new(),
            is_complete: false,
        }
    }

    /// `filesrc ! parsebin`, which shows every stream parsed and undecoded, and behind it one
    /// multiqueue for the streams that are decoded.
    fn open(self, path: &Path) -> Result<(), SourceError> {
        let setup = |error: gst::glib::BoolError| SourceError::Setup(error.to_string());
        let Some(pipeline) = self.pipeline.upgrade() else {
            return Ok(());
        };
        let source = make("filesrc")?;
        source.set_property("location", path);
        let parse = make("parsebin")?;
        let queue = make("multiqueue")?;
        queue.set_property("max-size-bytes", QUEUE_BYTES);
        queue.set_property("max-size-buffers", 0u32);
        queue.set_property("max-size-time", 0u64);
        pipeline
            .add_many([&source, &parse, &queue])
            .map_err(setup)?;
        source.link(&parse).map_err(setup)?;

        self.watch.stream_opened(); // The search for tracks itself, until it is over.
        let tracks = Arc::new(Mutex::new(self));
        parse.connect_pad_added(move |_, pad| {
            let mut found = tracks.lock().unwrap_or_else(PoisonError::into_inner);
            if let Err(error) = found.found(pad, &queue) {
                found.watch.fail(error);
            }
            // Pads are blocked until all are there: with the first data, the search is over.
            let tracks = tracks.clone();
            pad.add_probe(DATA, move |_, _| {
                let mut tracks = tracks.lock().unwrap_or_else(PoisonError::into_inner);
                tracks.all_found();
                gst::PadProbeReturn::Remove
            });
        });
        Ok(())
    }

    fn found(&mut self, pad: &gst::Pad, queue: &gst::Element) -> Result<(), SourceError> {
        let caps = pad.current_caps().unwrap_or_else(|| pad.query_caps(None));
        let Some(modality) = Modality::of(&caps).filter(|m| !self.found.contains(m)) else {
            return Ok(());
        };
        let Some(pipeline) = self.pipeline.upgrade() else {
            return Ok(());
        };
        let (watch, origin) = (self.watch.clone(), self.origin.clone());
        let (outlet, spec) = (self.outlet.clone(), &self.spec);
        let sink = match modality {
            Modality::Audio => sound_sink(Sound::new(watch, origin, outlet, spec)),
            Modality::Video => sight_sink(Sight::new(watch, origin, outlet, spec)),
        };
        let branch = Branch::new(&pipeline, &caps, modality, sink)?;
        self.found.push(modality);
        self.watch.stream_opened();
        link(pad, queue, branch).map_err(|error| SourceError::Setup(error.to_string()))
    }

    fn all_found(&mut self) {
        if std::mem::replace(&mut self.is_complete, true) {
            return;
        }
        if self.found.is_empty() {
            self.watch.fail(SourceError::NoTracks);
        }
        let has = |modality| self.found.contains(&modality);
        let info = self.spec.info(has(Modality::Audio), has(Modality::Video));
        self.outlet.send(Event::Opened(Arc::new(info)));
        self.origin.expect(self.found.len());
        self.watch.stream_ended();
    }
}

/// Links a stream through its own place in the queue to its branch.
fn link(pad: &gst::Pad, queue: &gst::Element, branch: Branch) -> Result<(), gst::glib::BoolError> {
    let full = || gst::glib::bool_error!("the queue has no more places");
    let sink = queue.request_pad_simple("sink_%u").ok_or_else(full)?;
    // The source pad that belongs to the sink pad.
    let source = sink
        .iterate_internal_links()
        .next()
        .ok()
        .flatten()
        .ok_or_else(full)?;
    branch.attach(&source)?;
    pad.link(&sink)
        .map(|_| ())
        .map_err(|error| gst::glib::bool_error!("cannot link {}: {error}", pad.name()))
}
