//! Cameras: real RTSP servers in the process of the test. What they show is encoded once, kept,
//! and sent over and over, which costs next to nothing.
//!
//! ```ignore
//! let camera = Camera::of(Feed::default().fps(10).sound(Sound::Pcmu)).serve();
//! // ... camera.url() ...
//! camera.stop();
//! ```

pub mod feed;
mod keeper;
pub mod pump;
pub mod station;
pub mod track;

use std::{sync::Arc, time::Duration};

use gstreamer_rtsp_server::{RTSPAuth, gio::TlsCertificate, gst_rtsp::RTSPAuthMethod, prelude::*};

pub use feed::{Feed, Sound, Video};
pub use station::Reports;

use pump::Pump;
use station::{Mount, Station, viewer_token};

use super::{proxy::Proxy, tls::Tls};

/// Where a camera shows what it has.
const PATH: &str = "/cam";

/// Who may look at a camera that asks.
pub const USER: &str = "operator";
/// And how it is known to be them. No row, log or answer may tell it.
pub const PASSWORD: &str = "Tulip-9f3c-Orchard";

/// How a camera asks who it is that looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Login {
    Basic,
    Digest,
}

/// A camera that is being put together.
pub struct Setup {
    feed: Feed,
    login: Option<Login>,
    certificate: Option<TlsCertificate>,
    reports: Reports,
}

/// A camera. It is off when it is dropped.
pub struct Camera {
    setup: Setup,
    port: u16,
    pump: Arc<Pump>,
    /// None while it is off.
    station: Option<Station>,
    /// How many connections there were before it was last switched off.
    connections_before: usize,
}

impl Camera {
    /// One that shows this, to everyone, and says every half second what time it is.
    pub fn of(feed: Feed) -> Setup {
        Setup {
            feed,
            login: None,
            certificate: None,
            reports: Reports::Every(Duration::from_millis(500)),
        }
    }

    /// Where it is to be seen.
    pub fn url(&self) -> String {
        let scheme = match self.setup.certificate {
            Some(_) => "rtsps",
            None => "rtsp",
        };
        format!("{scheme}://127.0.0.1:{}{PATH}", self.port)
    }

    /// The same, with a name and a password.
    pub fn url_with(&self, user: &str, password: &str) -> String {
        format!("rtsp://{user}:{password}@127.0.0.1:{}{PATH}", self.port)
    }

    /// The same, through a bad line.
    pub fn url_through(&self, proxy: &Proxy) -> String {
        format!("rtsp://127.0.0.1:{}{PATH}", proxy.port())
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// How many connections there have been.
    pub fn connections(&self) -> usize {
        let now = self.station.as_ref().map_or(0, Station::connections);
        self.connections_before + now
    }

    /// Switches it off: all connections are closed, and none is answered.
    pub fn stop(&mut self) {
        self.connections_before = self.connections();
        self.station = None;
    }

    /// Switches it off, if it is not, and on again at the same port.
    pub fn restart(&mut self) {
        self.stop();
        self.station = Some(self.setup.open(self.port, &self.pump));
    }

    /// The same, and then it shows something else.
    pub fn restart_with(&mut self, feed: Feed) {
        self.setup.feed = feed;
        self.restart();
    }

    /// It stays connected and sends nothing more.
    pub fn freeze(&self) {
        self.pump.freeze(true);
    }

    /// It goes on sending.
    pub fn thaw(&self) {
        self.pump.freeze(false);
    }
}

impl Setup {
    /// For [`USER`] with [`PASSWORD`] alone.
    pub fn login(self, login: Login) -> Self {
        let login = Some(login);
        Self { login, ..self }
    }

    /// Over TLS.
    pub fn tls(self, tls: &Tls) -> Self {
        let certificate = TlsCertificate::from_files(&tls.certificate, &tls.key).unwrap();
        Self {
            certificate: Some(certificate),
            ..self
        }
    }

    /// With sender reports so often.
    pub fn reports(self, reports: Reports) -> Self {
        Self { reports, ..self }
    }

    /// Switches it on, at a port that is free.
    pub fn serve(self) -> Camera {
        let pump = Arc::new(Pump::start());
        let station = self.open(0, &pump);
        Camera {
            setup: self,
            port: station.port(),
            pump,
            station: Some(station),
            connections_before: 0,
        }
    }

    fn open(&self, port: u16, pump: &Arc<Pump>) -> Station {
        let mount = Mount {
            path: PATH.into(),
            plans: self.feed.plans(),
            pump: pump.clone(),
            reports: self.reports,
        };
        let auth = match (self.login, &self.certificate) {
            (Some(login), _) => Some(login.auth()),
            (None, Some(certificate)) => Some(everybody_over_tls(certificate)),
            (None, None) => None,
        };
        Station::open(port, vec![mount], auth.as_ref())
    }
}

/// Lets everybody in who speaks TLS.
fn everybody_over_tls(certificate: &TlsCertificate) -> RTSPAuth {
    gstreamer::init().unwrap();
    let auth = RTSPAuth::new();
    auth.set_tls_certificate(Some(certificate));
    auth.set_default_token(Some(&mut viewer_token()));
    auth
}

impl Login {
    fn auth(self) -> RTSPAuth {
        gstreamer::init().unwrap();
        let auth = RTSPAuth::new();
        let token = viewer_token();
        match self {
            Self::Basic => {
                auth.set_supported_methods(RTSPAuthMethod::Basic);
                auth.add_basic(&RTSPAuth::make_basic(USER, PASSWORD), &token);
            }
            Self::Digest => {
                auth.set_supported_methods(RTSPAuthMethod::Digest);
                auth.add_digest(USER, PASSWORD, &token);
            }
        }
        auth
    }
}
