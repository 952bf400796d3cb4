//! The tracks of a recording, as they are found: the first of each modality is decoded.

use std::{
    collections::HashSet,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use jiff::Timestamp;
use sonoscope_operators::Event;

use super::{
    Began, SourceError, SourceSpec,
    colour::stream_before_container,
    decode::{Branch, Modality, make, sight_sink, sound_sink},
    live::{Session, stamp},
    origin::Timeline,
    outlet::Outlet,
    queues::{Queues, link, shared_queue},
    selective::{Omitted, guard},
    sight::Sight,
    sound::Sound,
    watch::Watch,
};

/// A track that has not shown itself when this much of the others has gone by is not there. Less
/// than [`QUEUE_BYTES`](super::queues::QUEUE_BYTES), in which the others wait for the search to end.
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
    timeline: Timeline,
    /// The session, of a live source.
    session: Option<Arc<Session>>,
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
            timeline: Timeline::default(),
            session: None,
            pipeline: pipeline.downgrade(),
            found: Vec::new(),
            searching: HashSet::new(),
            unknown: 0,
            seen_bytes: 0,
            seen_from: None,
            is_complete: false,
        }
    }

    /// Of a session of a live source.
    #[must_use]
    pub fn of_session(mut self, session: &Arc<Session>) -> Self {
        self.timeline = Timeline::Live(session.clock.clone());
        self.session = Some(session.clone());
        self
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
        let queue = shared_queue()?;
        pipeline
            .add_many([&source, &parse, &queue])
            .map_err(setup)?;
        source.link(&parse).map_err(setup)?;

        self.look_behind(&[parse], Queues::One(queue));
        Ok(())
    }

    /// Looks for streams at elements that show them one by one.
    pub fn look_behind(self, fronts: &[gst::Element], queues: Queues) {
        let tracks = Arc::new(Mutex::new(self));
        for front in fronts {
            await_all_of(front, &tracks);
            if let Some(bin) = front.downcast_ref::<gst::Bin>() {
                let tracks = tracks.clone();
                bin.connect_deep_element_added(move |_, _, element| await_all_of(element, &tracks));
            }
            front
                .src_pads()
                .iter()
                .for_each(|pad| shown(&tracks, &queues, pad));
            let (tracks, queues) = (tracks.clone(), queues.clone());
            front.connect_pad_added(move |_, pad| shown(&tracks, &queues, pad));
        }
    }

    /// Something goes by on a stream: it tells what it holds, or its data begins, and perhaps the
    /// search is over with it.
    fn passes(
        &mut self,
        pad: &gst::Pad,
        queues: &Queues,
        info: &gst::PadProbeInfo,
    ) -> gst::PadProbeReturn {
        let enough = match &info.data {
            Some(gst::PadProbeData::Buffer(buffer)) => self.is_enough(buffer),
            Some(gst::PadProbeData::BufferList(list)) => list.iter().any(|b| self.is_enough(b)),
            Some(gst::PadProbeData::Event(event)) => match event.view() {
                gst::EventView::Caps(caps) => {
                    self.known(pad, queues, &caps.caps_owned());
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
    fn known(&mut self, pad: &gst::Pad, queues: &Queues, caps: &gst::Caps) {
        if !pad.is_linked() {
            self.unknown = self.unknown.saturating_sub(1);
            if let Err(error) = self.found(pad, queues, caps) {
                // The search never ends, so that nothing of the other tracks is told: how much of
                // them there was by now depends on timing.
                self.is_complete = true;
                self.watch.fail(error);
            }
        }
    }

    fn found(
        &mut self,
        pad: &gst::Pad,
        queues: &Queues,
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
        let omitted = Omitted::default();
        let sink = self.sink(modality, &omitted);
        let mut branch = Branch::new(&pipeline, caps, modality, self.spec.decoding, sink)?;
        if self.spec.is_live {
            branch = branch.without_delay();
        }
        self.found.push(modality);
        self.watch.stream_opened();
        let guard = |source: &gst::Pad| {
            if let Some(session) = &self.session {
                session.hears(source, modality);
                session.sheds(source, modality);
            }
            if modality == Modality::Video {
                guard(source, &self.spec, &self.watch, &omitted);
            }
        };
        link(&pipeline, pad, queues, branch, guard)
            .map_err(|error| SourceError::Setup(error.to_string()))
    }

    /// What takes the samples of a track.
    fn sink(&self, modality: Modality, omitted: &Omitted) -> gst_app::AppSink {
        let (watch, timeline) = (self.watch.clone(), self.timeline.clone());
        let (outlet, spec) = (self.outlet.clone(), &self.spec);
        match modality {
            Modality::Audio => {
                let sound = Sound::new(watch, timeline, outlet, spec);
                sound_sink(Arc::new(Mutex::new(sound)))
            }
            Modality::Video => {
                let sight = Sight::new(watch, timeline, outlet, spec, omitted.clone());
                let sight = Arc::new(Mutex::new(sight));
                if let Some(session) = &self.session {
                    session.sees(&sight);
                }
                sight_sink(sight)
            }
        }
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
        let info = match &self.session {
            Some(session) => session.open(info),
            None => info,
        };
        self.outlet.send(Event::Opened(Arc::new(info)));
        self.timeline.expect(self.found.len());
        self.watch.search_ended();
    }
}

/// A stream has shown itself.
fn shown(tracks: &Arc<Mutex<Tracks>>, queues: &Queues, pad: &gst::Pad) {
    let mut found = lock(tracks);
    if let Some(session) = &found.session {
        session.answers();
        stamp(pad);
    }
    found.unknown += 1;
    if let Some(caps) = pad.current_caps() {
        found.known(pad, queues, &caps);
    }
    drop(found);
    let (tracks, queues) = (tracks.clone(), queues.clone());
    pad.add_probe(DATA, move |pad, info| {
        lock(&tracks).passes(pad, &queues, info)
    });
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

// A thread that panicked here has aborted the process, so the lock is never poisoned.
fn lock(tracks: &Mutex<Tracks>) -> MutexGuard<'_, Tracks> {
    tracks.lock().unwrap_or_else(PoisonError::into_inner)
}
