//! An interface that is open, and those who ask it.

use std::{
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    sync::Arc,
    time::Duration,
};

use serde_json::Value;
use sonoscope_models::Runtime;
use sonoscope_operators::{
    ClockSource, Frame, Heatmap, Include, Picture, Provenance, Row, Score, Segment, SourceInfo,
    Status,
    views::{EpisodeSettings, NearestSettings},
};

use crate::{
    ask::{Desk, Memory, Spaces},
    cameras::{Camera, Roster},
    job::Witness,
    metrics::Metrics,
    observer::Observer,
    pool::Scored,
    server::{ContractSummary, Deps, NetworkCard, Networks, Options, Server, Token},
    views::{Queries, ViewName, ViewSettings, ViewStore},
};

/// What no answer may hold.
pub const SECRET: &str = "hunter2";

/// An interface on a port of its own, and the run behind it.
pub struct Open {
    pub server: Server,
    pub roster: Roster,
    pub networks: Networks,
    pub metrics: Metrics,
    pub observer: Observer,
    pub views: ViewStore,
    pub queries: Queries,
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// Status line and headers, in small letters.
    pub head: String,
    pub body: Vec<u8>,
}

impl Open {
    /// With room for so many sources.
    pub fn new(limit: usize) -> Self {
        Self::with_token(limit, None)
    }

    /// One that takes questions, of a run without networks.
    pub fn asked() -> Self {
        Self::opened(1, None, ViewSettings::Nearest(NearestSettings::default()))
    }

    pub fn with_token(limit: usize, token: Option<&str>) -> Self {
        let episodes = ViewSettings::Episodes(EpisodeSettings::default());
        Self::opened(limit, token, episodes)
    }

    fn opened(limit: usize, token: Option<&str>, view: ViewSettings) -> Self {
        let roster = Roster::new(limit);
        let networks = Networks::new(vec![card()]);
        let metrics = Metrics::new(&roster);
        let queries = Queries::default();
        let is_asked = view.name() == ViewName::Nearest;
        let desk = is_asked.then(|| {
            let runtime = Runtime::load().expect("`make setup` was run");
            let spaces = Spaces::new(&runtime, &[], &[]);
            Desk::new(spaces, queries.clone(), Memory::default())
        });
        let views = ViewStore::new(&[view], true);
        metrics.has_views(views.clone());
        let observer = Observer::new(roster.clone(), Include::default(), Some(metrics.clone()));
        let options = Options {
            listen: "127.0.0.1:0".parse().unwrap(),
            token: token.map(|token| Token::new(token).unwrap()),
        };
        let deps = Deps {
            roster: roster.clone(),
            networks: networks.clone(),
            sinks: vec!["null:".parse().unwrap()],
            metrics: metrics.clone(),
            views: views.clone(),
            desk,
        };
        let server = Server::start(options, deps).unwrap();
        Self {
            server,
            roster,
            networks,
            metrics,
            observer,
            views,
            queries,
        }
    }

    pub fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], b"")
    }

    pub fn delete(&self, path: &str) -> Answer {
        self.ask("DELETE", path, &[], b"")
    }

    pub fn post(&self, body: impl AsRef<[u8]>) -> Answer {
        let json = ["Content-Type: application/json"];
        self.ask("POST", "/api/sources", &json, body.as_ref())
    }

    pub fn ask(&self, method: &str, path: &str, headers: &[&str], body: &[u8]) -> Answer {
        ask(self.server.address(), method, path, headers, body)
    }

    /// Puts a source in by the front door.
    pub fn add(&self, id: &str) -> Arc<Camera> {
        let url = format!("rtsp://me:{SECRET}@10.0.0.7/live?key={SECRET}");
        let body = serde_json::json!({ "url": url, "id": id }).to_string();
        assert_eq!(self.post(body).status, 201);
        self.roster.get(&id.parse().unwrap()).unwrap()
    }

    /// What commits rows, and tells those who listen.
    pub fn witness(&self) -> Witness {
        self.observer.clone().before(Box::new(|_| {}))
    }
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// That it says what is wrong and what to do, in the form of all errors.
    pub fn explains(&self, status: u16, word: &str) {
        assert_eq!(self.status, status, "{self:?}");
        let json = self.json();
        let error = json["error"].as_str().unwrap();
        assert!(error.contains(word), "{error:?} does not say {word:?}");
        assert!(!json["tip"].as_str().unwrap().is_empty());
    }

    /// Head and body, for whoever looks for what may not be there.
    pub fn text(&self) -> String {
        self.head.clone() + &String::from_utf8_lossy(&self.body)
    }
}

pub fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    stream
        .set_write_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    stream
}

pub fn ask(address: SocketAddr, method: &str, path: &str, headers: &[&str], body: &[u8]) -> Answer {
    let headers: String = headers
        .iter()
        .map(|header| format!("{header}\r\n"))
        .collect();
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
         Content-Length: {length}\r\n{headers}\r\n"
    );
    answer(address, &[head.as_bytes(), body].concat()).expect("an answer")
}

/// What is answered to a request, of which nothing more comes, before the connection is closed.
pub fn answer(address: SocketAddr, request: &[u8]) -> Option<Answer> {
    let mut stream = connect(address);
    // It may have heard enough before all is sent.
    let _ = stream.write_all(request);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&answer[..end]).to_lowercase();
    Some(Answer {
        status: head.split(' ').nth(1)?.parse().ok()?,
        head,
        body: answer[end + 4..].to_vec(),
    })
}

/// Sends bytes that may be anything, hangs up, and waits until the other end has, too.
pub fn babble(address: SocketAddr, bytes: &[u8]) {
    let mut stream = connect(address);
    let _ = stream.write_all(bytes);
    let _ = stream.shutdown(Shutdown::Write);
    let _ = stream.read_to_end(&mut Vec::new());
}

fn card() -> NetworkCard {
    let Provenance {
        network,
        network_hash,
        provider,
        precision,
    } = provenance();
    NetworkCard {
        network,
        asked: "models/avol-small".into(),
        network_hash,
        provider,
        precision,
        contract: ContractSummary {
            version: "1".into(),
            family: "avol".into(),
            picture: [224, 224],
            rate_hz: 48_000,
            compares: true,
            heatmap: Some([14, 14]),
            embedding: None,
            trained_on: "nothing".into(),
            license: "MIT".into(),
        },
    }
}

fn provenance() -> Provenance {
    Provenance {
        network: "avol-small".into(),
        network_hash: "0".repeat(64),
        provider: "cpu".into(),
        precision: "fp32".into(),
    }
}

/// A second of a source: a grey picture, and sound from its upper left.
pub fn scored(camera: &Camera, segment: i64) -> Scored {
    let picture = Picture {
        width: 64,
        height: 48,
        rgb: vec![100; 64 * 48 * 3],
    };
    let mut cells = vec![0.0; 4];
    cells[0] = 1.0;
    let score = Score {
        correspondence: Some(0.75),
        heatmap: Some(Heatmap { columns: 2, cells }),
        ..Score::default()
    };
    let source = SourceInfo {
        id: camera.spec.id.clone(),
        ordinal: camera.ordinal,
        session: 0,
        base_segment: 0,
        first_segment: segment,
        wanted: segment..i64::MAX,
        has_audio: true,
        has_video: true,
        began: None,
        clock_source: ClockSource::Given,
        wishes: Default::default(),
    };
    let segment = Segment {
        source: Arc::new(source),
        index: segment,
        seconds: 1,
        dropped: 0,
        audio: Status::Present,
        video: Status::Present,
        samples: None,
        audio_dbfs: Some(-20.0),
        frame: Some(Frame {
            pts_ns: segment * 1_000_000_000,
            picture: Arc::new(picture),
            permit: None,
        }),
        grid: None,
        window: None,
    };
    Scored {
        segment,
        scores: vec![Some(score)],
        said_by: None,
    }
}

pub fn networks() -> [Arc<Provenance>; 1] {
    [Arc::new(provenance())]
}

/// The row of that second.
pub fn row(camera: &Camera, segment: i64) -> Row {
    let scored = scored(camera, segment);
    let [network] = networks();
    Row::new(&scored.segment, 0, network, scored.scores[0].clone())
}
