//! A recording on disk.

use std::{
    fs::{self, Metadata},
    io::ErrorKind,
    os::unix::fs::MetadataExt as _,
    path::Path,
    sync::Arc,
    time::Duration,
};

use super::{
    SecondRange, SourceError, SourceSpec, Stop,
    outlet::Outlet,
    shown,
    teardown::take_down,
    tracks::Tracks,
    watch::{STALL, Watch},
};
use gstreamer as gst;
use gstreamer::prelude::*;

/// How often the source's thread looks up from the bus.
const LOOK: gst::ClockTime = gst::ClockTime::from_mseconds(20);

/// After an error, what was read before it is still decoded; a decoder that says nothing for this
/// long has nothing more to say.
const REST: Duration = Duration::from_secs(5);

/// Headers are not exact; when more than this does not come, the recording is cut off.
const MISSING: Duration = Duration::from_secs(2);

/// Reads a recording to its end, or to the end of what is wanted of it.
pub fn read(spec: &SourceSpec, outlet: &Outlet, stop: &Stop) -> Result<(), SourceError> {
    let before = check(&spec.path)?;
    let watch = Arc::new(Watch::new(stop.clone()));
    let pipeline = gst::Pipeline::new();
    let started = Tracks::new(spec, outlet, &watch, &pipeline).open(&spec.path);
    let result = started.and_then(|()| {
        // What kept it from starting is on the bus, too, with more detail.
        let refused = pipeline.set_state(gst::State::Playing).is_err();
        follow(&pipeline, &watch, spec)?;
        match watch.has_failed() {
            true => Ok(()),
            false if refused => Err(SourceError::Setup("the pipeline does not start".into())),
            false => is_whole(&pipeline, &watch, spec.read_range()),
        }
    });
    watch.close();
    take_down(pipeline);
    if watch.is_stopped() {
        // Streams that were told to stop end early, which must not pass for the end.
        return Err(SourceError::Stopped);
    }
    tell_change(spec, &before);
    let result = result.and_then(|()| watch.take_failure().map_or(Ok(()), Err));
    result.map_err(|error| error.at(watch.position()))
}

/// Whether there is a recording to open. GStreamer would say less about it, and wait for ever at
/// a FIFO.
fn check(path: &Path) -> Result<Metadata, SourceError> {
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
    Ok(metadata)
}

/// Says so if the file is not what it was when it was opened. That harms nothing: what was there
/// is read, and a job that keeps its state finds the change when it is given again.
fn tell_change(spec: &SourceSpec, before: &Metadata) {
    let is = |now: &Metadata| (now.len(), now.modified().ok(), now.ino());
    let what = match fs::metadata(&spec.path) {
        Ok(now) if is(&now) == is(before) => return,
        Ok(now) if now.ino() != before.ino() => "was replaced",
        Ok(now) if now.len() > before.len() => "grew",
        Ok(now) if now.len() < before.len() => "was cut",
        Ok(_) => "was written to",
        Err(_) => "was removed",
    };
    tracing::warn!(
        "{}: {} {what} while it was read; its rows are those of what was found",
        spec.id,
        shown(&spec.path)
    );
}

/// Waits for the end, and notes what fails on the way: what was read before is decoded all the
/// same, so that the rows of a damaged file do not depend on who was faster.
fn follow(pipeline: &gst::Pipeline, watch: &Watch, spec: &SourceSpec) -> Result<(), SourceError> {
    loop {
        match next_message(pipeline, LOOK) {
            Some(Message::Eos) => return Ok(()),
            Some(Message::Error(error)) => watch.fail(error),
            None if watch.is_stopped() => return Err(SourceError::Stopped),
            None if watch.all_ended() => {
                // A decoder says what was wrong before it passes the end on, which may both have
                // been just now.
                if let Some(Message::Error(error)) = next_message(pipeline, gst::ClockTime::ZERO) {
                    watch.fail(error);
                }
                return Ok(());
            }
            None if watch.is_searched_in_vain() => {
                return Err(watch.take_failure().unwrap_or(SourceError::NoTracks));
            }
            None if watch.is_quiet(STALL) => {
                return Err(watch.take_failure().unwrap_or(SourceError::Stalled {
                    after: STALL,
                    position: None,
                }));
            }
            None => {}
        }
        if watch.has_failed() && (watch.is_searching() || watch.is_quiet(REST)) {
            return Ok(());
        }
        if spec.length.seconds().is_none()
            && watch.position().is_some()
            && let Some(length) = pipeline.query_duration::<gst::ClockTime>()
        {
            spec.length.set_seconds(spec.range.of(length.seconds()));
        }
    }
}

/// Whether all has come that the recording says there is.
fn is_whole(
    pipeline: &gst::Pipeline,
    watch: &Watch,
    range: SecondRange,
) -> Result<(), SourceError> {
    let length = pipeline.query_duration::<gst::ClockTime>();
    let (Some(length), Some(reached)) = (length.map(Duration::from), watch.position()) else {
        return Ok(());
    };
    let wanted = length.min(Duration::from_secs(range.to.unsigned_abs()));
    // Subtitles, for one, may last longer than what they are for.
    match !watch.leaves_out() && wanted.saturating_sub(reached) > MISSING {
        true => Err(SourceError::CutOff { reached, length }),
        false => Ok(()),
    }
}

enum Message {
    Eos,
    Error(SourceError),
}

fn next_message(pipeline: &gst::Pipeline, wait: gst::ClockTime) -> Option<Message> {
    let kinds = [gst::MessageType::Eos, gst::MessageType::Error];
    match pipeline.bus()?.timed_pop_filtered(wait, &kinds)?.view() {
        gst::MessageView::Eos(_) => Some(Message::Eos),
        gst::MessageView::Error(error) => Some(Message::Error(SourceError::of_bus(error))),
        _ => None,
    }
}
