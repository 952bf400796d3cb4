//! An RTSP server on a thread of its own.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use gstreamer::{self as gst, glib, prelude::*};
use gstreamer_rtsp_server::{
    RTSPAuth, RTSPFilterResult, RTSPMedia, RTSPMediaFactory, RTSPServer, RTSPToken, prelude::*,
};

use super::{
    keeper::Keeper,
    pump::{Plan, Pump},
};

/// Who may look, as [`Mount`]s and tokens name them.
const VIEWERS: &str = "viewers";

/// Properties of every source: live, and what nobody takes in time is lost, as in a camera.
const SOURCE: &str = "appsrc is-live=true format=time leaky-type=downstream \
                      max-time=2000000000 max-bytes=0 max-buffers=0";

/// What is to be had at one path of a server.
pub struct Mount {
    /// Such as `/cam`.
    pub path: String,
    /// Its tracks, in the order in which they are announced.
    pub plans: Vec<Plan>,
    /// Who feeds it.
    pub pump: Arc<Pump>,
    /// How often the time of capture is told.
    pub reports: Reports,
}

/// RTCP sender reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reports {
    /// About as often as this.
    Every(Duration),
    /// Never.
    Off,
}

/// Serves until it is dropped; then the port is free and all connections are closed.
pub struct Station {
    port: u16,
    main_loop: glib::MainLoop,
    thread: Option<thread::JoinHandle<()>>,
    connections: Arc<AtomicUsize>,
    keepers: Vec<Keeper>,
}

impl Station {
    /// Serves on a port of the loopback; 0 is one that is free. All run when this returns.
    pub fn open(port: u16, mounts: Vec<Mount>, auth: Option<&RTSPAuth>) -> Self {
        gst::init().unwrap();
        let server = RTSPServer::new();
        server.set_address("127.0.0.1");
        server.set_service(&port.to_string());
        server.set_auth(auth);
        // Getting a camera ready takes until its next key frame: they do not wait for each other.
        server.thread_pool().unwrap().set_max_threads(-1);
        let points = server.mount_points().unwrap();
        let shown: Vec<_> = (mounts.iter())
            .map(|mount| (mount.path.clone(), mount.plans.clone()))
            .collect();
        for mount in mounts {
            points.add_factory(&mount.path.clone(), mount.factory());
        }
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = connections.clone();
        server.connect_client_connected(move |_, _| {
            counted.fetch_add(1, Ordering::Relaxed);
        });
        let context = glib::MainContext::new();
        let main_loop = glib::MainLoop::new(Some(&context), false);
        let listens = server.attach(Some(&context)).unwrap();
        let port = u16::try_from(server.bound_port()).unwrap();
        let run = {
            let main_loop = main_loop.clone();
            move || {
                context.with_thread_default(|| main_loop.run()).unwrap();
                if let Some(source) = context.find_source_by_id(&listens) {
                    source.destroy();
                }
                server.client_filter(Some(&mut |_, _| RTSPFilterResult::Remove));
            }
        };
        let builder = thread::Builder::new().name("camera-server".into());
        let mut station = Self {
            port,
            main_loop,
            thread: Some(builder.spawn(run).unwrap()),
            connections,
            keepers: Vec::new(),
        };
        // A keeper does not speak TLS; what is sent over it may be late.
        if auth.is_none_or(|auth| auth.tls_certificate().is_none()) {
            let credentials = auth.map(admit_keeper).unwrap_or_default();
            let keepers =
                (shown.iter()).map(|(path, plans)| Keeper::of(port, path, plans, &credentials));
            station.keepers = keepers.collect();
        }
        station.keepers.iter().for_each(Keeper::wait);
        station.connections.store(0, Ordering::Relaxed);
        station
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// How many connections there have been since it was opened.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }
}

/// Lets a keeper in besides whoever else may look, and gives its credentials.
fn admit_keeper(auth: &RTSPAuth) -> glib::GString {
    let credentials = RTSPAuth::make_basic("keeper", "keeper");
    auth.add_basic(&credentials, &viewer_token());
    credentials
}

/// What those are given who may look.
pub fn viewer_token() -> RTSPToken {
    let token = RTSPToken::builder();
    token.field("media.factory.role", VIEWERS).build()
}

impl Drop for Station {
    fn drop(&mut self) {
        self.keepers.clear();
        // From within, since a loop that does not run yet cannot be told to end.
        let main_loop = self.main_loop.clone();
        let quit = move || {
            main_loop.quit();
            glib::ControlFlow::Break
        };
        let quit = glib::idle_source_new(None, glib::Priority::DEFAULT, quit);
        quit.attach(Some(&self.main_loop.context()));
        if let Some(thread) = self.thread.take() {
            // A panic of it has been told by now.
            let _ = thread.join();
        }
    }
}

impl Mount {
    /// One pipeline for all who look.
    fn factory(self) -> RTSPMediaFactory {
        let factory = RTSPMediaFactory::new();
        factory.set_launch(&self.launch());
        factory.set_shared(true);
        let rights = gst::Structure::builder(VIEWERS)
            .field("media.factory.access", true)
            .field("media.factory.construct", true);
        factory.add_role_from_structure(&rights.build());
        factory.connect_media_configure(move |_, media| self.configure(media));
        factory
    }

    fn launch(&self) -> String {
        let tracks = self.plans.iter().enumerate().map(|(index, plan)| {
            let payloader = plan.track.payloader;
            format!("{SOURCE} name=track{index} ! {payloader} name=pay{index}")
        });
        format!("( {} )", tracks.collect::<Vec<_>>().join(" "))
    }

    fn configure(&self, media: &RTSPMedia) {
        let element = media.element();
        let bin = element.downcast_ref::<gst::Bin>().unwrap();
        for (index, plan) in self.plans.iter().enumerate() {
            let source = bin.by_name(&format!("track{index}")).unwrap();
            self.pump.feed(&source.downcast().unwrap(), plan.clone());
        }
        let reports = self.reports;
        media.connect_prepared(move |media| {
            let rtpbin = rtpbin(media);
            // Reports tell of the capture of a packet, whenever it could be sent.
            rtpbin.set_property("rtcp-sync-send-time", false);
            for stream in 0..media.n_streams() {
                reports.impose(&rtpbin, stream);
            }
        });
    }
}

impl Reports {
    /// On a stream that is prepared, but not yet sent.
    fn impose(self, rtpbin: &gst::Element, stream: u32) {
        if let Self::Every(interval) = self {
            let session: glib::Object = rtpbin.emit_by_name("get-internal-session", &[&stream]);
            session.set_property("rtcp-min-interval", interval.as_nanos() as u64);
        }
        let pad = |kind| rtpbin.static_pad(&format!("{kind}_src_{stream}")).unwrap();
        let tells = Arc::new(AtomicBool::new(false));
        let may_tell = tells.clone();
        let first = OnceLock::new();
        let packets = gst::PadProbeType::BUFFER | gst::PadProbeType::BUFFER_LIST;
        pad("send_rtp").add_probe(packets, move |_, info| {
            let pts = match &info.data {
                Some(gst::PadProbeData::Buffer(packet)) => packet.pts(),
                Some(gst::PadProbeData::BufferList(list)) => list.get(0).and_then(|of| of.pts()),
                _ => None,
            };
            if *first.get_or_init(|| pts) != pts {
                may_tell.store(true, Ordering::Relaxed);
            }
            gst::PadProbeReturn::Ok
        });
        pad("send_rtcp").add_probe(gst::PadProbeType::BUFFER, move |_, _| {
            // GStreamer's reports are wrong as long as it knows of one moment alone.
            match self != Self::Off && tells.load(Ordering::Relaxed) {
                true => gst::PadProbeReturn::Ok,
                false => gst::PadProbeReturn::Handled,
            }
        });
    }
}

/// What makes RTP of a medium that is prepared.
fn rtpbin(media: &RTSPMedia) -> gst::Element {
    let pipeline = media.element().parent().and_downcast::<gst::Bin>().unwrap();
    let found = pipeline.iterate_all_by_element_factory_name("rtpbin");
    // While the pipeline changes, it is looked through once more.
    found.into_iter().find_map(Result::ok).unwrap()
}
