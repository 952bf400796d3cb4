//! Why a session of a live source ended, and what to do about it.

use std::time::Duration;

use gstreamer as gst;

use crate::{cameras::Address, sources::SourceError};

/// Why a session ended, or never began.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    /// User or password are not those.
    #[error("it does not accept the user and password{}", .0.as_ref().map_or(String::new(), |told| format!(": {told}")))]
    Unauthorized(Option<String>),
    /// There is nothing of that name at that place.
    #[error("it knows nothing of that name: {0}")]
    NotFound(String),
    /// Nobody answers there, or not in a way that is understood.
    #[error("cannot connect: {0}")]
    Unreachable(String),
    /// Nothing came in answer.
    #[error("it did not answer for {} s", .0.as_secs())]
    NoAnswer(Duration),
    /// It hung up.
    #[error("it ended the connection")]
    Disconnected,
    /// Nothing comes any more.
    #[error("nothing came for {} s{}", .after.as_secs(), .what.map_or(String::new(), |what| format!(" of its {what}")))]
    Stalled {
        /// For so long.
        after: Duration,
        /// The stream that stalled, if the other did not.
        what: Option<&'static str>,
    },
    /// What comes cannot be decoded, or its times make no sense.
    #[error("{0}")]
    Stream(SourceError),
    /// It was told to end.
    #[error("stopped")]
    Stopped,
}

impl LiveError {
    /// What GStreamer says has happened, without the secrets of the address.
    pub fn of_bus(message: &gst::message::Error, address: &Address) -> Self {
        let error = message.error();
        let debug = message.debug().unwrap_or_default();
        // The last line says it; those before it say where in GStreamer.
        let detail = debug.lines().last().filter(|line| !line.is_empty());
        let told = address.hide_in(detail.unwrap_or(error.message()));
        if error.matches(gst::ResourceError::NotAuthorized) || told.contains("Unauthorized") {
            return Self::Unauthorized(None);
        }
        if error.matches(gst::ResourceError::NotFound) {
            return Self::NotFound(told);
        }
        if error.is::<gst::ResourceError>() {
            return Self::Unreachable(told);
        }
        Self::Stream(SourceError::of_bus(message))
    }

    /// What to do about it.
    pub fn tip(&self) -> &'static str {
        match self {
            Self::Unauthorized(_) => {
                "check user and password; special characters in them are written as in URLs (@ is %40)"
            }
            Self::NotFound(_) => "check the path: the camera's manual or ONVIF tells it",
            Self::Unreachable(_) | Self::NoAnswer(_) => {
                "check address, port and network; it is tried again and again"
            }
            Self::Disconnected | Self::Stalled { .. } => "it is connected anew",
            Self::Stream(error) => error.tip(),
            Self::Stopped => "add it again to have the rest",
        }
    }
}
