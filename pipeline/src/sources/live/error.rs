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
    #[error("nothing of that name is there: {0}")]
    NotFound(String),
    /// It does not prove who it is.
    #[error("it is not trusted: {0}")]
    Untrusted(String),
    /// Nobody answers there, or not in a way that is understood.
    #[error("cannot connect: {0}")]
    Unreachable(String),
    /// Nothing came in answer.
    #[error("it did not answer for {} s", .0.as_secs())]
    NoAnswer(Duration),
    /// It answers, and nothing comes of it.
    #[error("it answers, and nothing has come for {} s", .0.as_secs())]
    Empty(Duration),
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
        // The first line says where in GStreamer it is told, the last one what.
        let detail = debug.lines().skip(1).last();
        let told = address.hide_in(detail.unwrap_or(error.message()));
        if told.contains("certificate") || told.contains("Secure connection setup failed") {
            return Self::Untrusted(told);
        }
        if error.matches(gst::ResourceError::NotAuthorized) || told.contains("Unauthorized") {
            return Self::Unauthorized(None);
        }
        if error.matches(gst::ResourceError::NotFound) {
            return Self::NotFound(address.hide_in(error.message()));
        }
        if error.is::<gst::ResourceError>() {
            return Self::Unreachable(told);
        }
        Self::Stream(SourceError::of_bus(message))
    }

    /// Whether it may be over as soon as its host is there again. A wrong password is not: to ask
    /// more often would be of no use.
    pub fn may_mend_unasked(&self) -> bool {
        match self {
            Self::Unauthorized(_) | Self::NotFound(_) | Self::Untrusted(_) | Self::Stopped => false,
            Self::Unreachable(_)
            | Self::NoAnswer(_)
            | Self::Empty(_)
            | Self::Disconnected
            | Self::Stalled { .. }
            | Self::Stream(_) => true,
        }
    }

    /// What to do about it.
    pub fn tip(&self) -> &str {
        match self {
            Self::Unauthorized(_) => {
                "check user and password; special characters in them are written as in URLs (@ is %40)"
            }
            Self::NotFound(_) => {
                "check the path: a camera's manual or ONVIF tells it, and `v4l2-ctl --list-devices` \
                 the devices of this machine"
            }
            Self::Untrusted(_) => {
                "have its certificate signed by who this machine trusts, or set `insecure = true` \
                 where nobody can come between"
            }
            Self::Unreachable(_) | Self::NoAnswer(_) => {
                "check address, port and network; it is tried again and again"
            }
            Self::Empty(_) => "see whether others can watch it; it is connected anew",
            Self::Disconnected | Self::Stalled { .. } => "it is connected anew",
            Self::Stream(error) => error.tip(),
            Self::Stopped => "add it again to have the rest",
        }
    }
}
