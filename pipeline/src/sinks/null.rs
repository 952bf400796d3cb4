//! `null:`: rows go nowhere. For measuring what all else costs.

use std::io;

use serde_json::Value;
use sonoscope_operators::{Row, SourceId};

use super::{Position, Sink, Withdrawal, open::Card};

/// How it is listed.
pub const CARD: Card = Card {
    name: "null:",
    about: "nowhere: for measuring what all else costs",
    example: "null:",
    options: &[],
};

/// The sink.
pub struct Null;

impl Sink for Null {
    fn write(&mut self, _: &[Row]) -> io::Result<()> {
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn commit(&mut self) -> io::Result<Position> {
        Ok(Position(Value::Null))
    }

    fn withdraw(&mut self, _: &SourceId) -> io::Result<Withdrawal> {
        Ok(Withdrawal::Removed)
    }
}
