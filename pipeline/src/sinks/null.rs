//! `null:`: rows go nowhere. For measuring what all else costs.

use std::io;

use sonoscope_operators::Row;

use super::Sink;

/// The sink.
pub struct Null;

impl Sink for Null {
    fn write(&mut self, _: &[Row]) -> io::Result<()> {
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
