//! Cameras, watched by several processes.

use std::fs;

use serde_json::json;
use tempfile::TempDir;

use crate::support::{
    Rows,
    camera::{Camera, Feed, Login, PASSWORD, USER},
    client::{Client, TOKEN},
    company::{Company, Marching},
    program::{Run, free_port, run_with_one_network, wait_until},
    watch::{assert_without_a_hole, is_whole},
};

/// Cameras, and two processes that watch them.
struct Yard {
    home: TempDir,
    company: Company,
    cameras: Vec<Camera>,
    port: u16,
}

impl Yard {
    fn new(cameras: usize) -> Self {
        let small = || Feed::default().size(160, 120).fps(10);
        let yard = Self {
            home: tempfile::tempdir().unwrap(),
            company: Company::of(2),
            cameras: (0..cameras)
                .map(|_| Camera::of(small()).login(Login::Digest).serve())
                .collect(),
            port: free_port(),
        };
        let table = |(number, camera): (usize, &Camera)| {
            let url = camera.url_with(USER, PASSWORD);
            format!("[[source]]\nid = 'cam-{number}'\nurl = '{url}'\ntransport = 'tcp'\n")
        };
        let tables = yard.cameras.iter().enumerate().map(table);
        fs::write(
            yard.home.path().join("run.toml"),
            tables.collect::<String>(),
        )
        .unwrap();
        fs::write(yard.home.path().join("token"), TOKEN).unwrap();
        yard
    }

    fn run(&self, options: &[&str]) -> Run {
        let path = |name: &str| self.home.path().join(name).display().to_string();
        run_with_one_network(options)
            .and([
                "--config",
                &path("run.toml"),
                "--sink",
                &format!("jsonl:{}", path("rows")),
            ])
            .and([
                "--listen",
                &self.port.to_string(),
                "--token-file",
                &path("token"),
            ])
    }

    fn start(&self, options: &[&str]) -> Marching {
        self.company.start(|_| self.run(options))
    }

    fn rows(&self) -> Rows {
        let text = fs::read_to_string(self.home.path().join("rows")).unwrap_or_default();
        // A line may be on its way.
        Rows::parse(&text[..text.rfind('\n').map_or(0, |end| end + 1)])
    }

    fn wait_for_whole(&self, ids: &[String], count: usize) {
        for id in ids {
            let whole = || {
                self.rows()
                    .of(id)
                    .0
                    .iter()
                    .filter(|row| is_whole(row))
                    .count()
            };
            wait_until(&format!("whole seconds of {id}"), || whole() >= count);
        }
    }
}

#[test]
fn cameras_are_spread_over_processes_and_put_in_and_taken_out() {
    let yard = Yard::new(4);
    let ids: Vec<_> = (0..4).map(|number| format!("cam-{number}")).collect();
    let mut marching = yard.start(&[]);
    yard.wait_for_whole(&ids, 2);
    let client = Client::new(yard.port);
    let all = client.json("/api/sources");
    let process_of = |number: usize| all[number]["process"].as_u64().unwrap();
    assert_eq!((0..4).map(process_of).collect::<Vec<_>>(), [0, 1, 0, 1]);
    wait_until("all stream", || {
        let all = client.json("/api/sources");
        let streams = |number: usize| {
            all[number]["state"] == "streaming"
                && all[number]["counted"]["seconds_in"].as_u64() > Some(0)
        };
        (0..4).all(streams)
    });
    assert_eq!(client.status("/api/sources/cam-0/frame.jpg"), 200);
    let (status, told) = client.get("/api/sources/cam-1/frame.jpg", TOKEN).unwrap();
    assert!(status == 404 && told.contains("process 1"), "{told}");

    // Two more, of which one cannot be reached, and is watched elsewhere.
    let url = yard.cameras[0].url_with(USER, PASSWORD);
    assert_eq!(
        client.post(&json!({ "url": url, "id": "new", "transport": "tcp" })),
        201
    );
    let nobody = format!("rtsp://127.0.0.1:{}/live", free_port());
    assert_eq!(client.post(&json!({ "url": nobody, "id": "none" })), 201);
    yard.wait_for_whole(&["new".into()], 2);
    wait_until("it is told that it cannot be reached", || {
        let none = client.json("/api/sources/none");
        assert_eq!(none["process"], 1);
        none["state"] == "failed" && none["reason"].is_string()
    });
    for id in ["cam-1", "none"] {
        assert_eq!(client.delete(id), 200);
    }
    let more_of = |id: &str, more: usize| {
        let before = yard.rows().of(id).len();
        wait_until("the others go on", || {
            yard.rows().of(id).len() >= before + more
        });
    };
    more_of("cam-3", 2);
    let left = yard.rows().of("cam-1").len();
    more_of("cam-3", 2);
    assert_eq!(yard.rows().of("cam-1").len(), left, "it is left");

    marching.process(0).signal("INT");
    for ended in marching.done() {
        assert!(!ended.stderr.contains(PASSWORD), "{}", ended.stderr);
    }
    for id in ids.iter().map(String::as_str).chain(["new"]) {
        assert_without_a_hole(&yard.rows().of(id));
    }
}

#[test]
fn no_second_comes_twice_when_a_process_is_killed() {
    let yard = Yard::new(2);
    let ids: Vec<_> = (0..2).map(|number| format!("cam-{number}")).collect();
    let state = yard.home.path().join("state").display().to_string();
    let options = ["--state", &state];
    let mut marching = yard.start(&options);
    yard.wait_for_whole(&ids, 3);
    marching.kill(1);
    for ended in marching.end() {
        ended.exited(4);
    }
    let before: Vec<_> = ids.iter().map(|id| yard.rows().of(id).len()).collect();
    let mut marching = yard.start(&options);
    for (id, before) in ids.iter().zip(before) {
        wait_until("it goes on", || yard.rows().of(id).len() > before + 3);
    }
    marching.process(1).signal("TERM");
    marching.done();
    for id in &ids {
        assert_without_a_hole(&yard.rows().of(id));
    }
}
