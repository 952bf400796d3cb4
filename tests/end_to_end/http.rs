//! The HTTP interface of a run, asked from outside.

use std::{fs, net::TcpListener};

use serde_json::json;

use crate::support::{
    client::{Client, TOKEN},
    clips,
    program::{free_port, run_with_one_network, sonoscope, wait_until},
};

#[test]
fn a_run_is_asked_while_it_goes_on() {
    let home = tempfile::tempdir().unwrap();
    let (inbox, token) = (home.path().join("inbox"), home.path().join("token"));
    fs::create_dir(&inbox).unwrap();
    fs::write(&token, format!("{TOKEN}\n")).unwrap();
    let port = free_port();
    let running = run_with_one_network(["--watch", "--sink", "null:", "--listen"])
        .and([port.to_string()])
        .and([
            "--token-file".as_ref(),
            token.as_os_str(),
            inbox.as_os_str(),
        ])
        .start();
    let client = Client::new(port);
    wait_until("ready", || {
        client
            .get("/readyz", TOKEN)
            .is_some_and(|(status, _)| status == 200)
    });
    assert_eq!(
        client.get("/healthz", "").unwrap(),
        (200, "alive\n".to_owned())
    );
    assert_eq!(client.get("/readyz", "wrong-horse-battery").unwrap().0, 401);
    assert_eq!(client.json("/api/networks")[0]["network"], "ave-small");

    fs::copy(&clips::world()[0], inbox.join("clip.mp4")).unwrap();
    for measured in [
        "sonoscope_inference_seconds_count{network=\"ave-small\"} ",
        "sonoscope_batch_size_count ",
        "sonoscope_sink_write_seconds_count{sink=\"null:\"} ",
    ] {
        wait_until(measured, || {
            let (_, text) = client.get("/metrics", TOKEN).unwrap();
            let line = text.lines().find_map(|line| line.strip_prefix(measured));
            line.is_some_and(|count| count.parse::<u64>().unwrap() > 0)
        });
    }

    let source = json!({ "url": "rtsp://me:hunter2@127.0.0.1:1/live", "id": "yard" });
    assert_eq!((client.post(&source), client.post(&source)), (201, 409));
    assert_eq!(
        client.json("/api/sources/yard")["url"],
        "rtsp://***@127.0.0.1:1/live"
    );
    running.signal("INT");
    let ended = running.end();
    // 1 where the clip was still being read.
    assert!(
        matches!(ended.status.code(), Some(0 | 1)),
        "{}",
        ended.stderr
    );
    for secret in ["hunter2", TOKEN] {
        assert!(!ended.stderr.contains(secret), "{}", ended.stderr);
    }
    assert!(
        client.get("/healthz", "").is_none(),
        "nobody is there any more"
    );
}

#[test]
fn who_may_ask_is_settled_before_anything_begins() {
    let clip = clips::world()[0].as_os_str();
    let run = |arguments: &[&str]| {
        sonoscope(["run", "--sink", "null:"])
            .and(arguments)
            .and([clip])
    };
    (run(&["--listen", "0.0.0.0:0"]).end().exited(2)).explains(&["0.0.0.0", "--token-file"]);
    (run(&["--listen", "0.0.0.0:0"])
        .with("SONOSCOPE_TOKEN", "short")
        .end()
        .exited(2))
    .explains(&["SONOSCOPE_TOKEN", "shorter than 16"]);
    (run(&["--listen", "0", "--token-file", "/nowhere/token"])
        .end()
        .exited(2))
    .explains(&["/nowhere/token"]);
    (run(&["--token-file", "/nowhere/token"]).end().exited(2)).explains(&["--listen"]);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    (run(&["--listen", &port]).end().exited(3)).explains(&["cannot listen", &port]);
}

#[test]
fn a_file_may_say_where_to_answer() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("run.toml");
    let clip = clips::world()[0].as_os_str();
    let run = |text: &str| {
        fs::write(&file, text).unwrap();
        sonoscope(["run", "--config"])
            .and([file.as_os_str(), clip])
            .end()
    };
    (run("[server]\nlisten = \"0.0.0.0:0\"\n").exited(2)).explains(&["--token-file"]);
    (run("[server]\nlisten = \"here\"\n").exited(2)).explains(&["listen", "here"]);
    (run("[server]\nport = 80\n").exited(2)).explains(&["port", "token-file"]);
}
