//! Rows as columns: the fields of `docs/rows.md`, each in a type of its own.
//!
//! `source`, and `date` where there is one, are in the path alone, as readers of such folders want
//! it.

use std::{io, sync::Arc};

use arrow_array::{
    ArrayRef, BooleanArray, FixedSizeListArray, Float32Array, Int32Array, Int64Array, RecordBatch,
    StructArray, TimestampNanosecondArray, builder::StringDictionaryBuilder, types::Int32Type,
};
use arrow_buffer::NullBuffer;
use arrow_schema::{DataType, Field, Schema};
use serde::Serialize;
use sonoscope_operators::{ROW_SCHEMA, Row, Score};

use super::{super::Form, place::time_of};

/// Sizes of the columns that a network fills with vectors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// Rows and columns of heatmaps.
    pub heatmap: Option<[usize; 2]>,
    /// Numbers of an embedding.
    pub embedding: Option<usize>,
}

impl Sizes {
    /// Of the rows of one network. What this network lacks and another one of the run has is as
    /// large as the other's, and null, so that parts of both can be read as one table.
    pub fn of(form: &Form, network: &str, network_hash: &str) -> Self {
        let own = form.network(network, network_hash);
        let outputs = || own.into_iter().chain(&form.networks);
        let outputs = || outputs().map(|network| &network.contract.outputs);
        let heatmap = outputs().find_map(|outputs| outputs.heatmap);
        let embedding = outputs().find_map(|outputs| outputs.embedding);
        Self {
            heatmap: heatmap.filter(|_| form.include.heatmap),
            embedding: embedding.filter(|_| form.include.embeddings),
        }
    }
}

/// The columns, one after the other.
struct Columns<'a> {
    rows: &'a [Row],
    fields: Vec<Field>,
    arrays: Vec<ArrayRef>,
}

/// Rows of one part as a table.
///
/// # Errors
/// When a heatmap or embedding is not of its network's size.
pub fn batch(rows: &[Row], sizes: Sizes) -> io::Result<RecordBatch> {
    let mut columns = Columns {
        rows,
        fields: Vec::new(),
        arrays: Vec::new(),
    };
    columns.when()?;
    columns.what()?;
    columns.who()?;
    columns.scores()?;
    columns.vectors(sizes)?;
    let schema = Arc::new(Schema::new(columns.fields));
    RecordBatch::try_new(schema, columns.arrays).map_err(invalid)
}

impl Columns<'_> {
    fn when(&mut self) -> io::Result<()> {
        self.integers("segment", |row| row.segment);
        self.integers("session", |row| row.session.into());
        self.integers("start_ns", |row| row.start_ns);
        self.integers("end_ns", |row| row.end_ns);
        // Nanoseconds in 64 bits end in the year 2262.
        let time = |row| i64::try_from(time_of(row)?.as_nanosecond()).ok();
        let times: TimestampNanosecondArray = self.rows.iter().map(time).collect();
        self.push("wall_clock", Arc::new(times.with_timezone("UTC")), true);
        self.words("clock_source", |row| word(&row.clock_source))?;
        let pts: Int64Array = self.rows.iter().map(|row| row.frame_pts_ns).collect();
        self.push("frame_pts_ns", Arc::new(pts), true);
        Ok(())
    }

    fn what(&mut self) -> io::Result<()> {
        self.words("audio", |row| word(&row.audio))?;
        self.words("video", |row| word(&row.video))?;
        self.numbers("audio_dbfs", |row| row.audio_dbfs);
        self.integers("dropped", |row| row.dropped.into());
        Ok(())
    }

    fn who(&mut self) -> io::Result<()> {
        self.words("network", |row| Ok(row.provenance.network.clone()))?;
        self.words("network_hash", |row| {
            Ok(row.provenance.network_hash.clone())
        })?;
        self.words("provider", |row| Ok(row.provenance.provider.clone()))?;
        self.words("precision", |row| Ok(row.provenance.precision.clone()))
    }

    fn scores(&mut self) -> io::Result<()> {
        let of = |row: &Row, what: fn(&Score) -> Option<f32>| row.score.as_ref().and_then(what);
        self.numbers("correspondence", |row| of(row, |s| s.correspondence));
        self.numbers("distance", |row| of(row, |s| s.distance));
        let localizable = self.rows.iter().map(|row| Some(row.localizable));
        let localizable: BooleanArray = localizable.collect();
        self.push("localizable", Arc::new(localizable), false);
        let peaks = peaks(self.rows)?;
        self.push("peak", Arc::new(peaks), true);
        let schema = vec![ROW_SCHEMA as i32; self.rows.len()];
        self.push("schema", Arc::new(Int32Array::from(schema)), false);
        Ok(())
    }

    fn vectors(&mut self, sizes: Sizes) -> io::Result<()> {
        if let Some([rows, columns]) = sizes.heatmap {
            let cells = |row| Some(score(row)?.heatmap.as_ref()?.cells.as_slice());
            let (values, nulls) = flat(self.rows, rows * columns, cells)?;
            let lines = list(Arc::new(values), columns, None)?;
            let maps = list(Arc::new(lines), rows, Some(nulls))?;
            self.push("heatmap", Arc::new(maps), true);
        }
        let Some(size) = sizes.embedding else {
            return Ok(());
        };
        let (values, nulls) = flat(self.rows, size, |r| score(r)?.frame_embedding.as_deref())?;
        let frames = list(Arc::new(values), size, Some(nulls))?;
        self.push("frame_embedding", Arc::new(frames), true);
        let (values, nulls) = flat(self.rows, size, |r| score(r)?.audio_embedding.as_deref())?;
        let sounds = list(Arc::new(values), size, Some(nulls))?;
        self.push("audio_embedding", Arc::new(sounds), true);
        Ok(())
    }

    fn integers(&mut self, name: &str, of: impl Fn(&Row) -> i64) {
        let values: Vec<i64> = self.rows.iter().map(of).collect();
        self.push(name, Arc::new(Int64Array::from(values)), false);
    }

    fn numbers(&mut self, name: &str, of: impl Fn(&Row) -> Option<f32>) {
        let values: Float32Array = self.rows.iter().map(of).collect();
        self.push(name, Arc::new(values), true);
    }

    fn words(&mut self, name: &str, of: impl Fn(&Row) -> io::Result<String>) -> io::Result<()> {
        let mut words = StringDictionaryBuilder::<Int32Type>::new();
        for row in self.rows {
            words.append(of(row)?).map_err(invalid)?;
        }
        self.push(name, Arc::new(words.finish()), false);
        Ok(())
    }

    fn push(&mut self, name: &str, array: ArrayRef, may_be_null: bool) {
        let kind = array.data_type().clone();
        self.fields.push(Field::new(name, kind, may_be_null));
        self.arrays.push(array);
    }
}

fn score(row: &Row) -> Option<&Score> {
    row.score.as_ref()
}

/// A status or the like, as it is written in all sinks.
fn word(value: &impl Serialize) -> io::Result<String> {
    match serde_json::to_value(value)? {
        serde_json::Value::String(word) => Ok(word),
        other => Err(invalid(format!("{other} is no word"))),
    }
}

fn peaks(rows: &[Row]) -> io::Result<StructArray> {
    let peaks: Vec<_> = rows.iter().map(Row::peak).collect();
    let axis = |of: fn(&sonoscope_operators::Peak) -> f32| -> ArrayRef {
        let values = peaks.iter().map(|peak| peak.as_ref().map_or(0.0, of));
        Arc::new(Float32Array::from_iter_values(values))
    };
    let fields = ["x", "y", "value"].map(|name| Field::new(name, DataType::Float32, false));
    let arrays = vec![axis(|p| p.x), axis(|p| p.y), axis(|p| p.value)];
    let nulls: NullBuffer = peaks.iter().map(Option::is_some).collect();
    StructArray::try_new(fields.to_vec().into(), arrays, Some(nulls)).map_err(invalid)
}

/// The vectors of all rows one after the other, zeros where there is none, and where that is.
fn flat<'a>(
    rows: &'a [Row],
    size: usize,
    of: impl Fn(&'a Row) -> Option<&'a [f32]>,
) -> io::Result<(Float32Array, NullBuffer)> {
    let mut values = Vec::with_capacity(rows.len() * size);
    for row in rows {
        match of(row) {
            Some(vector) if vector.len() == size => values.extend_from_slice(vector),
            Some(vector) => {
                let (network, is) = (&row.provenance.network, vector.len());
                return Err(invalid(format!(
                    "{network} gave {is} numbers instead of {size}"
                )));
            }
            None => values.resize(values.len() + size, 0.0),
        }
    }
    let nulls = rows.iter().map(|row| of(row).is_some()).collect();
    Ok((values.into(), nulls))
}

fn list(
    values: ArrayRef,
    size: usize,
    nulls: Option<NullBuffer>,
) -> io::Result<FixedSizeListArray> {
    let item = Arc::new(Field::new("item", values.data_type().clone(), false));
    let size = i32::try_from(size).map_err(invalid)?;
    FixedSizeListArray::try_new(item, size, values, nulls).map_err(invalid)
}

fn invalid(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}
