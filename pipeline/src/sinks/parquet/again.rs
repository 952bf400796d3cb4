//! The rows of a part, read again as far as views look at them.

use std::{fs::File, io, path::Path};

use arrow_array::{
    Array, BooleanArray, DictionaryArray, FixedSizeListArray, Float32Array, Int64Array,
    RecordBatch, StringArray, StructArray, cast::AsArray, types::Int32Type,
};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde::de::DeserializeOwned;
use sonoscope_operators::{
    SourceId,
    views::{Embedding, Network, Observation},
};

use crate::sinks::{Observed, invalid};

/// The footer's word for the source, whose column is in the path.
const SOURCE: &str = "sonoscope.source";

/// Hands out the rows of a part, in order.
///
/// # Errors
/// When the file cannot be read, or is no part.
pub fn each_row(path: &Path, take: &mut dyn FnMut(Observation)) -> io::Result<()> {
    let wrong = |problem: &str| invalid(format!("{}: {problem}", path.display()));
    let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(path)?);
    let builder = builder.map_err(|error| wrong(&error.to_string()))?;
    let footer = builder.metadata().file_metadata().key_value_metadata();
    let source = (footer.into_iter().flatten())
        .find(|pair| pair.key == SOURCE)
        .and_then(|pair| pair.value.as_deref()?.parse::<SourceId>().ok())
        .ok_or_else(|| wrong("its footer names no source"))?;
    let batches = builder.build().map_err(|error| wrong(&error.to_string()))?;
    for batch in batches {
        let batch = batch.map_err(|error| wrong(&error.to_string()))?;
        let columns = Columns::of(&batch);
        let columns = columns.ok_or_else(|| wrong("its columns are not those of rows"))?;
        for row in 0..batch.num_rows() {
            let observation = columns.row(&source, row);
            take(observation.ok_or_else(|| wrong("a word in it is unknown"))?);
        }
    }
    Ok(())
}

/// The columns that views look at.
struct Columns<'a> {
    segment: &'a Int64Array,
    start_ns: &'a Int64Array,
    end_ns: &'a Int64Array,
    clock_source: Words<'a>,
    audio: Words<'a>,
    video: Words<'a>,
    audio_dbfs: &'a Float32Array,
    dropped: &'a Int64Array,
    network: [Words<'a>; 2],
    correspondence: &'a Float32Array,
    localizable: &'a BooleanArray,
    peak: &'a StructArray,
    embeddings: [Option<&'a FixedSizeListArray>; 2],
}

/// A column of words of which there are few.
struct Words<'a>(&'a DictionaryArray<Int32Type>, &'a StringArray);

impl<'a> Columns<'a> {
    fn of(batch: &'a RecordBatch) -> Option<Self> {
        let words = |name: &str| {
            let words = batch.column_by_name(name)?.as_dictionary_opt()?;
            Some(Words(words, words.values().as_string_opt()?))
        };
        Some(Self {
            segment: column(batch, "segment")?,
            start_ns: column(batch, "start_ns")?,
            end_ns: column(batch, "end_ns")?,
            clock_source: words("clock_source")?,
            audio: words("audio")?,
            video: words("video")?,
            audio_dbfs: column(batch, "audio_dbfs")?,
            dropped: column(batch, "dropped")?,
            network: [words("network")?, words("network_hash")?],
            correspondence: column(batch, "correspondence")?,
            localizable: column(batch, "localizable")?,
            peak: column(batch, "peak")?,
            embeddings: ["frame_embedding", "audio_embedding"].map(|name| column(batch, name)),
        })
    }

    fn row(&self, source: &SourceId, row: usize) -> Option<Observation> {
        let number = |of: &Float32Array| of.is_valid(row).then(|| of.value(row));
        let coordinate = |name: &str| {
            let values = self.peak.column_by_name(name)?.as_any();
            Some(values.downcast_ref::<Float32Array>()?.value(row))
        };
        let peak = match self.peak.is_valid(row) {
            true => Some([coordinate("x")?, coordinate("y")?]),
            false => None,
        };
        let [frame_embedding, audio_embedding] = self
            .embeddings
            .map(|column| column.and_then(|column| embedding(column, row)));
        let [name, hash] = &self.network;
        let observed = Observed {
            source: source.clone(),
            network: Network::new(name.at(row), hash.at(row)),
            segment: self.segment.value(row),
            length_ns: self.end_ns.value(row) - self.start_ns.value(row),
            clock_source: self.clock_source.read(row)?,
            audio: self.audio.read(row)?,
            video: self.video.read(row)?,
            audio_dbfs: number(self.audio_dbfs),
            dropped: self.dropped.value(row).try_into().ok()?,
            correspondence: number(self.correspondence),
            peak: peak.filter(|_| self.localizable.value(row)),
            frame_embedding,
            audio_embedding,
        };
        Some(observed.into())
    }
}

fn column<'a, A: 'static>(batch: &'a RecordBatch, name: &str) -> Option<&'a A> {
    batch.column_by_name(name)?.as_any().downcast_ref()
}

fn embedding(column: &FixedSizeListArray, row: usize) -> Option<Embedding> {
    if column.is_null(row) {
        return None;
    }
    let values = column.value(row);
    let values = values.as_any().downcast_ref::<Float32Array>()?;
    Some(Embedding::from(&values.values()[..]))
}

impl Words<'_> {
    fn at(&self, row: usize) -> &str {
        self.1.value(self.0.keys().value(row) as usize)
    }

    /// The word as what it says.
    fn read<T: DeserializeOwned>(&self, row: usize) -> Option<T> {
        serde_json::from_value(self.at(row).into()).ok()
    }
}
