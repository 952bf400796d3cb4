//! The gate before a decoder: a pad probe that asks a selector what goes on.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use gstreamer as gst;
use gstreamer::prelude::*;

use super::{
    Frames, Omitted, Wanted,
    codec::{Codec, Reading},
    policy::Policy,
    select::{Access, Role, Verdict},
};
use crate::sources::{
    SourceSpec,
    picture::{duration_of, stream_time_of},
    watch::Watch,
};

/// What passes by.
const DATA: gst::PadProbeType = gst::PadProbeType::BUFFER
    .union(gst::PadProbeType::BUFFER_LIST)
    .union(gst::PadProbeType::EVENT_DOWNSTREAM);

/// Puts a gate behind a source pad of undecoded pictures. It begins to close when the origin of
/// the source is known, which is when the first picture has been decoded.
pub fn guard(pad: &gst::Pad, spec: &SourceSpec, watch: &Arc<Watch>, omitted: &Omitted) {
    if spec.frames == Frames::All {
        return;
    }
    let gate = Mutex::new(Gate {
        spec: spec.clone(),
        watch: watch.clone(),
        omitted: omitted.clone(),
        policy: Policy::of(spec.frames),
        codec: None,
        caps: None,
        segment: None,
        is_shifted: false,
        parameters: None,
        came: 0,
        passed: 0,
    });
    pad.add_probe(DATA, move |pad, info| probe(&gate, pad, info));
}

fn probe(gate: &Mutex<Gate>, pad: &gst::Pad, info: &mut gst::PadProbeInfo) -> gst::PadProbeReturn {
    let buffers = match &info.data {
        Some(gst::PadProbeData::Event(event)) => {
            let held = lock(gate).event(event);
            // Whether the decoder takes them is told to who pushes the next buffer.
            let _ = decode(pad, held);
            return gst::PadProbeReturn::Ok;
        }
        Some(gst::PadProbeData::Buffer(buffer)) => vec![buffer.clone()],
        Some(gst::PadProbeData::BufferList(list)) => list.iter_owned().collect(),
        _ => return gst::PadProbeReturn::Ok,
    };
    // The gate is open while the decoder works, which may take as long as the dataflow makes it.
    info.flow_res = Ok(gst::FlowSuccess::Ok);
    for buffer in buffers {
        let (passed, is_over) = lock(gate).buffer(buffer);
        info.flow_res = decode(pad, passed);
        if is_over && info.flow_res.is_ok() {
            // What the decoder still holds comes out, then the track ends.
            if let Some(decoder) = pad.peer() {
                decoder.send_event(gst::event::Eos::new());
            }
            info.flow_res = Err(gst::FlowError::Eos);
        }
        if info.flow_res.is_err() {
            break;
        }
    }
    info.data = None;
    gst::PadProbeReturn::Handled
}

/// Hands buffers to the decoder behind the pad; not by way of the pad, where the gate is.
fn decode(pad: &gst::Pad, buffers: Vec<gst::Buffer>) -> Result<gst::FlowSuccess, gst::FlowError> {
    let decoder = pad.peer().ok_or(gst::FlowError::NotLinked)?;
    (buffers.into_iter()).try_fold(gst::FlowSuccess::Ok, |_, buffer| decoder.chain(buffer))
}

// A thread that panicked here has aborted the process, so the lock is never poisoned.
fn lock(gate: &Mutex<Gate>) -> MutexGuard<'_, Gate> {
    gate.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Gate {
    spec: SourceSpec,
    watch: Arc<Watch>,
    omitted: Omitted,
    policy: Policy<gst::Buffer>,
    codec: Option<Codec>,
    caps: Option<gst::Caps>,
    segment: Option<gst::FormattedSegment<gst::ClockTime>>,
    /// Whether the stream's place in time has just changed.
    is_shifted: bool,
    /// The parameter sets that the decoder has.
    parameters: Option<u64>,
    came: u64,
    passed: u64,
}

impl Gate {
    /// Something else than pictures goes by: what must go on before it.
    fn event(&mut self, event: &gst::Event) -> Vec<gst::Buffer> {
        match event.view() {
            // A parser tells the bit rate all the time, which nobody here wants to know.
            gst::EventView::Tag(_) => return Vec::new(),
            gst::EventView::Caps(caps) => self.begin(caps.caps_owned()),
            gst::EventView::Segment(segment) => self.place(segment.segment()),
            _ if !event.is_serialized() => return Vec::new(),
            _ => {}
        }
        self.decide(|policy, tell| policy.flush(tell))
    }

    /// A stream of this form begins.
    fn begin(&mut self, caps: gst::Caps) {
        self.codec = Codec::of(&caps);
        if let Policy::Exact(selector) = &mut self.policy {
            match &self.codec {
                Some(codec) => selector.reorder(codec.most_reordered()),
                None => selector.give_up(),
            }
        }
        self.caps = Some(caps);
    }

    /// The stream's place in time.
    fn place(&mut self, segment: &gst::Segment) {
        let segment = segment.downcast_ref::<gst::ClockTime>().cloned();
        if let Policy::Exact(selector) = &mut self.policy {
            match (&self.segment, &segment) {
                (_, None) => selector.give_up(),
                (Some(before), Some(now)) if before != now => selector.shift(),
                _ => {}
            }
        }
        self.is_shifted = self.segment.is_some();
        self.segment = segment;
    }

    /// What goes on to the decoder now that this has come, and whether nothing more is needed.
    fn buffer(&mut self, buffer: gst::Buffer) -> (Vec<gst::Buffer>, bool) {
        self.watch.sign_of_life(None);
        self.came += 1;
        let wanted_from = self.policy.wanted().map(|wanted| wanted.origin_ns);
        if let Some(origin_ns) = self.spec.length.origin_ns()
            && wanted_from != Some(origin_ns)
        {
            let middles = Wanted::middles(self.spec.read_range(), origin_ns);
            self.policy.want(match self.spec.grid {
                Some(grid) => middles.with_grid(grid),
                None => middles,
            });
        }
        let access = self.access(&buffer);
        if access.role == Role::Key
            && let Some(pts_ns) = access.pts_ns
        {
            self.omitted.note_key(pts_ns);
        }
        let mut passed = self.decide(|policy, tell| policy.push(access, buffer, tell));
        let is_over = self.policy.is_over();
        if is_over {
            passed.extend(self.decide(|policy, tell| policy.flush(tell)));
        }
        (passed, is_over)
    }

    fn decide(
        &mut self,
        ask: impl FnOnce(&mut Policy<gst::Buffer>, &mut dyn FnMut(Verdict<gst::Buffer>)),
    ) -> Vec<gst::Buffer> {
        let mut passed = Vec::new();
        let mut omitted = Vec::new();
        ask(&mut self.policy, &mut |verdict| match verdict {
            Verdict::Decode(buffer) => passed.push(buffer),
            Verdict::Omit(pts_ns, buffer) => omitted.push((pts_ns, buffer)),
        });
        if let Some(wanted) = self.policy.wanted().map(Wanted::always) {
            for (pts_ns, buffer) in omitted {
                let duration_ns = duration_of(&buffer, self.caps.as_deref());
                self.omitted.add(pts_ns, duration_ns, &wanted);
            }
        }
        self.passed += passed.len() as u64;
        passed
    }

    /// What a buffer is to the selector.
    fn access(&mut self, buffer: &gst::BufferRef) -> Access {
        let reading = self.read(buffer);
        let is_new = |reading: &Reading| {
            reading.parameters.is_some() && reading.parameters != self.parameters
        };
        let brings_parameters = reading.as_ref().is_some_and(is_new);
        if let Some(parameters) = reading.and_then(|reading| reading.parameters) {
            self.parameters = Some(parameters);
        }
        let mut breaks = gst::BufferFlags::DISCONT | gst::BufferFlags::CORRUPTED;
        if std::mem::take(&mut self.is_shifted) {
            // It breaks off in time, as Matroska's do behind their first pictures; in coding it
            // goes on.
            breaks.remove(gst::BufferFlags::DISCONT);
        }
        Access {
            pts_ns: self.stream_ns(buffer),
            role: reading.map_or(Role::Reference, |reading| reading.role),
            bytes: buffer.size(),
            is_needed: brings_parameters || !self.is_inside(buffer),
            is_damaged: reading.is_none_or(|reading| reading.is_broken)
                || buffer.flags().intersects(breaks),
        }
    }

    /// By the codec. Where only key frames are wanted the parser's word is enough, but for H.264,
    /// of which it calls pictures key frames that decoders do not show without those before them.
    fn read(&mut self, buffer: &gst::BufferRef) -> Option<Reading> {
        let is_avc = matches!(self.codec, Some(Codec::Avc { .. }));
        if matches!(self.policy, Policy::Keys(_)) && !is_avc {
            let is_key = !buffer.flags().contains(gst::BufferFlags::DELTA_UNIT);
            let role = if is_key { Role::Key } else { Role::Reference };
            return Some(Reading {
                role,
                parameters: None,
                is_broken: false,
            });
        }
        let map = buffer.map_readable().ok()?;
        self.codec.as_mut()?.read(&map)
    }

    fn stream_ns(&self, buffer: &gst::BufferRef) -> Option<i64> {
        stream_time_of(self.segment.as_ref()?, buffer.pts()?)
    }

    /// Whether all of it is shown: decoders cut what is not, or leave it out.
    fn is_inside(&self, buffer: &gst::BufferRef) -> bool {
        let Some((segment, pts)) = self.segment.as_ref().zip(buffer.pts()) else {
            return false;
        };
        segment.start().is_none_or(|start| start <= pts)
            && segment.stop().is_none_or(|stop| pts < stop)
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        let (id, passed, came) = (&self.spec.id, self.passed, self.came);
        tracing::debug!("{id}: {passed} of {came} coded pictures went to the decoder");
    }
}
