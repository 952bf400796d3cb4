//! Live sources that do not speak RTSP, from real servers.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use crate::support::{
    cache, ffmpeg,
    program::{free_port, run_with_one_network, wait_until},
    server::{Answer, Server, response, whole},
    watch::{Watch, is_whole},
};

/// Twelve seconds of pictures and sound.
const CLIP: &str = "-f lavfi -i testsrc2=s=192x144:r=25:d=12 -f lavfi -i sine=duration=12 \
                    -c:v libx264 -preset veryfast -g 25 -pix_fmt yuv420p -c:a aac";

/// A program that sends a recording over and over as if it were live, until it is dropped.
struct Sender(Child);

impl Sender {
    /// In this form to whoever comes to this address first.
    fn of(clip: &Path, form: &str, address: &str) -> Self {
        let mut command = Command::new("ffmpeg");
        command.args("-nostdin -v error -re -stream_loop -1 -i".split(' '));
        command.arg(clip).args(["-c", "copy"]).args(form.split(' '));
        command.arg(address);
        let quiet = command.stdout(Stdio::null()).stderr(Stdio::null());
        Self(quiet.spawn().unwrap())
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// A list of segments and what it lists, in a folder of their own.
fn hls() -> PathBuf {
    let folder = cache().join("hls");
    let list = folder.join("list.m3u8");
    if !list.exists() {
        fs::create_dir_all(&folder).unwrap();
        let clip = ffmpeg("live.ts", CLIP);
        let recipe = format!(
            "-nostdin -v error -y -i {} -c copy -f hls -hls_time 2 -hls_list_size 0",
            clip.display()
        );
        let made = Command::new("ffmpeg")
            .args(recipe.split(' '))
            .arg(&list)
            .status();
        assert!(made.unwrap().success());
    }
    folder
}

/// The files of a folder, and a stream.
fn web(folder: PathBuf, stream: PathBuf) -> Server {
    Server::start(move |head| {
        let name = head.split(' ').nth(1).unwrap_or_default();
        match name.trim_start_matches('/') {
            "stream.ts" => Answer::Bytes(response("200 OK", "", &fs::read(&stream).unwrap())),
            name => match fs::read(folder.join(name)) {
                Ok(bytes) => whole(&bytes),
                Err(_) => Answer::Bytes(response("404 Not Found", "", b"")),
            },
        }
    })
}

#[test]
fn streams_of_the_web_are_watched() {
    let server = web(hls(), ffmpeg("live.ts", CLIP));
    let urls = ["stream.ts", "list.m3u8"].map(|name| server.url() + name);
    let watch = Watch::of(&urls);
    for id in ["127-0-0-1-stream-ts", "127-0-0-1-list-m3u8"] {
        watch.wait_for(id, 3, |row| row["source"] == id && is_whole(row));
    }
    watch.end();
}

#[test]
fn pictures_that_follow_each_other_over_http_are_watched() {
    let clip = "-f lavfi -i testsrc2=s=192x144:r=25:d=12 -c:v mjpeg -an";
    let port = free_port();
    let url = format!("http://127.0.0.1:{port}/pictures");
    let kind = "-f mpjpeg -content_type multipart/x-mixed-replace;boundary=ffmpeg -listen 1";
    let _sender = Sender::of(&ffmpeg("live.avi", clip), kind, &url);
    wait_until("it listens", || listens(port));
    let watch = Watch::of(&[url]);
    watch.wait_for("pictures", 3, |row| row["video"] == "present");
    watch.end();
}

/// Whether somebody waits at a port. To knock would be to be the one who is waited for.
fn listens(port: u16) -> bool {
    let sockets = fs::read_to_string("/proc/net/tcp").unwrap();
    sockets.contains(&format!("0100007F:{port:04X} 00000000:0000 0A"))
}

#[test]
fn a_sender_over_srt_is_watched() {
    let url = format!("srt://127.0.0.1:{}", free_port());
    let _sender = Sender::of(
        &ffmpeg("live.ts", CLIP),
        "-f mpegts",
        &format!("{url}?mode=listener"),
    );
    let watch = Watch::of(&[url]);
    watch.wait_for("whole seconds", 3, is_whole);
    watch.end();
}

#[test]
fn a_sender_over_rtmp_is_watched() {
    let port = free_port();
    let url = format!("rtmp://127.0.0.1:{port}/live/cam");
    let _sender = Sender::of(&ffmpeg("live.flv", CLIP), "-f flv -listen 1", &url);
    wait_until("it listens", || listens(port));
    // ffmpeg sends by the message stream of the connection, which GStreamer's newer client passes
    // over, and the older one takes.
    let run = run_with_one_network([url]).with("GST_PLUGIN_FEATURE_RANK", "rtmp2src:NONE");
    let watch = Watch::run(run);
    watch.wait_for("whole seconds", 3, is_whole);
    watch.end();
}

#[test]
fn what_comes_on_standard_input_is_watched_to_its_end() {
    for name in ["live.ts", "live.mkv"] {
        let run = run_with_one_network(["-"]).reads(&ffmpeg(name, CLIP));
        let rows = run.done().rows();
        let whole = rows.0.iter().filter(|row| is_whole(row)).count();
        assert!((10..=12).contains(&whole), "{name}: {}", rows.runs("video"));
        assert_eq!(rows.0[0]["source"], "stdin");
    }
}

#[test]
fn a_device_that_is_not_there_is_told() {
    let watch = Watch::of(&["v4l2:/dev/video-none".into()]);
    wait_until("a row", || !watch.so_far().is_empty());
    let (rows, ended) = watch.end();
    assert!(rows.0.iter().all(|row| row["video"] == "gap"));
    ended.explains(&["/dev/video-none"]);
}
