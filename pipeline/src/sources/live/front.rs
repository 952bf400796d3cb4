//! The head of a live source's pipeline, by the scheme of its address.

use gstreamer as gst;
use gstreamer::{glib::FlagsValue, prelude::*};

use crate::{
    cameras::{CameraSpec, Transport},
    sources::{SourceError, decode::make},
};

/// UDP is given up for TCP when nothing has come for this long, in microseconds.
const UDP_TIMEOUT_US: u64 = 3_000_000;

/// Likewise, a TCP connection that is not made.
const TCP_TIMEOUT_US: u64 = 10_000_000;

/// An HTTP server that says nothing is given up after so many seconds.
const HTTP_TIMEOUT_S: u32 = 10;

/// Puts the elements at the head into the pipeline. Gives those that show streams.
///
/// # Errors
/// When an element is missing, or refuses the address.
pub fn build(
    spec: &CameraSpec,
    pipeline: &gst::Pipeline,
) -> Result<Vec<gst::Element>, SourceError> {
    let setup = |error: gst::glib::BoolError| SourceError::Setup(error.to_string());
    let (heads, shows): (Vec<gst::Element>, Vec<gst::Element>) = match spec.address.scheme() {
        "-" => {
            let (stdin, parse) = (make("fdsrc")?, make("parsebin")?);
            (vec![stdin, parse.clone()], vec![parse])
        }
        "v4l2" => local(spec)?,
        "test" => {
            let sources = super::world::elements(spec)?;
            (sources.clone(), sources)
        }
        _ => {
            let source = remote(spec)?;
            (vec![source.clone()], vec![source])
        }
    };
    pipeline.add_many(&heads).map_err(setup)?;
    match spec.address.scheme() {
        "-" => gst::Element::link_many(&heads).map_err(setup)?,
        "v4l2" => {
            for pair in heads.chunks_exact(2) {
                pair[0].link(&pair[1]).map_err(setup)?;
            }
        }
        _ => {}
    }
    Ok(shows)
}

/// Whether what comes is to be let in no faster than it is meant to be shown: servers of files and
/// of HLS send in bursts, and a file that is piped in comes at once.
pub fn is_paced(spec: &CameraSpec) -> bool {
    matches!(
        spec.address.scheme(),
        "http" | "https" | "rtmp" | "rtmps" | "test" | "-"
    )
}

/// Whether its end is the end, and not to be connected again.
pub fn ends(spec: &CameraSpec) -> bool {
    spec.address.scheme() == "-"
}

fn remote(spec: &CameraSpec) -> Result<gst::Element, SourceError> {
    let source = make("urisourcebin")?;
    let mut url = match spec.address.exposed() {
        Some(url) => url.clone(),
        None => return Err(SourceError::Setup("an address without a URL".into())),
    };
    let credentials = spec.address.credentials();
    if credentials.is_some() {
        // GStreamer takes them as they are in the URL, and puts the URL into messages.
        let _ = url.set_username("");
        let _ = url.set_password(None);
    }
    source.set_property("uri", url.as_str());
    source.set_property("parse-streams", true);
    let spec = spec.clone();
    source.connect("source-setup", false, move |values| {
        let element = values.get(1)?.get::<gst::Element>().ok()?;
        let factory = element.factory()?.name();
        match factory.as_str() {
            "rtspsrc" => rtsp(&element, &spec, credentials.as_ref()),
            "souphttpsrc" => http(&element, &spec, credentials.as_ref()),
            "srtsrc" => element.set_property("latency", milliseconds(&spec)),
            _ => {}
        }
        None
    });
    Ok(source)
}

fn milliseconds(spec: &CameraSpec) -> i32 {
    i32::try_from(spec.jitter.as_millis()).unwrap_or(i32::MAX)
}

fn rtsp(element: &gst::Element, spec: &CameraSpec, credentials: Option<&(String, String)>) {
    element.set_property("latency", spec.jitter.as_millis() as u32);
    element.set_property("drop-on-latency", true);
    element.set_property("add-reference-timestamp-meta", true);
    element.set_property("timeout", UDP_TIMEOUT_US);
    element.set_property("tcp-timeout", TCP_TIMEOUT_US);
    element.set_property_from_str(
        "protocols",
        match spec.transport {
            Transport::Auto => "udp+tcp",
            Transport::Tcp => "tcp",
            Transport::Udp => "udp",
        },
    );
    match spec.insecure {
        true => element.set_property_from_str("tls-validation-flags", "no-flags"),
        false => tell_of_certificates(element),
    }
    if let Some((user, password)) = credentials {
        element.set_property("user-id", user);
        element.set_property("user-pw", password);
    }
}

/// A certificate that is refused is told on the bus; of itself the element says only that it could
/// not connect.
fn tell_of_certificates(element: &gst::Element) {
    element.connect("accept-certificate", false, |values| {
        let element = values.first()?.get::<gst::Element>().ok()?;
        let flags = values.get(3).and_then(FlagsValue::from_value);
        let wrong = flags.map_or_else(Vec::new, |(_, flags)| flags);
        let wrong: Vec<_> = wrong.iter().map(|flag| flag.nick()).collect();
        let wrong = wrong.join(", ");
        gst::element_error!(
            element,
            gst::ResourceError::OpenRead,
            ["its certificate is not good ({wrong})"]
        );
        Some(false.to_value())
    });
}

fn http(element: &gst::Element, spec: &CameraSpec, credentials: Option<&(String, String)>) {
    element.set_property("timeout", HTTP_TIMEOUT_S);
    element.set_property("is-live", true);
    element.set_property("ssl-strict", !spec.insecure);
    if let Some((user, password)) = credentials {
        element.set_property("user-id", user);
        element.set_property("user-pw", password);
    }
}

/// A camera and, if the address names one, a microphone at this machine:
/// `v4l2:/dev/video0?sound=alsa:hw:1` or `?sound=pulse:NAME`.
fn local(spec: &CameraSpec) -> Result<(Vec<gst::Element>, Vec<gst::Element>), SourceError> {
    let url = (spec.address.exposed())
        .ok_or_else(|| SourceError::Setup("an address without a device".into()))?;
    let camera = make("v4l2src")?;
    camera.set_property("device", url.path());
    let pictures = make("decodebin")?;
    let mut heads = vec![camera, pictures.clone()];
    let mut shows = vec![pictures];
    let sound = url.query_pairs().find(|(key, _)| key == "sound");
    if let Some((_, device)) = sound {
        let (kind, name) = device.split_once(':').unwrap_or((&device, ""));
        let microphone = make(match kind {
            "alsa" => "alsasrc",
            "pulse" => "pulsesrc",
            _ => {
                let known = "alsa:DEVICE and pulse:DEVICE";
                return Err(SourceError::Setup(format!(
                    "{kind}: is no kind of microphone; known are {known}"
                )));
            }
        })?;
        if !name.is_empty() {
            microphone.set_property("device", name);
        }
        let sound = make("decodebin")?;
        heads.extend([microphone, sound.clone()]);
        shows.push(sound);
    }
    Ok((heads, shows))
}
