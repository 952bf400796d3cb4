//! What librdkafka reports on a thread of its own.

use std::sync::{Mutex, PoisonError, mpsc::SyncSender};

use rdkafka::{
    ClientContext, config::RDKafkaLogLevel, error::KafkaError, message::DeliveryResult,
    producer::ProducerContext, types::RDKafkaErrorCode as Code,
};

/// Goes with a record, and comes back with what became of it.
pub struct Slip {
    /// Which of the batch it is.
    pub index: usize,
    /// Who waits for it; there is room for all of the batch.
    pub to: SyncSender<(usize, Result<(), Code>)>,
}

/// What was said of the brokers, besides of records.
#[derive(Default)]
pub struct Reports {
    said: Mutex<Option<String>>,
    denied: Mutex<Option<String>>,
}

impl Reports {
    /// The last that was said.
    pub fn said(&self) -> Option<String> {
        read(&self.said)
    }

    /// Why we are not let in, if we are not.
    pub fn denied(&self) -> Option<String> {
        read(&self.denied)
    }
}

impl ClientContext for Reports {
    fn log(&self, level: RDKafkaLogLevel, about: &str, message: &str) {
        tracing::debug!("librdkafka: {level:?} {about} {message}");
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!("librdkafka: {error}: {reason}");
        let tip = match error.rdkafka_error_code() {
            Some(Code::Authentication) => Some("check user, password and sasl.mechanism"),
            Some(Code::SSL) => Some("option `ca` names the certificates to trust"),
            _ => None,
        };
        if let Some(tip) = tip {
            write(&self.denied, format!("{reason} (tip: {tip})"));
        }
        write(&self.said, reason.to_owned());
    }
}

impl ProducerContext for Reports {
    type DeliveryOpaque = Box<Slip>;

    fn delivery(&self, result: &DeliveryResult<'_>, slip: Box<Slip>) {
        let outcome = match result {
            Ok(_) => Ok(()),
            Err((error, _)) => Err(error.rdkafka_error_code().unwrap_or(Code::Unknown)),
        };
        // Nobody waits any longer for what was given up.
        let _ = slip.to.try_send((slip.index, outcome));
    }
}

fn read(text: &Mutex<Option<String>>) -> Option<String> {
    text.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

fn write(text: &Mutex<Option<String>>, said: String) {
    *text.lock().unwrap_or_else(PoisonError::into_inner) = Some(said);
}
