//! `mqtt://HOST/PREFIX`: rows as messages to a broker of MQTT 5, in the layout of Frigate, with the
//! discovery of Home Assistant.
//!
//! A row is taken when the broker has acknowledged all that is said of it.

mod home;
mod line;
mod options;
mod said;
mod topics;
mod underway;

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
    underway::Underway,
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
    /// One of so many letters is too large for the broker, and nobody knows which: they go one by
    /// one.
    careful: usize,
}

/// A connection, and who answers when Home Assistant has come up.
struct Call {
    line: Arc<Line>,
    is_announced: bool,
    underway: Underway,
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
            careful: 0,
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
            underway: Underway::default(),
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

    /// Sends all that is not on its way yet, then waits until the first letter is taken: a broker
    /// may keep acknowledgements back until it hears from us again, so the next letters are to go
    /// out as soon as there is room. Counts those that were taken before the first that was not.
    async fn hand_over(
        &self,
        call: &mut Call,
        letters: &[Letter],
        taken: &mut usize,
    ) -> Result<(), Lost> {
        let Call { line, underway, .. } = call;
        let mut failed = None;
        for letter in letters.iter().skip(underway.len()) {
            match self.tell(line, letter).await {
                Ok(acks) => underway.push(acks),
                Err(lost) => {
                    failed = Some(lost);
                    break;
                }
            }
        }
        let wanted = match failed {
            None => 1,
            Some(_) => underway.len(),
        };
        let ended = underway.settle(line, wanted, taken).await;
        ended.and(failed.map_or(Ok(()), Err))
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

    fn send_all(&mut self, call: &mut Call, letters: &[Letter]) -> Result<usize, SendError> {
        let runtime = runtime().map_err(SendError::lost)?;
        if !call.is_announced {
            let announced = runtime.block_on(self.announce(&call.line));
            announced.map_err(|lost| lost.error)?;
            call.is_announced = true;
        }
        let letters = match self.careful {
            0 => letters,
            _ => &letters[..letters.len().min(1)],
        };
        let mut taken = 0;
        let sent = runtime.block_on(self.hand_over(call, letters, &mut taken));
        let Err(lost) = sent else {
            self.careful = self.careful.saturating_sub(taken);
            return Ok(taken);
        };
        // Those behind are sent again, though they may have come.
        call.underway = Underway::default();
        (letters[taken..].iter()).for_each(|letter| self.said().forget(&letter.content));
        let is_this = match lost.unfit {
            Unfit::None => false,
            Unfit::Some => letters.len() == 1,
            Unfit::This => true,
        };
        if is_this {
            self.careful = 0;
            let (index, reason) = (taken, lost.error.to_string());
            return Err(SendError::Refused { index, reason });
        }
        if lost.unfit == Unfit::Some {
            self.careful = letters.len();
        }
        Err(lost.error.behind(taken))
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

    fn send(&mut self, letters: &[Letter]) -> Result<usize, SendError> {
        let Some(mut call) = self.call.take() else {
            return Err(SendError::lost("it is not connected"));
        };
        let sent = self.send_all(&mut call, letters);
        if !call.line.is_over() && matches!(sent, Ok(_) | Err(SendError::Refused { .. })) {
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
