//! `mqtt://HOST/PREFIX`: rows as messages to a broker of MQTT 5, in the layout of Frigate, with the
//! discovery of Home Assistant.
//!
//! A row is taken when the broker has acknowledged all that is said of it.

mod home;
mod line;
mod options;
mod said;
mod topics;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::{
    sync::Notify,
    task::AbortHandle,
    time::{Duration, timeout},
};

use self::{
    line::{Ack, Line, Lost, Unfit},
    options::Options,
    said::Said,
};
use super::{
    SinkSpec,
    delivery::{
        letter::{Letter, Style},
        receiver::{Receiver, SendError},
    },
    endpoint::EndpointError,
    open::Card,
    runtime::runtime,
};

/// How it is listed.
pub const CARD: Card = Card {
    name: "mqtt://",
    about: "rows as messages to a broker of MQTT 5; Home Assistant finds them by itself",
    example: "mqtts://me:${MQTT_PASSWORD}@10.0.0.7/sonoscope",
    options: &[
        (
            "prefix",
            "what topics begin with, in place of the path [sonoscope]",
        ),
        (
            "discovery",
            "the prefix of Home Assistant's discovery, or off [homeassistant]",
        ),
        (
            "heatmap",
            "true: a picture of each heatmap that may be believed",
        ),
        ("client-id", "who we are to the broker [a new one each run]"),
        (
            "keep-alive",
            "seconds of silence before the broker is asked [30]",
        ),
        (
            "ca",
            "a PEM file with the certificates to trust, in place of the machine's",
        ),
        ("certificate", "our own certificate, a PEM file"),
        ("key", "its key, a PEM file"),
        ("insecure", "true: take any certificate"),
    ],
};

/// How long a broker may take to hear that we leave.
const FAREWELL: Duration = Duration::from_millis(300);

/// The receiver.
pub struct Mqtt {
    options: Options,
    timeout: Duration,
    said: Arc<Mutex<Said>>,
    call: Option<Call>,
    /// A row is too large for the broker, and nobody knows which: they go one by one.
    is_careful: bool,
}

/// A connection, and who answers when Home Assistant has come up.
struct Call {
    line: Arc<Line>,
    is_announced: bool,
    greeter: AbortHandle,
}

impl Drop for Call {
    fn drop(&mut self) {
        self.greeter.abort();
    }
}

impl Mqtt {
    /// As a URI and its options say.
    ///
    /// # Errors
    /// When they cannot be understood.
    pub fn new(spec: &SinkSpec, style: Style) -> Result<Self, EndpointError> {
        let options = Options::read(spec, style)?;
        Ok(Self {
            said: Arc::new(Mutex::new(Said::new(options.layout.clone()))),
            options,
            timeout: spec.retry.timeout,
            call: None,
            is_careful: false,
        })
    }

    fn said(&self) -> MutexGuard<'_, Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn call(&self) -> Result<Call, SendError> {
        let born = Arc::new(Notify::new());
        let birth = self.options.layout.birth();
        let line = Line::connect(&self.options, birth, born.clone(), self.timeout).await?;
        let line = Arc::new(line);
        let greeter = tokio::spawn(greet(line.clone(), self.said.clone(), born));
        Ok(Call {
            line,
            is_announced: false,
            greeter: greeter.abort_handle(),
        })
    }

    /// Says that we are there, and all that holds and may have been lost with the last connection.
    async fn announce(&self, line: &Line) -> Result<(), Lost> {
        let messages = self.said().again();
        let online = self.options.layout.available(true);
        let mut acks = Vec::with_capacity(messages.len() + 1);
        for message in std::iter::once(online).chain(messages) {
            acks.push(line.publish(message).await?);
        }
        for ack in acks {
            line.acknowledged(ack).await?;
        }
        Ok(())
    }

    /// Sends all, then waits for what is said of each. Counts those that were taken before the
    /// first that was not.
    async fn hand_over(
        &self,
        line: &Line,
        letters: &[Letter],
        taken: &mut usize,
    ) -> Result<(), Lost> {
        let mut acks = Vec::with_capacity(letters.len());
        let mut failed = None;
        for letter in letters {
            match self.tell(line, letter).await {
                Ok(asked) => acks.push(asked),
                Err(lost) => {
                    failed = Some(lost);
                    break;
                }
            }
        }
        for asked in acks {
            for ack in asked {
                line.acknowledged(ack).await?;
            }
            *taken += 1;
        }
        failed.map_or(Ok(()), Err)
    }

    /// Sends all that is to be said of a letter.
    async fn tell(&self, line: &Line, letter: &Letter) -> Result<Vec<Ack>, Lost> {
        let messages = self.said().of(&letter.content);
        let messages = messages.map_err(|error| Lost::from(SendError::lost(error)))?;
        if let Some(lost) = messages.iter().find_map(|message| line.too_large(message)) {
            return Err(lost);
        }
        let mut acks = Vec::with_capacity(messages.len());
        for message in messages {
            acks.push(line.publish(message).await?);
        }
        Ok(acks)
    }

    fn send_all(&mut self, call: &mut Call, letters: &[Letter]) -> Result<(), SendError> {
        let runtime = runtime().map_err(SendError::lost)?;
        if !call.is_announced {
            let announced = runtime.block_on(self.announce(&call.line));
            announced.map_err(|lost| lost.error)?;
            call.is_announced = true;
        }
        let step = if self.is_careful { 1 } else { letters.len() };
        let mut before = 0;
        for some in letters.chunks(step.max(1)) {
            let mut taken = 0;
            let sent = runtime.block_on(self.hand_over(&call.line, some, &mut taken));
            before += taken;
            if let Err(lost) = sent {
                (some[taken..].iter()).for_each(|letter| self.said().forget(&letter.content));
                let is_this = match lost.unfit {
                    Unfit::None => false,
                    Unfit::Some => some.len() == 1,
                    Unfit::This => true,
                };
                if is_this {
                    let (index, reason) = (before, lost.error.to_string());
                    return Err(SendError::Refused { index, reason });
                }
                self.is_careful |= lost.unfit == Unfit::Some;
                return Err(lost.error.behind(before));
            }
        }
        self.is_careful = false;
        Ok(())
    }
}

/// Says all again whenever Home Assistant has come up.
async fn greet(line: Arc<Line>, said: Arc<Mutex<Said>>, born: Arc<Notify>) {
    loop {
        born.notified().await;
        let messages = said.lock().unwrap_or_else(PoisonError::into_inner).again();
        for message in messages {
            // Who waits for rows to be taken hears of a line that is cut.
            if line.publish(message).await.is_err() {
                return;
            }
        }
    }
}

impl Receiver for Mqtt {
    /// That we are there is said with the first row: who only tries a sink out says nothing.
    fn connect(&mut self) -> Result<Option<u64>, SendError> {
        self.call = None;
        let runtime = runtime().map_err(SendError::lost)?;
        let called = runtime.block_on(async { timeout(self.timeout, self.call()).await });
        let called = called.unwrap_or_else(|_| Err(SendError::lost("it does not answer")));
        let call = called.map_err(|error| error.without(&self.options.secrets))?;
        self.call = Some(call);
        Ok(None)
    }

    fn send(&mut self, letters: &[Letter]) -> Result<(), SendError> {
        let Some(mut call) = self.call.take() else {
            return Err(SendError::lost("it is not connected"));
        };
        let sent = self.send_all(&mut call, letters);
        if !call.line.is_over() && matches!(sent, Ok(()) | Err(SendError::Refused { .. })) {
            self.call = Some(call);
        }
        sent.map_err(|error| error.without(&self.options.secrets))
    }

    fn close(&mut self) {
        let (Some(call), Ok(runtime)) = (self.call.take(), runtime()) else {
            return;
        };
        let farewell = async {
            if call.is_announced {
                let offline = self.options.layout.available(false);
                let ack = call.line.publish(offline).await?;
                call.line.acknowledged(ack).await?;
            }
            call.line.leave().await;
            Ok::<(), Lost>(())
        };
        // If it is not heard, the last will says the same.
        let _ = runtime.block_on(async { timeout(FAREWELL, farewell).await });
    }
}
