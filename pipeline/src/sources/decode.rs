//! From a parsed, undecoded stream to a handler: queue, decoder, form, appsink.

use std::sync::{Arc, Mutex, PoisonError};

use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use gstreamer_video::{self as gst_video, VideoOrientationMethod};

use super::{
    SourceError,
    decoding::{self, Candidate, Decoding},
    sight::Sight,
    sound::Sound,
};

/// The two modalities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Modality {
    /// Sound.
    Audio,
    /// Pictures.
    Video,
}

impl Modality {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Audio, Self::Video];

    /// The modality of a stream, by the name of its caps; `None` for subtitles and the like.
    pub fn of(caps: &gst::CapsRef) -> Option<Self> {
        let name = caps.structure(0)?.name();
        if name.starts_with("audio/") {
            Some(Self::Audio)
        } else if name.starts_with("video/") || name.starts_with("image/") {
            Some(Self::Video)
        } else {
            None
        }
    }

    fn is_raw(self, caps: &gst::CapsRef) -> bool {
        let raw = match self {
            Self::Audio => "audio/x-raw",
            Self::Video => "video/x-raw",
        };
        caps.structure(0).is_some_and(|form| form.name() == raw)
    }
}

/// Makes an element, or says which one is missing.
pub fn make(factory: &str) -> Result<gst::Element, SourceError> {
    gst::ElementFactory::make(factory).build().map_err(|_| {
        SourceError::Setup(format!("GStreamer's element `{factory}` is not installed"))
    })
}

/// The best installed decoder for a stream: of sound, always one on the processor.
///
/// # Errors
/// When there is none.
fn decoder(
    caps: &gst::Caps,
    modality: Modality,
    decoding: Decoding,
) -> Result<gst::Element, SourceError> {
    let media = match modality {
        Modality::Audio => gst::ElementFactoryType::MEDIA_AUDIO,
        Modality::Video => {
            gst::ElementFactoryType::MEDIA_VIDEO | gst::ElementFactoryType::MEDIA_IMAGE
        }
    };
    let kind = gst::ElementFactoryType::DECODER | media;
    let factories = gst::ElementFactory::factories_with_type(kind, gst::Rank::MARGINAL);
    let candidates = factories
        .into_iter()
        // All of it: some decoders take a special case of a codec, such as pictures with alpha.
        .filter(|factory| factory.can_sink_all_caps(caps))
        .map(|factory| Candidate {
            rank: i32::from(factory.rank()),
            is_hardware: factory.has_type(gst::ElementFactoryType::HARDWARE),
            factory,
        });
    let decoding = match modality {
        Modality::Audio => Decoding::Cpu,
        Modality::Video => decoding,
    };
    for (factory, is_hardware) in decoding::in_order(candidates.collect(), decoding) {
        let Ok(decoder) = factory.create().build() else {
            continue;
        };
        if is_hardware && !decoding::can_start(&decoder) {
            continue;
        }
        if decoding == Decoding::Gpu && !is_hardware {
            decoding::tell_fallback(&codec(caps));
        }
        return Ok(decoder);
    }
    Err(SourceError::NoDecoder(codec(caps)))
}

/// What a person calls the codec.
fn codec(caps: &gst::CapsRef) -> String {
    gstreamer_pbutils::pb_utils_get_codec_description(caps).to_string()
}

/// The elements between a stream and its handler.
pub struct Branch {
    pipeline: gst::Pipeline,
    chain: Vec<gst::Element>,
}

impl Branch {
    /// Elements that decode a stream of these caps into `sink`.
    pub fn new(
        pipeline: &gst::Pipeline,
        caps: &gst::Caps,
        modality: Modality,
        decoding: Decoding,
        sink: gst_app::AppSink,
    ) -> Result<Self, SourceError> {
        let mut chain = Vec::new();
        if !modality.is_raw(caps) {
            chain.push(decoder(caps, modality, decoding)?);
        }
        if modality == Modality::Audio {
            // Only the sample format: channels and rate stay for the resampler.
            chain.push(make("audioconvert")?);
        }
        chain.push(sink.upcast());
        Ok(Self {
            pipeline: pipeline.clone(),
            chain,
        })
    }

    /// Decoding on one thread: many pictures at once are many cameras here, and threads that share
    /// one camera's pictures give each of them out later.
    pub fn without_delay(self) -> Self {
        for element in &self.chain {
            if element.find_property("max-threads").is_some() {
                element.set_property("max-threads", 1i32);
            }
        }
        self
    }

    /// Puts the elements into the pipeline and links them behind `pad`.
    pub fn attach(self, pad: &gst::Pad) -> Result<(), gst::glib::BoolError> {
        self.pipeline.add_many(&self.chain)?;
        gst::Element::link_many(&self.chain)?;
        for element in self.chain.iter().rev() {
            element.sync_state_with_parent()?;
        }
        let target = (self.chain.first())
            .and_then(|first| first.static_pad("sink"))
            .ok_or_else(|| gst::glib::bool_error!("a decoder without a sink pad"))?;
        pad.link(&target)
            .map(|_| ())
            .map_err(|error| gst::glib::bool_error!("cannot link {}: {error}", pad.name()))
    }
}

/// An appsink that hands sound to its handler.
pub fn sound_sink(sound: Arc<Mutex<Sound>>) -> gst_app::AppSink {
    let form = gst::Caps::builder("audio/x-raw")
        .field("format", "F32LE")
        .field("layout", "interleaved")
        .build();
    let at_end = sound.clone();
    sink(
        &form,
        move |sample| lock(&sound).sample(&sample),
        move || lock(&at_end).end(),
    )
}

/// An appsink that hands pictures to their handler, and tells it how they are turned.
pub fn sight_sink(sight: Arc<Mutex<Sight>>) -> gst_app::AppSink {
    let form = gst::Caps::builder("video/x-raw").build();
    let (at_end, at_tags) = (sight.clone(), sight.clone());
    let sink = sink(
        &form,
        move |sample| lock(&sight).sample(sample),
        move || lock(&at_end).end(),
    );
    if let Some(pad) = sink.static_pad("sink") {
        pad.add_probe(gst::PadProbeType::EVENT_DOWNSTREAM, move |_, info| {
            if let Some(gst::EventView::Tag(tag)) = info.event().map(|event| event.view())
                && let Some(turn) = VideoOrientationMethod::from_tag(tag.tag())
            {
                lock(&at_tags).orient(turn);
            }
            gst::PadProbeReturn::Ok
        });
        take_padded_rows(&pad);
    }
    sink
}

/// Tells the decoder that rows may be padded, so that it need not copy every picture into a
/// buffer without padding: most of them nobody looks at.
fn take_padded_rows(pad: &gst::Pad) {
    pad.add_probe(gst::PadProbeType::QUERY_DOWNSTREAM, |_, info| {
        match info.query_mut().map(|query| query.view_mut()) {
            Some(gst::QueryViewMut::Allocation(allocation)) => {
                allocation.add_allocation_meta::<gst_video::VideoMeta>(None);
                gst::PadProbeReturn::Handled
            }
            _ => gst::PadProbeReturn::Ok,
        }
    });
}

fn sink(
    form: &gst::Caps,
    mut sample: impl FnMut(gst::Sample) -> Result<gst::FlowSuccess, gst::FlowError> + Send + 'static,
    mut end: impl FnMut() + Send + 'static,
) -> gst_app::AppSink {
    let callbacks = gst_app::AppSinkCallbacks::builder()
        .new_sample(move |sink| sample(sink.pull_sample().map_err(|_| gst::FlowError::Eos)?))
        .eos(move |_| end())
        .build();
    gst_app::AppSink::builder()
        .caps(form)
        .sync(false)
        .async_(false)
        .enable_last_sample(false)
        .max_buffers(1)
        .callbacks(callbacks)
        .build()
}

// A handler that panicked has aborted the process, so the lock is never poisoned; if it were, its
// state would still be the last whole one.
pub fn lock<T>(handler: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    handler.lock().unwrap_or_else(PoisonError::into_inner)
}
