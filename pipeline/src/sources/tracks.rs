//! The tracks of a recording, as they are found: the first of each modality is decoded.

use std::{
    collections::HashSet,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use gstreamer as gst;
use gstreamer::prelude::*;
use jiff::Timestamp;
use sonoscope_operators::Event;

use super::{
    Began, SourceError, SourceSpec,
    colour::stream_before_container,
    decode::{Branch, Modality, make, sight_sink, sound_sink},
    origin::Origin,
    outlet::Outlet,
    selective::{Omitted, guard},
    sight::Sight,
    sound::Sound,
    watch::Watch,
};

/// Encoded data that may wait for its decoder, per stream. A queue grows beyond it while another
/// is empty, so that streams stored far apart cannot block each other.
const QUEUE_BYTES: u32 = 8 << 20;

/// A track that has not shown itself when this much of the others has gone by is not there. Less
/// than [`QUEUE_BYTES`], in which the others wait for the search to end.
const SEARCH_BYTES: usize = 4 << 20;

/// Likewise in time.
const SEARCH_TIME: gst::ClockTime = gst::ClockTime::from_seconds(2);

/// What tells that a stream has begun, or that it never will.
const DATA: gst::PadProbeType = gst::PadProbeType::BUFFER
    .union(gst::PadProbeType::BUFFER_LIST)
    .union(gst::PadProbeType::EVENT_DOWNSTREAM);

/// The search for the tracks of a source.
///
/// Most containers list their tracks at the head, and the demuxer says when it has shown them all.
/// Some (FLV, MPEG-PS) show a track when its first data comes, so the search goes on for a while
/// into the data. What ends it depends on the data alone, never on timing.
pub struct Tracks {
    spec: SourceSpec,
    outlet: Outlet,
    watch: Arc<Watch>,
    origin: Arc<Origin>,
    pipeline: gst::glib::WeakRef<gst::Pipeline>,
    found: Vec<Modality>,
    /// Names of the demuxers that may still show streams.
    searching: HashSet<gst::glib::GString>,
    /// Streams that have not told what they hold.
    unknown: usize,
    seen_bytes: usize,
    seen_from: Option<gst::ClockTime>,
    is_complete: bool,
}

impl Tracks {
    /// Nothing found yet.
    pub fn new(
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
            searching: HashSet::new(),
            unknown: 0,
            seen_bytes: 0,
            seen_from: None,
            is_complete: false,
        }
    }

    /// `filesrc ! parsebin`, which shows every stream parsed and undecoded, and behind it one
    /// multiqueue for the streams that are decoded.
    ///
    /// # Errors
    /// When an element is not installed.
    pub fn open(self, path: &Path) -> Result<(), SourceError> {
        let setup = |error: gst::glib::BoolError| SourceError::Setup(error.to_string());
        let Some(pipeline) = self.pipeline.upgrade() else {
            return Ok(());
        };
        let source = make("filesrc")?;
        source.set_property("location", path);
        let parse = make("parsebin")?;
        stream_before_container(&parse);
        let queue = make("multiqueue")?;
        queue.set_property("max-size-bytes", QUEUE_BYTES);
        queue.set_property("max-size-buffers", 0u32);
        queue.set_property("max-size-time", 0u64);
        pipeline
            .add_many([&source, &parse, &queue])
            .map_err(setup)?;
        source.link(&parse).map_err(setup)?;

        let tracks = Arc::new(Mutex::new(self));
        if let Some(bin) = parse.downcast_ref::<gst::Bin>() {
            let tracks = tracks.clone();
            bin.connect_deep_element_added(move |_, _, element| await_all_of(element, &tracks));
        }
        parse.connect_pad_added(move |_, pad| {
            let (tracks, queue) = (tracks.clone(), queue.clone());
            let mut found = lock(&tracks);
            found.unknown += 1;
            if let Some(caps) = pad.current_caps() {
                found.known(pad, &queue, &caps);
            }
            drop(found);
            pad.add_probe(DATA, move |pad, info| {
                lock(&tracks).passes(pad, &queue, info)
            });
        });
        Ok(())
    }

    /// Something goes by on a stream: it tells what it holds, or its data begins, and perhaps the
    /// search is over with it.
    fn passes(
        &mut self,
        pad: &gst::Pad,
        queue: &gst::Element,
        info: &gst::PadProbeInfo,
    ) -> gst::PadProbeReturn {
        let enough = match &info.data {
            Some(gst::PadProbeData::Buffer(buffer)) => self.is_enough(buffer),
            Some(gst::PadProbeData::BufferList(list)) => list.iter().any(|b| self.is_enough(b)),
            Some(gst::PadProbeData::Event(event)) => match event.view() {
                gst::EventView::Caps(caps) => {
                    self.known(pad, queue, &caps.caps_owned());
                    false
                }
                gst::EventView::Eos(_) => true,
                _ => false,
            },
            _ => false,
        };
        if enough {
            self.all_found(pad);
        }
        match self.is_complete {
            true => gst::PadProbeReturn::Remove,
            false => gst::PadProbeReturn::Ok,
        }
    }

    /// A stream has told what it holds. Only now can a decoder be chosen: until it has seen data,
    /// a parser offers all that it could make of it.
    fn known(&mut self, pad: &gst::Pad, queue: &gst::Element, caps: &gst::Caps) {
        if !pad.is_linked() {
            self.unknown = self.unknown.saturating_sub(1);
            if let Err(error) = self.found(pad, queue, caps) {
                self.watch.fail(error);
            }
        }
    }

    fn found(
        &mut self,
        pad: &gst::Pad,
        queue: &gst::Element,
        caps: &gst::Caps,
    ) -> Result<(), SourceError> {
        let Some(modality) = Modality::of(caps).filter(|m| !self.found.contains(m)) else {
            self.watch.stream_left_out();
            return Ok(());
        };
        let Some(pipeline) = self.pipeline.upgrade().filter(|_| !self.is_complete) else {
            return Ok(());
        };
        if let Some(sharing) = &self.spec.sharing {
            let length = pad.query_duration::<gst::ClockTime>();
            sharing.offer(&self.spec, length.map(gst::ClockTime::seconds));
        }
        let (watch, origin) = (self.watch.clone(), self.origin.clone());
        let (outlet, spec) = (self.outlet.clone(), &self.spec);
        let omitted = Omitted::default();
        let sink = match modality {
            Modality::Audio => sound_sink(Sound::new(watch, origin, outlet, spec)),
            Modality::Video => sight_sink(Sight::new(watch, origin, outlet, spec, omitted.clone())),
        };
        let branch = Branch::new(&pipeline, caps, modality, sink)?;
        self.found.push(modality);
        self.watch.stream_opened();
        let guard = |source: &gst::Pad| match modality {
            Modality::Audio => {}
            Modality::Video => guard(source, &self.spec, &self.watch, &omitted),
        };
        link(pad, queue, branch, guard).map_err(|error| SourceError::Setup(error.to_string()))
    }

    fn is_enough(&mut self, buffer: &gst::BufferRef) -> bool {
        self.seen_bytes += buffer.size();
        let time = buffer.dts_or_pts();
        self.seen_from = self.seen_from.or(time);
        let seen_for = time
            .zip(self.seen_from)
            .map(|(now, from)| now.saturating_sub(from));
        let all_known = self.searching.is_empty() && self.unknown == 0;
        all_known
            || self.found.len() == Modality::ALL.len()
            || self.seen_bytes > SEARCH_BYTES
            || seen_for.is_some_and(|time| time > SEARCH_TIME)
    }

    fn all_found(&mut self, pad: &gst::Pad) {
        if std::mem::replace(&mut self.is_complete, true) {
            return;
        }
        if self.found.is_empty() {
            self.watch.fail(SourceError::NoTracks);
        }
        let has = |modality| self.found.contains(&modality);
        let created = created(pad).filter(|_| self.spec.began == Began::InContainer);
        let info = (self.spec).info(has(Modality::Audio), has(Modality::Video), created);
        self.outlet.send(Event::Opened(Arc::new(info)));
        self.origin.expect(self.found.len());
        self.watch.search_ended();
    }
}

/// When the container says that it was made: among the tags that came before the data.
fn created(pad: &gst::Pad) -> Option<Timestamp> {
    let tags = (0..).map_while(|index| pad.sticky_event::<gst::event::Tag>(index));
    let times = tags.filter_map(|event| {
        let time = event.tag().get::<gst::tags::DateTime>()?;
        time.get().to_g_date_time().ok()
    });
    let time = times.last()?;
    let microseconds = i64::from(time.microsecond());
    let unix_us = time.to_unix() * 1_000_000 + microseconds;
    Timestamp::from_microsecond(unix_us).ok()
}

/// An element that shows its streams one by one says when it has shown the last.
fn await_all_of(element: &gst::Element, tracks: &Arc<Mutex<Tracks>>) {
    let shows_streams = element.pad_template_list().iter().any(|template| {
        template.direction() == gst::PadDirection::Src
            && template.presence() == gst::PadPresence::Sometimes
    });
    if shows_streams {
        lock(tracks).searching.insert(element.name());
        let tracks = tracks.clone();
        element.connect_no_more_pads(move |element| {
            lock(&tracks).searching.remove(&element.name());
        });
    }
}

/// Links a stream through its own place in the queue to its branch.
fn link(
    pad: &gst::Pad,
    queue: &gst::Element,
    branch: Branch,
    guard: impl FnOnce(&gst::Pad),
) -> Result<(), gst::glib::BoolError> {
    let full = || gst::glib::bool_error!("the queue has no more places");
    let sink = queue.request_pad_simple("sink_%u").ok_or_else(full)?;
    // The source pad that belongs to the sink pad.
    let source = sink
        .iterate_internal_links()
        .next()
        .ok()
        .flatten()
        .ok_or_else(full)?;
    guard(&source);
    branch.attach(&source)?;
    pad.link(&sink)
        .map(|_| ())
        .map_err(|error| gst::glib::bool_error!("cannot link {}: {error}", pad.name()))
}

// A thread that panicked here has aborted the process, so the lock is never poisoned.
fn lock(tracks: &Mutex<Tracks>) -> MutexGuard<'_, Tracks> {
    tracks.lock().unwrap_or_else(PoisonError::into_inner)
}
