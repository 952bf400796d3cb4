//! `kafka://HOST/TOPIC`: rows as records, those of a source in one partition, in order.
//!
//! A batch is handed to librdkafka as a whole, and then the report of each record is waited for.
//! There is one time limit, and it is ours: at its end all that is under way is thrown away, and
//! sent again by a new producer from the first record on that nobody has acknowledged. So no record
//! is passed over by one behind it, as with time limits of each.

mod options;
mod reports;

use std::{
    sync::mpsc::sync_channel,
    thread,
    time::{Duration, Instant},
};

use rdkafka::{
    error::KafkaError,
    message::{Header, OwnedHeaders},
    producer::{BaseRecord, Producer, PurgeConfig, ThreadedProducer},
    types::{RDKafkaErrorCode as Code, RDKafkaRespErr},
};

use super::{
    SinkSpec,
    delivery::{
        letter::{Letter, Style},
        receiver::{Receiver, SendError},
    },
    endpoint::EndpointError,
    open::Card,
};
use options::Options;
use reports::{Reports, Slip};

/// How it is listed.
pub const CARD: Card = Card {
    name: "kafka://",
    about: "rows as records of Kafka, those of a source in one partition",
    example: "kafka://h1:9092,h2:9092/rows?compression.type=gzip",
    options: &[
        (
            "ca",
            "a PEM file with the certificates to trust, in place of the machine's",
        ),
        ("insecure", "true: take any certificate"),
        (
            "NAME.NAME",
            "any option of librdkafka with a dot in its name",
        ),
    ],
};

/// How long one question for the topic may take: in between, refusals are looked for.
const LOOK: Duration = Duration::from_secs(1);

/// How long is waited before it is asked for again.
const PAUSE: Duration = Duration::from_millis(200);

/// How often a topic may be unknown: where topics are made on demand, asking is the demand.
const UNKNOWN: usize = 5;

/// The receiver.
pub struct Kafka {
    options: Options,
    style: Style,
    producer: Option<ThreadedProducer<Reports>>,
}

impl Kafka {
    /// As a URI and its options say.
    ///
    /// # Errors
    /// When they cannot be understood.
    pub fn new(spec: &SinkSpec, style: Style) -> Result<Self, EndpointError> {
        Ok(Self {
            options: Options::read(spec)?,
            style,
            producer: None,
        })
    }

    fn open(&self) -> Result<ThreadedProducer<Reports>, SendError> {
        let made = self.options.config.create_with_context(Reports::default());
        let producer: ThreadedProducer<Reports> = made.map_err(SendError::denied)?;
        let end = Instant::now() + self.options.timeout;
        let mut unknown = 0;
        loop {
            let topic = Some(self.options.topic.as_str());
            let answer = producer.client().fetch_metadata(topic, LOOK);
            let error = match answer {
                Ok(metadata) => match metadata.topics().first() {
                    Some(topic) => match topic.error() {
                        None => return Ok(producer),
                        Some(error) => code(error),
                    },
                    None => Code::UnknownTopic,
                },
                Err(KafkaError::MetadataFetch(code)) => code,
                Err(other) => return Err(SendError::lost(other)),
            };
            if let Some(denied) = producer.context().denied() {
                return Err(SendError::denied(denied));
            }
            match verdict(error) {
                Verdict::Denied if is_unknown(error) && unknown < UNKNOWN => unknown += 1,
                Verdict::Denied => return Err(self.denied(error)),
                _ if Instant::now() > end => {
                    let said = producer.context().said();
                    return Err(SendError::lost(said.unwrap_or_else(|| error.to_string())));
                }
                _ => {}
            }
            thread::sleep(PAUSE.min(end.saturating_duration_since(Instant::now())));
        }
    }

    fn denied(&self, error: Code) -> SendError {
        let topic = &self.options.topic;
        let tip = match is_unknown(error) {
            true => format!("make it with kafka-topics.sh --create --topic '{topic}'"),
            false => format!("allow WRITE and DESCRIBE on the topic `{topic}`"),
        };
        SendError::denied(format!("{error} (tip: {tip})"))
    }

    /// How many letters were taken, and what became of the next.
    fn hand_over(
        &self,
        producer: &ThreadedProducer<Reports>,
        letters: &[Letter],
    ) -> Result<(usize, Option<Code>), SendError> {
        let (to, reports) = sync_channel(letters.len());
        let mut outcomes = vec![None; letters.len()];
        let mut given = 0;
        for (index, letter) in letters.iter().enumerate() {
            let slip = Box::new(Slip {
                index,
                to: to.clone(),
            });
            match self.give(producer, letter, slip)? {
                None => given += 1,
                Some(code) => {
                    outcomes[index] = Some(Err(code));
                    break;
                }
            }
        }
        let end = Instant::now() + self.options.timeout;
        for _ in 0..given {
            let Ok((index, outcome)) =
                reports.recv_timeout(end.saturating_duration_since(Instant::now()))
            else {
                break;
            };
            outcomes[index] = Some(outcome);
        }
        let taken = outcomes
            .iter()
            .take_while(|it| matches!(it, Some(Ok(()))))
            .count();
        let next = outcomes.get(taken).map(|outcome| match outcome {
            Some(Err(code)) => *code,
            _ => Code::MessageTimedOut,
        });
        Ok((taken, next))
    }

    /// Hands one letter to librdkafka, which copies it; says why it is not taken.
    fn give(
        &self,
        producer: &ThreadedProducer<Reports>,
        letter: &Letter,
        slip: Box<Slip>,
    ) -> Result<Option<Code>, SendError> {
        let said = letter.content.json(self.style).map_err(SendError::lost)?;
        let key = letter.content.source().map_or("", |source| source.as_str());
        let id = letter.content.id();
        let kind = match self.style.cloudevents {
            true => "application/cloudevents+json",
            false => "application/json",
        };
        let header = |key, value| Header {
            key,
            value: Some(value),
        };
        let headers = (OwnedHeaders::new_with_capacity(2))
            .insert(header("sonoscope-id", id.as_str()))
            .insert(header("content-type", kind));
        let record = BaseRecord::with_opaque_to(&self.options.topic, slip)
            .payload(&said)
            .key(key)
            .headers(headers);
        match producer.send(record) {
            Ok(()) => Ok(None),
            Err((KafkaError::MessageProduction(code), _)) => Ok(Some(code)),
            Err((other, _)) => Err(SendError::lost(other)),
        }
    }

    /// Throws away what is under way, and the producer with it.
    fn give_up(&mut self) {
        if let Some(producer) = self.producer.take() {
            producer.purge(PurgeConfig::default().queue().inflight());
        }
    }

    fn outcome(&self, taken: usize, code: Code, alone: bool) -> SendError {
        match verdict(code) {
            Verdict::Refused if alone => SendError::Refused {
                index: taken,
                reason: code.to_string(),
            },
            Verdict::Denied if taken == 0 => self.denied(code),
            _ => SendError::Lost {
                taken,
                reason: code.to_string(),
            },
        }
    }
}

impl Receiver for Kafka {
    /// Asks for the topic.
    fn connect(&mut self) -> Result<Option<u64>, SendError> {
        self.give_up();
        let opened = self.open();
        self.producer = Some(opened.map_err(|error| error.without(&self.options.secrets))?);
        Ok(None)
    }

    fn send(&mut self, letters: &[Letter]) -> Result<usize, SendError> {
        let Some(producer) = &self.producer else {
            return Err(SendError::lost("it is not connected"));
        };
        let (taken, next) = self.hand_over(producer, letters)?;
        let Some(code) = next else {
            return Ok(taken);
        };
        // Records that travel together are refused together: this one is asked about alone.
        let error = match verdict(code) {
            Verdict::Refused => {
                let alone = self.hand_over(producer, &letters[taken..=taken])?;
                match alone.1 {
                    Some(code) => self.outcome(taken, code, true),
                    None => self.outcome(taken + 1, code, false),
                }
            }
            _ => self.outcome(taken, code, false),
        };
        if !matches!(error, SendError::Refused { .. }) {
            self.give_up();
        }
        Err(error.without(&self.options.secrets))
    }

    fn close(&mut self) {
        self.give_up();
    }
}

/// What an error means for a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Later,
    Denied,
    Refused,
}

fn verdict(code: Code) -> Verdict {
    match code {
        Code::MessageSizeTooLarge
        | Code::InvalidMessageSize
        | Code::InvalidMessage
        | Code::InvalidRecord
        | Code::InvalidTimestamp
        | Code::PolicyViolation => Verdict::Refused,
        Code::UnknownTopic
        | Code::UnknownTopicOrPartition
        | Code::InvalidTopic
        | Code::TopicAuthorizationFailed
        | Code::ClusterAuthorizationFailed
        | Code::Authentication
        | Code::SaslAuthenticationFailed => Verdict::Denied,
        _ => Verdict::Later,
    }
}

fn is_unknown(code: Code) -> bool {
    matches!(code, Code::UnknownTopic | Code::UnknownTopicOrPartition)
}

fn code(error: RDKafkaRespErr) -> Code {
    error.into()
}
