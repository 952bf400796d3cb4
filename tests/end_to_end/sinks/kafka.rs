//! The brokers that librdkafka has of its own, in this process; and real ones where
//! `KAFKA_BOOTSTRAP` says where they are.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use rdkafka::{
    ClientConfig, Message, TopicPartitionList,
    admin::{AdminClient, AdminOptions, NewTopic, TopicReplication},
    client::DefaultClientContext,
    consumer::{BaseConsumer, Consumer},
    message::Headers,
    mocking::MockCluster,
    producer::DefaultProducerContext,
    topic_partition_list::Offset,
    types::{RDKafkaApiKey, RDKafkaRespErr},
};
use serde_json::Value;
use sonoscope::{
    sinks::{
        Form, Opening, SinkSpec,
        delivery::{
            letter::{Content, Letter},
            receiver::{Receiver, SendError},
        },
    },
    sources::Stop,
};
use sonoscope_operators::{Row, Score};

use super::{
    compliance::{self, compliance},
    house::House,
    row::row,
};

compliance!(Kafka);

const TOPIC: &str = "rows";
const PARTITIONS: i32 = 3;
const BROKERS: [i32; 2] = [1, 2];

/// A broker that hangs answers after this.
const HANGING: Duration = Duration::from_secs(3600);

/// Brokers, and what has been read of them.
pub struct Kafka {
    brokers: MockCluster<'static, DefaultProducerContext>,
    records: Records,
}

impl House for Kafka {
    fn open(_: &Path) -> Self {
        let brokers = MockCluster::new(BROKERS.len() as i32).unwrap();
        brokers.create_topic(TOPIC, PARTITIONS, 2).unwrap();
        let records = Records::of(&brokers.bootstrap_servers(), TOPIC);
        Self { brokers, records }
    }

    fn sink(&self) -> String {
        let brokers = self.brokers.bootstrap_servers();
        format!("uri = 'kafka://{brokers}/{TOPIC}?linger.ms=1'")
    }

    fn stop(&mut self) {
        for id in BROKERS {
            self.brokers.broker_down(id).unwrap();
        }
    }

    fn start(&mut self) {
        for id in BROKERS {
            self.brokers.broker_up(id).unwrap();
        }
    }

    fn hang(&mut self, does: bool) {
        let delay = if does { HANGING } else { Duration::ZERO };
        for id in BROKERS {
            self.brokers.broker_round_trip_time(id, delay).unwrap();
        }
    }

    fn rows(&mut self) -> Vec<Value> {
        self.records.read();
        self.records.rows()
    }

    /// It is larger than a record may be.
    fn refused(&self) -> Option<Row> {
        let row = row("yard", 4242, Some(0.5));
        let score = Score {
            frame_embedding: Some(vec![0.123_456_7; 200_000]),
            ..row.score.clone().unwrap()
        };
        Some(Row {
            score: Some(score),
            ..row
        })
    }
}

/// A record: partition, key, headers, what it says.
struct Record {
    partition: i32,
    key: String,
    headers: BTreeMap<String, String>,
    said: Value,
}

/// All records of a topic, in the order in which they were read.
struct Records {
    consumer: BaseConsumer,
    all: Vec<Record>,
}

impl Records {
    fn of(brokers: &str, topic: &str) -> Self {
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", brokers)
            .set("group.id", "tests")
            .set("enable.auto.commit", "false")
            .set("fetch.wait.max.ms", "20")
            // A question that a broker has got while it hung is asked again.
            .set("socket.timeout.ms", "3000")
            .create()
            .unwrap();
        let mut list = TopicPartitionList::new();
        for partition in 0..PARTITIONS {
            (list.add_partition_offset(topic, partition, Offset::Beginning)).unwrap();
        }
        consumer.assign(&list).unwrap();
        Self {
            consumer,
            all: Vec::new(),
        }
    }

    /// Reads what there is, until nothing comes for a moment.
    fn read(&mut self) {
        while let Some(read) = self.consumer.poll(Duration::from_millis(200)) {
            let Ok(record) = read else { continue };
            let text = |bytes: Option<&[u8]>| {
                String::from_utf8(bytes.unwrap_or_default().to_vec()).unwrap()
            };
            let headers = record.headers().unwrap().iter();
            self.all.push(Record {
                partition: record.partition(),
                key: text(record.key()),
                headers: headers
                    .map(|it| (it.key.to_owned(), text(it.value)))
                    .collect(),
                said: serde_json::from_slice(record.payload().unwrap()).unwrap(),
            });
        }
    }

    fn rows(&self) -> Vec<Value> {
        let said = self.all.iter().map(|record| &record.said);
        said.filter(|said| said.get("segment").is_some())
            .cloned()
            .collect()
    }
}

fn receiver(house: &Kafka, table: &str) -> Box<dyn Receiver> {
    let text = format!("{}\n{table}\n[retry]\ntimeout = 2.0", house.sink());
    let spec: SinkSpec = toml(&text);
    made(&spec).unwrap()
}

fn toml(text: &str) -> SinkSpec {
    toml::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn made(spec: &SinkSpec) -> std::io::Result<Box<dyn Receiver>> {
    let receiver = spec.receiver(&Opening {
        form: &Form::default(),
        state: None,
        at: None,
        stop: &Stop::default(),
    });
    receiver.map(|receiver| receiver.unwrap())
}

fn letters(rows: impl IntoIterator<Item = Row>) -> Vec<Letter> {
    let contents = rows.into_iter().map(|row| Arc::new(Content::Row(row)));
    let letters = (1..).zip(contents);
    letters
        .map(|(number, content)| Letter { number, content })
        .collect()
}

#[test]
fn records_of_a_source_are_in_one_partition_and_say_their_id_and_kind() {
    let mut house = Kafka::open(Path::new(""));
    let mut receiver = receiver(&house, "cloudevents = true");
    receiver.connect().unwrap();
    let rows = (0..8).flat_map(|segment| ["a", "b", "c", "d"].map(|it| row(it, segment, None)));
    receiver.send(&letters(rows)).unwrap();
    let end = Instant::now() + Duration::from_secs(40);
    while house.records.all.len() < 32 && Instant::now() < end {
        house.records.read();
    }
    let mut partitions = BTreeMap::new();
    for record in &house.records.all {
        let source = record.said["data"]["source"].as_str().unwrap();
        assert_eq!(record.key, source);
        assert_eq!(
            record.headers["content-type"],
            "application/cloudevents+json"
        );
        assert_eq!(record.said["id"], record.headers["sonoscope-id"].as_str());
        assert_eq!(
            *partitions.entry(source).or_insert(record.partition),
            record.partition
        );
    }
    assert_eq!((house.records.all.len(), partitions.len()), (32, 4));
}

#[test]
fn what_a_broker_refuses_is_found_among_the_others() {
    let house = Kafka::open(Path::new(""));
    let mut receiver = receiver(&house, "");
    receiver.connect().unwrap();
    let too_large = RDKafkaRespErr::RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
    // The batch, and then the record alone.
    (house.brokers).request_errors(RDKafkaApiKey::Produce, &[too_large, too_large]);
    let refused = receiver
        .send(&letters((0..3).map(|it| row("a", it, None))))
        .unwrap_err();
    let SendError::Refused { index: 0, reason } = refused else {
        panic!("{refused:?}");
    };
    assert!(reason.to_lowercase().contains("size"), "{reason}");
    receiver
        .send(&letters((0..3).map(|it| row("a", it, None))))
        .unwrap();
}

#[test]
fn who_may_not_write_is_told_what_to_do() {
    let house = Kafka::open(Path::new(""));
    let unauthorized = RDKafkaRespErr::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
    for (error, told) in [
        (unauthorized, "allow WRITE"),
        (
            RDKafkaRespErr::RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
            "kafka-topics.sh --create",
        ),
    ] {
        house.brokers.topic_error(TOPIC, error).unwrap();
        let denied = receiver(&house, "").connect().unwrap_err();
        let SendError::Denied { reason } = denied else {
            panic!("{denied:?}");
        };
        assert!(reason.contains(told), "{reason}");
    }
}

/// The brokers here speak no TLS and ask nobody; whoever wants that of them is not served, and
/// his password is told nobody.
#[test]
fn security_that_the_brokers_do_not_have_is_no_connection() {
    let house = Kafka::open(Path::new(""));
    let brokers = house.brokers.bootstrap_servers();
    for query in ["", "?security.protocol=sasl_plaintext"] {
        let uri = format!("uri = 'kafka://me:hush-hush@{brokers}/{TOPIC}{query}'");
        let spec = toml(&format!("{uri}\n[retry]\ntimeout = 1.0"));
        let told = made(&spec).unwrap().connect().unwrap_err().to_string();
        assert!(!told.contains("hush-hush"), "{told}");
    }
    let spec = toml(&format!("uri = 'kafka://{brokers}/{TOPIC}?linger.ms=soon'"));
    let told = made(&spec).err().unwrap().to_string();
    assert!(told.contains("`linger.ms`"), "{told}");
}

/// A real broker. It is neither stopped nor started.
struct Real {
    bootstrap: String,
    topic: String,
    records: Records,
}

impl House for Real {
    fn open(home: &Path) -> Self {
        let bootstrap = std::env::var("KAFKA_BOOTSTRAP").unwrap();
        let name = home.file_name().unwrap().to_string_lossy();
        let topic = format!("sonoscope-{}", name.trim_start_matches('.'));
        let admin: AdminClient<DefaultClientContext> = ClientConfig::new()
            .set("bootstrap.servers", &bootstrap)
            .create()
            .unwrap();
        let topics = [NewTopic::new(
            &topic,
            PARTITIONS,
            TopicReplication::Fixed(1),
        )];
        let made = admin.create_topics(&topics, &AdminOptions::new());
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        runtime.block_on(made).unwrap()[0].as_ref().unwrap();
        Self {
            records: Records::of(&bootstrap, &topic),
            bootstrap,
            topic,
        }
    }

    fn sink(&self) -> String {
        format!("uri = 'kafka://{}/{}'", self.bootstrap, self.topic)
    }

    fn stop(&mut self) {}

    fn start(&mut self) {}

    fn hang(&mut self, _: bool) {}

    fn rows(&mut self) -> Vec<Value> {
        self.records.read();
        self.records.rows()
    }
}

#[test]
fn a_real_broker_has_rows_complete_and_in_order() {
    match std::env::var("KAFKA_BOOTSTRAP") {
        Ok(_) => compliance::complete_and_in_order::<Real>(),
        Err(_) => eprintln!("left out: KAFKA_BOOTSTRAP does not say where a broker is"),
    }
}
