//! A connection to a broker: a task that drives it, and who waits for acknowledgements.

use std::{
    collections::{HashMap, VecDeque},
    error::Error,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use rumqttc::{
    Outgoing,
    v5::{
        AsyncClient, ConnectionError, Event, EventLoop, Incoming, StateError,
        mqttbytes::{
            self, QoS,
            v5::{
                ConnectReturnCode, DisconnectReasonCode, PubAck, PubAckReason, Publish,
                PublishProperties,
            },
        },
    },
};
use tokio::{
    sync::{Mutex as AsyncMutex, Notify, oneshot},
    task::AbortHandle,
    time::timeout,
};

use super::{options::Options, topics::Message};
use crate::sinks::{delivery::receiver::SendError, tls};

/// Messages that wait to be sent.
const QUEUE: usize = 64;

/// MQTT 5: the packet is larger than the broker takes.
const PACKET_TOO_LARGE: u8 = 0x95;

/// A connection. It ends with the first failure.
pub struct Line {
    client: AsyncClient,
    /// Held while a message is queued, so that both queues are of one order.
    order: AsyncMutex<()>,
    waiting: Arc<Waiting>,
    timeout: Duration,
    limit_bytes: Option<u32>,
    driver: AbortHandle,
}

/// Why a message was not taken.
#[derive(Clone, Debug)]
pub struct Lost {
    /// What happened.
    pub error: SendError,
    /// Whether that will ever change.
    pub unfit: Unfit,
}

/// Which message the broker will never take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// None: another time it may.
    None,
    /// One of those that were on their way.
    Some,
    /// This one.
    This,
}

/// What comes of a message.
pub type Ack = oneshot::Receiver<Result<(), Lost>>;

/// Who waits for an acknowledgement.
#[derive(Default)]
struct Waiting(Mutex<Queues>);

#[derive(Default)]
struct Queues {
    /// Of messages that have no packet id yet, in their order.
    queued: VecDeque<oneshot::Sender<Result<(), Lost>>>,
    /// Of messages that are on their way, by packet id.
    sent: HashMap<u16, oneshot::Sender<Result<(), Lost>>>,
    end: Option<Lost>,
}

impl Line {
    /// Connects, and listens on topic `birth`: `born` is told when `online` is said there.
    ///
    /// # Errors
    /// When the broker is not there, or does not let us in.
    pub async fn connect(
        options: &Options,
        birth: Option<String>,
        born: Arc<Notify>,
        limit: Duration,
    ) -> Result<Self, SendError> {
        let (client, mut events) = AsyncClient::new(options.client(), QUEUE);
        let limit_bytes = match events.poll().await {
            Ok(Event::Incoming(Incoming::ConnAck(welcome))) => {
                welcome.properties.and_then(|said| said.max_packet_size)
            }
            Ok(_) => None,
            Err(error) => return Err(Lost::by(&error).error),
        };
        if let Some(topic) = birth {
            // The queue is empty.
            let _ = client.try_subscribe(topic, QoS::AtLeastOnce);
        }
        let waiting = Arc::new(Waiting::default());
        let driver = tokio::spawn(drive(events, waiting.clone(), born)).abort_handle();
        Ok(Self {
            client,
            order: AsyncMutex::new(()),
            waiting,
            timeout: limit,
            limit_bytes,
            driver,
        })
    }

    /// Whether it has ended.
    pub fn is_over(&self) -> bool {
        self.waiting.lock().end.is_some()
    }

    /// That a message is larger than the broker takes, if it is.
    pub fn too_large(&self, message: &Message) -> Option<Lost> {
        let limit_bytes = self.limit_bytes? as usize;
        // A packet id comes to it when it is sent.
        let bytes = packet(message).size() + 2;
        (bytes > limit_bytes).then(|| Lost {
            error: SendError::lost(format!(
                "{bytes} bytes are more than the {limit_bytes} that it takes"
            )),
            unfit: Unfit::This,
        })
    }

    /// Sends a message, when there is room.
    ///
    /// # Errors
    /// When the line has ended, or there is no room for too long.
    pub async fn publish(&self, message: Message) -> Result<Ack, Lost> {
        let (sender, ack) = oneshot::channel();
        let publishing = async {
            let _order = self.order.lock().await;
            self.waiting.queue(sender)?;
            let packet = packet(&message);
            let properties = packet.properties.unwrap_or_default();
            let sent = (self.client).publish_with_properties(
                message.topic,
                QoS::AtLeastOnce,
                message.is_retained,
                packet.payload,
                properties,
            );
            sent.await.map_err(|_| self.waiting.end())
        };
        match timeout(self.timeout, publishing).await {
            Ok(sent) => sent.map(|()| ack),
            Err(_) => Err(self.hangs()),
        }
    }

    /// Waits until a message is taken.
    ///
    /// # Errors
    /// When it is not, or nothing is said of it for too long.
    pub async fn acknowledged(&self, ack: Ack) -> Result<(), Lost> {
        match timeout(self.timeout, ack).await {
            Ok(Ok(said)) => said,
            Ok(Err(_)) => Err(self.waiting.end()),
            Err(_) => Err(self.hangs()),
        }
    }

    /// What was said of a message, if anything was.
    pub fn said(&self, ack: &mut Ack) -> Option<Result<(), Lost>> {
        match ack.try_recv() {
            Ok(said) => Some(said),
            Err(oneshot::error::TryRecvError::Empty) => None,
            Err(oneshot::error::TryRecvError::Closed) => Some(Err(self.waiting.end())),
        }
    }

    /// Takes leave, so that the last will is not said.
    pub async fn leave(&self) {
        let _ = self.client.disconnect().await;
        // The driver ends when the word is out, and with it the other side of the queue.
        while !self.is_over() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Nothing is heard: nothing more is to go out on this line.
    fn hangs(&self) -> Lost {
        self.driver.abort();
        let lost = Lost::from(SendError::lost("it does not answer"));
        self.waiting.over(lost.clone());
        lost
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

fn packet(message: &Message) -> Publish {
    let id = message.id.clone();
    let properties = PublishProperties {
        content_type: Some(message.kind.into()),
        user_properties: id.map(|id| ("id".into(), id)).into_iter().collect(),
        ..PublishProperties::default()
    };
    Publish::new(
        message.topic.as_str(),
        QoS::AtLeastOnce,
        message.payload.clone(),
        Some(properties),
    )
}

/// Lets the client work until the line ends.
async fn drive(mut events: EventLoop, waiting: Arc<Waiting>, born: Arc<Notify>) {
    let end = loop {
        match events.poll().await {
            Ok(Event::Outgoing(Outgoing::Publish(id))) => waiting.sent(id),
            Ok(Event::Incoming(Incoming::PubAck(ack))) => waiting.acknowledged(&ack),
            Ok(Event::Incoming(Incoming::Publish(said))) if said.payload == "online" => {
                born.notify_one();
            }
            Ok(Event::Outgoing(Outgoing::Disconnect)) => {
                break Lost::from(SendError::lost("we have left"));
            }
            Ok(_) => {}
            Err(error) => break Lost::by(&error),
        }
    };
    waiting.over(end);
}

impl Waiting {
    fn lock(&self) -> MutexGuard<'_, Queues> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A message is about to be queued.
    fn queue(&self, sender: oneshot::Sender<Result<(), Lost>>) -> Result<(), Lost> {
        let mut queues = self.lock();
        match &queues.end {
            Some(end) => Err(end.clone()),
            None => {
                queues.queued.push_back(sender);
                Ok(())
            }
        }
    }

    /// The next of the queued messages has gone out.
    fn sent(&self, id: u16) {
        let mut queues = self.lock();
        if let Some(sender) = queues.queued.pop_front() {
            queues.sent.insert(id, sender);
        }
    }

    fn acknowledged(&self, ack: &PubAck) {
        if let Some(sender) = self.lock().sent.remove(&ack.pkid) {
            // Whoever has gone need not know.
            let _ = sender.send(verdict(ack.reason));
        }
    }

    /// All who wait hear of the end.
    fn over(&self, end: Lost) {
        let mut queues = self.lock();
        let end = queues.end.get_or_insert(end).clone();
        let sent: Vec<_> = queues.sent.drain().map(|(_, sender)| sender).collect();
        for sender in sent.into_iter().chain(queues.queued.drain(..)) {
            let _ = sender.send(Err(end.clone()));
        }
    }

    fn end(&self) -> Lost {
        let end = self.lock().end.clone();
        end.unwrap_or_else(|| Lost::from(SendError::lost("the connection is lost")))
    }
}

fn verdict(reason: PubAckReason) -> Result<(), Lost> {
    match reason {
        PubAckReason::Success | PubAckReason::NoMatchingSubscribers => Ok(()),
        PubAckReason::NotAuthorized => Err(Lost::from(SendError::denied(
            "it does not let us say that (tip: its access list must let us write to PREFIX/#)",
        ))),
        PubAckReason::TopicNameInvalid | PubAckReason::PayloadFormatInvalid => Err(Lost {
            error: SendError::lost(format!("it says {reason:?}")),
            unfit: Unfit::This,
        }),
        other => Err(Lost::from(SendError::lost(format!("it says {other:?}")))),
    }
}

impl From<SendError> for Lost {
    fn from(error: SendError) -> Self {
        Self {
            error,
            unfit: Unfit::None,
        }
    }
}

impl Lost {
    /// What a failure of the client means.
    fn by(error: &ConnectionError) -> Self {
        use ConnectReturnCode as Code;
        let denied = |tip: &str| Self::from(SendError::denied(format!("{error} (tip: {tip})")));
        match error {
            ConnectionError::ConnectionRefused(code) => match code {
                Code::BadUserNamePassword
                | Code::NotAuthorized
                | Code::BadAuthenticationMethod
                | Code::Banned => denied("check user and password"),
                Code::BadClientId | Code::ClientIdentifierNotValid => {
                    denied("option client-id names another")
                }
                Code::RefusedProtocolVersion | Code::UnsupportedProtocolVersion => {
                    denied("the broker must speak MQTT 5")
                }
                _ => Self::from(SendError::lost(error)),
            },
            ConnectionError::MqttState(StateError::ServerDisconnect { reason_code, .. }) => {
                match reason_code {
                    DisconnectReasonCode::PacketTooLarge => Self::some_unfit(error),
                    DisconnectReasonCode::SessionTakenOver => {
                        denied("another client has this client-id")
                    }
                    _ => Self::from(SendError::lost(error)),
                }
            }
            ConnectionError::MqttState(StateError::Deserialization(
                // The client knows no such reason where a message is acknowledged.
                mqttbytes::Error::InvalidConnectReturnCode(PACKET_TOO_LARGE)
                | mqttbytes::Error::InvalidReason(PACKET_TOO_LARGE),
            )) => Self::some_unfit(&"it says that a packet is too large"),
            _ => match tls::denied(error as &(dyn Error + 'static)) {
                Some(denied) => Self::from(denied),
                None => Self::from(SendError::lost(error)),
            },
        }
    }

    fn some_unfit(error: &dyn ToString) -> Self {
        Self {
            error: SendError::lost(error.to_string()),
            unfit: Unfit::Some,
        }
    }
}
