//! A file, by a writer with a buffer.

use std::{
    fs::File,
    io::{BufWriter, Write},
};

use sonoscope_operators::Row;

use super::{INCLUDE, Outcome};

pub fn run(uri: &str, rows: &[Row]) -> Outcome<()> {
    let path = uri.trim_start_matches("jsonl:");
    let mut file = BufWriter::new(File::create(format!("{path}.plain"))?);
    for row in rows {
        serde_json::to_writer(&mut file, &row.json(INCLUDE))?;
        file.write_all(b"\n")?;
    }
    file.flush()?;
    file.get_ref().sync_data()?;
    Ok(())
}
