//! `nats://HOST/PREFIX`: rows as messages to a stream of NATS JetStream.
//!
//! A message is taken when the stream has acknowledged it. All of a batch are sent before the
//! first acknowledgement is waited for.

mod door;
mod ids;

use std::{
    error::Error as _,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_nats::{
    ConnectErrorKind, Event, ServerAddr,
    jetstream::{
        self, Context, ErrorCode,
        context::{PublishAckFuture, PublishError, PublishErrorKind, RequestErrorKind},
        message::PublishMessage,
        response::Response,
        stream,
    },
};
use serde::Deserialize;
use serde_json::json;
use tokio::{sync::Notify, time::timeout};

use self::{door::Door, ids::MessageIds};
use super::{
    SinkSpec,
    delivery::{
        letter::{Content, Letter, Style},
        receiver::{Receiver, SendError},
    },
    endpoint::{Endpoint, EndpointError, bad},
    open::Card,
    runtime::runtime,
    tls,
    token::{check_prefix, token},
};

/// How it is listed.
pub const CARD: Card = Card {
    name: "nats://",
    about: "rows as messages to a stream of NATS JetStream",
    example: "nats://10.0.0.7:4222/sonoscope",
    options: &[
        (
            "create-stream",
            "make a stream of this name if none is bound to the subjects",
        ),
        ("token", "who asks, as a token"),
        ("credentials", "who asks, as a .creds file"),
        ("nkey", "who asks, as the seed of an nkey"),
        ("tls", "true: nothing without TLS; tls:// says the same"),
        (
            "ca",
            "a PEM file with the certificates to trust, in place of the machine's",
        ),
        ("certificate", "our own certificate, a PEM file"),
        ("key", "its key, a PEM file"),
        ("insecure", "true: take any certificate"),
    ],
};

/// What subjects begin with, if nothing else is said.
const PREFIX: &str = "sonoscope";

const PORT: u16 = 4222;

/// The receiver.
pub struct Nats {
    servers: Vec<ServerAddr>,
    door: Door,
    prefix: String,
    create: Option<String>,
    timeout: Duration,
    style: Style,
    secrets: Vec<String>,
    ids: MessageIds,
    line: Option<Line>,
}

/// A connection.
struct Line {
    context: Context,
    news: Arc<News>,
}

/// What the client says by itself.
#[derive(Default)]
struct News {
    is_cut: Notify,
    complaint: Mutex<Option<String>>,
}

impl Nats {
    /// As a URI and its options say.
    ///
    /// # Errors
    /// When they cannot be understood.
    pub fn new(spec: &SinkSpec, style: Style) -> Result<Self, EndpointError> {
        let variable = |name: &str| std::env::var(name).ok();
        let mut to = Endpoint::read(spec.uri.exposed(), &spec.options(), variable)?;
        let secrets = to.secrets();
        let prefix = match to.path.is_empty() {
            true => PREFIX.to_owned(),
            false => to.path.clone(),
        };
        check_prefix(&prefix, '.').map_err(|wrong| bad("PREFIX", wrong))?;
        let create = to.take("create-stream");
        let scheme = if to.scheme == "tls" { "tls" } else { "nats" };
        let door = Door::read(&mut to)?;
        to.no_more(&CARD.option_names())?;
        let servers = to.hosts.iter().map(|host| {
            let address = format!("{scheme}://{}", host.or_port(PORT));
            address.parse().map_err(|error| bad("HOST", error))
        });
        Ok(Self {
            servers: servers.collect::<Result<_, _>>()?,
            door,
            prefix,
            create,
            timeout: spec.retry.timeout,
            style,
            secrets,
            ids: MessageIds::new(),
            line: None,
        })
    }

    async fn join(&self) -> Result<Line, SendError> {
        let news = Arc::new(News::default());
        let told = news.clone();
        let options = (self.door.options().await?)
            .name("sonoscope")
            .connection_timeout(self.timeout)
            // Each server once: whoever is turned away comes again by way of the postman.
            .max_reconnects(self.servers.len())
            .event_callback(move |event| {
                told.heard(&event);
                std::future::ready(())
            });
        let client = options.connect(self.servers.clone()).await;
        let client = client.map_err(|error| match error.kind() {
            ConnectErrorKind::AuthorizationViolation | ConnectErrorKind::Authentication => {
                SendError::denied(format!(
                    "{error} (tip: check user, password, token, credentials)"
                ))
            }
            _ => tls::denied(&error).unwrap_or_else(|| SendError::lost(error)),
        })?;
        let mut context = jetstream::new(client);
        context.set_timeout(self.timeout);
        let line = Line { context, news };
        self.find_stream(&line).await?;
        Ok(line)
    }

    /// Sees to it that a stream takes what we send.
    async fn find_stream(&self, line: &Line) -> Result<(), SendError> {
        #[derive(Deserialize)]
        struct Names {
            streams: Option<Vec<String>>,
        }
        let subjects = format!("{}.>", self.prefix);
        let asked = json!({ "subject": subjects });
        let answer = line.context.request("STREAM.NAMES", &asked).await;
        let names: Response<Names> = answer.map_err(|error| match error.kind() {
            RequestErrorKind::NoResponders => no_jetstream(&error),
            _ => line.news.failure(&error),
        })?;
        let found = match names {
            Response::Ok(names) => names.streams.unwrap_or_default(),
            Response::Err { error } => return Err(no_jetstream(&error)),
        };
        match (&self.create, found.is_empty()) {
            (_, false) => Ok(()),
            (None, true) => Err(self.no_stream()),
            (Some(name), true) => {
                let config = stream::Config {
                    name: name.clone(),
                    subjects: vec![subjects],
                    ..stream::Config::default()
                };
                let made = line.context.create_stream(config).await;
                made.map(drop)
                    .map_err(|error| SendError::denied(format!("stream {name}: {error}")))
            }
        }
    }

    fn no_stream(&self) -> SendError {
        let prefix = &self.prefix;
        SendError::denied(format!(
            "no stream is bound to {prefix}.> (tip: nats stream add SONOSCOPE --subjects \
             '{prefix}.>' --defaults, or option create-stream)"
        ))
    }

    /// Sends all, then waits for what is said of each. Counts those that were taken before the
    /// first that was not.
    async fn hand_over(
        &self,
        line: &Line,
        letters: &[Letter],
        taken: &mut usize,
    ) -> Result<(), SendError> {
        let mut acks = Vec::with_capacity(letters.len());
        let mut failed = None;
        for letter in letters {
            match self.publish(&line.context, letter).await {
                Ok(ack) => acks.push(ack),
                Err(error) => {
                    failed = Some(error);
                    break;
                }
            }
        }
        for ack in acks {
            ack.await
                .map_err(|error| self.verdict(line, &error, *taken))?;
            *taken += 1;
        }
        match failed {
            Some(error) => Err(self.verdict(line, &error, *taken)),
            None => Ok(()),
        }
    }

    async fn publish(
        &self,
        context: &Context,
        letter: &Letter,
    ) -> Result<PublishAckFuture, PublishError> {
        let unwritten = |error| PublishError::with_source(PublishErrorKind::Other, error);
        let payload = letter.content.json(self.style).map_err(unwritten)?;
        let kind = match self.style.cloudevents {
            true => "application/cloudevents+json",
            false => "application/json",
        };
        let message = PublishMessage::build()
            .message_id(self.ids.of(letter, &payload))
            .header("content-type", kind)
            .payload(payload.into());
        let subject = self.subject(&letter.content);
        context.send_publish(subject, message).await
    }

    /// `PREFIX.SOURCE.NETWORK` for a row, else `PREFIX.SOURCE.KIND`.
    fn subject(&self, content: &Content) -> String {
        let source = content.source().map_or("all", |source| source.as_str());
        let what = match content {
            Content::Row(row) => &row.provenance.network,
            other => other.kind(),
        };
        format!("{}.{}.{}", self.prefix, token(source), token(what))
    }

    fn verdict(&self, line: &Line, error: &PublishError, index: usize) -> SendError {
        let said = error.source().and_then(|said| said.downcast_ref());
        let code = said.map(jetstream::Error::error_code);
        let reason = || match error.source() {
            Some(said) => format!("{error}: {said}"),
            None => error.to_string(),
        };
        let is_too_large = matches!(
            code,
            Some(ErrorCode::STREAM_MESSAGE_EXCEEDS_MAXIMUM)
                | Some(ErrorCode::STREAM_HEADER_EXCEEDS_MAXIMUM)
        );
        match error.kind() {
            PublishErrorKind::MaxPayloadExceeded => SendError::Refused {
                index,
                reason: reason(),
            },
            _ if is_too_large => SendError::Refused {
                index,
                reason: reason(),
            },
            PublishErrorKind::StreamNotFound => self.no_stream(),
            _ => line.news.failure(&reason()),
        }
    }
}

impl News {
    fn heard(&self, event: &Event) {
        match event {
            Event::Disconnected | Event::Closed => self.is_cut.notify_one(),
            Event::ServerError(error) => {
                let complaint = Some(error.to_string());
                *self
                    .complaint
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner) = complaint;
            }
            other => tracing::debug!("nats: {other}"),
        }
    }

    /// A failure, with what the server has said meanwhile.
    fn failure(&self, error: &impl ToString) -> SendError {
        let complaint = (self.complaint.lock())
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        match complaint {
            Some(said) if said.to_lowercase().contains("permissions violation") => {
                SendError::denied(format!("{said} (tip: who asks needs that permission)"))
            }
            Some(said) => SendError::lost(format!("{}; {said}", error.to_string())),
            None => SendError::lost(error.to_string()),
        }
    }
}

fn no_jetstream(error: &impl ToString) -> SendError {
    let error = error.to_string();
    SendError::denied(format!(
        "it has no JetStream: {error} (tip: nats-server -js)"
    ))
}

impl Receiver for Nats {
    fn connect(&mut self) -> Result<Option<u64>, SendError> {
        self.line = None;
        let runtime = runtime().map_err(SendError::lost)?;
        // To be let in by one of them, and to be told of its streams.
        let limit = self.timeout * (self.servers.len() as u32 + 1);
        let joined = runtime.block_on(async { timeout(limit, self.join()).await });
        let joined = joined.unwrap_or_else(|_| Err(SendError::lost("it does not answer")));
        self.line = Some(joined.map_err(|error| error.without(&self.secrets))?);
        Ok(None)
    }

    fn send(&mut self, letters: &[Letter]) -> Result<usize, SendError> {
        let runtime = runtime().map_err(SendError::lost)?;
        self.ids.note(letters);
        let Some(line) = self.line.take() else {
            return Err(SendError::lost("it is not connected"));
        };
        let mut taken = 0;
        let sent = runtime.block_on(async {
            tokio::select! {
                sent = self.hand_over(&line, letters, &mut taken) => sent,
                () = line.news.is_cut.notified() => Err(SendError::lost("the connection is lost")),
            }
        });
        let is_over = matches!(sent, Err(SendError::Lost { .. } | SendError::Denied { .. }));
        self.line = (!is_over).then_some(line);
        match sent {
            Ok(()) => Ok(taken),
            Err(error) => Err(error.behind(taken).without(&self.secrets)),
        }
    }

    /// Everything that was sent has been acknowledged.
    fn close(&mut self) {
        self.line = None;
    }
}

#[cfg(test)]
mod tests {
    use super::{super::delivery::testing::row, *};

    fn nats(uri: &str) -> Result<Nats, EndpointError> {
        let spec: SinkSpec = toml::from_str(&format!("uri = '{uri}'")).unwrap();
        Nats::new(&spec, Style::default())
    }

    #[test]
    fn subjects_are_of_three_parts_behind_the_prefix() {
        let nats = nats("nats://a,b:7/site.cams").unwrap();
        let shown: Vec<_> = nats.servers.iter().map(|s| (s.host(), s.port())).collect();
        assert_eq!(shown, [("a", 4222), ("b", 7)]);
        let row = row("Двор 1", 0, None);
        let ended = Content::Ended(row.source.clone());
        assert_eq!(nats.subject(&Content::Row(row)), "site.cams.двор-1.net");
        assert_eq!(nats.subject(&ended), "site.cams.двор-1.ended");
        let change = Content::Change {
            view: "a.b".into(),
            source: None,
            key: "k".into(),
            body: None,
        };
        assert_eq!(nats.subject(&change), "site.cams.all.a%2Eb");
    }

    #[test]
    fn what_cannot_be_meant_is_told_without_secrets() {
        for (uri, told) in [
            ("nats://h/a.>", "`PREFIX`"),
            ("nats://h/x?tokn=hush", "`tokn`"),
            ("nats://u:hush@h/x?token=hush", "`token`: user"),
            ("nats://h/x?certificate=c.pem", "`key`"),
        ] {
            let error = nats(uri).map(drop).unwrap_err().to_string();
            assert!(error.contains(told) && !error.contains("hush"), "{error}");
        }
    }
}
