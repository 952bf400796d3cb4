//! `parquet:s3://`, against a server of S3 in this process that keeps its objects in a folder.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

use axum::{Router, body::Body, extract::Request, response::Response};
use s3s::{
    auth::SimpleAuth,
    service::{S3Service, S3ServiceBuilder},
};
use tempfile::TempDir;
use tokio::{net::TcpListener, runtime::Runtime, task::JoinHandle};

use super::house::free_port;
use crate::support::{
    jobs::{Kind, Lines, PARQUET, clip, undisturbed},
    program::{Run, run_with_one_network, wait_until},
};

const BUCKET: &str = "rows-of-mine";

/// A server of S3 with one bucket.
struct Store {
    home: TempDir,
    port: u16,
    runtime: Runtime,
    task: Option<JoinHandle<()>>,
}

impl Store {
    fn open() -> Self {
        let mut store = Self {
            home: tempfile::tempdir().unwrap(),
            port: free_port(),
            runtime: Runtime::new().unwrap(),
            task: None,
        };
        fs::create_dir_all(store.bucket()).unwrap();
        store.start();
        store
    }

    fn bucket(&self) -> PathBuf {
        self.home.path().join("objects").join(BUCKET)
    }

    fn start(&mut self) {
        let files = s3s_fs::FileSystem::new(self.home.path().join("objects")).unwrap();
        let mut builder = S3ServiceBuilder::new(files);
        builder.set_auth(SimpleAuth::from_single("me", "hush-hush"));
        let service = builder.build();
        let answer = move |request: Request| answer(service.clone(), request);
        let router = Router::new().fallback(answer);
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        let listener = self.runtime.block_on(TcpListener::bind(address)).unwrap();
        let serve = async move { axum::serve(listener, router).await.unwrap() };
        self.task = Some(self.runtime.spawn(serve));
    }

    fn stop(&mut self) {
        let task = self.task.take().unwrap();
        task.abort();
        assert!(self.runtime.block_on(task).is_err());
    }

    /// A configuration that leads to it.
    fn config(&self, secret: &str) -> PathBuf {
        let path = self.home.path().join("run.toml");
        let text = format!(
            "[[sink]]\nuri = 'parquet:s3://{BUCKET}/a/b'\n[sink.options]\n\
             endpoint = 'http://127.0.0.1:{}'\nallow_http = true\nregion = 'us-east-1'\n\
             access_key_id = 'me'\nsecret_access_key = '{secret}'\n",
            self.port
        );
        fs::write(&path, text).unwrap();
        path
    }

    fn run(&self) -> Run {
        run_with_one_network(["--config"]).and([self.config("hush-hush")])
    }

    fn job(&self, sources: &[PathBuf]) -> Run {
        let state = self.home.path().join("state");
        self.run().and(["--state"]).and([state]).and(sources)
    }

    fn lines(&self) -> Lines {
        (PARQUET.read)(&self.bucket().join("a/b"))
    }
}

async fn answer(service: S3Service, request: Request) -> Response {
    let request = request.map(s3s::Body::http_body_unsync);
    service.call(request).await.unwrap().map(Body::new)
}

fn golden(sources: &[PathBuf]) -> Lines {
    const KIND: Kind = PARQUET;
    undisturbed(KIND, sources, 0)
}

fn is_there(folder: &Path) -> bool {
    !crate::support::jobs::parts(folder).is_empty()
}

#[test]
fn the_store_has_what_a_folder_would_have() {
    let store = Store::open();
    let sources = [clip(0, 16), clip(1, 17)];
    store.run().and(&sources).done();
    assert_eq!(store.lines(), golden(&sources));
    (store.run().and(&sources).end())
        .exited(3)
        .explains(&["holds rows of another run", "tip:"]);
}

#[test]
fn whoever_is_not_let_in_is_told_so_without_the_word() {
    let store = Store::open();
    let config = store.config("wrong-word");
    let run = run_with_one_network(["--config"]).and([config]);
    let ended = run.and([clip(0, 16)]).end().exited(3);
    assert!(
        ended.stderr.contains("parquet:s3://rows-of-mine/a/b"),
        "{}",
        ended.stderr
    );
    assert!(!ended.stderr.contains("wrong-word"), "{}", ended.stderr);
}

#[test]
fn a_store_that_is_away_gets_its_parts_when_it_is_back() {
    let mut store = Store::open();
    let sources = [clip(0, 16), clip(1, 17)];
    // It has to be there when a job begins, and then no more.
    let running = store.job(&sources).and(["--to", "9"]).start();
    let staging = store.home.path().join("state/sinks");
    wait_until("the job has begun", || staging.exists());
    store.stop();
    let running_on = running;
    wait_until("a part waits", || {
        is_there(&staging) || is_there(&store.bucket())
    });
    store.start();
    running_on.end().exited(0);
    let lines = store.lines();
    assert_eq!(lines.len(), 2);
    assert!(lines.values().all(|lines| lines.len() == 9), "{lines:?}");
}

#[test]
fn a_job_that_is_killed_goes_on_to_the_same_parts() {
    let store = Store::open();
    let sources = [clip(0, 16), clip(1, 17), clip(2, 18)];
    for wanted in 1..=2 {
        let mut running = store.job(&sources).start();
        wait_until("parts are there", || {
            crate::support::jobs::parts(&store.bucket()).len() >= wanted
        });
        if !running.is_over() {
            running.kill();
        }
    }
    store.job(&sources).done();
    assert_eq!(store.lines(), golden(&sources));
}
