//! Rows in a folder that `parquet:DIR` wrote.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use arrow_array::{
    Array, ArrayRef, BooleanArray, DictionaryArray, FixedSizeListArray, Float32Array, Int64Array,
    RecordBatch, StringArray, StructArray, TimestampNanosecondArray, cast::AsArray,
    types::Int32Type,
};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use sonoscope_operators::{Peak, Status};

use super::line::{Line, Network};
use crate::fault::Fault;

/// The footer's word for the source, whose column is in the path.
const SOURCE: &str = "sonoscope.source";

/// Hands out the rows of all files below a folder.
///
/// # Errors
/// When there are none, or one cannot be read.
pub fn each_line(folder: &Path, take: &mut impl FnMut(Line)) -> Result<(), Fault> {
    let files = files(folder)
        .map_err(|e| Fault::usage(format!("cannot read {}: {e}", folder.display())))?;
    if files.is_empty() {
        let cause = format!("there is no Parquet file in {}", folder.display());
        return Err(Fault::usage(cause).tip("name the folder that `--sink parquet:DIR` named"));
    }
    for file in files {
        each_of(&file, take).map_err(|error| {
            Fault::usage(format!("{} holds no rows: {error}", file.display()))
                .tip("name a folder that holds what `sonoscope run` wrote, and nothing else")
        })?;
    }
    Ok(())
}

/// Whether a folder is there and holds no file of rows, for now at least.
pub fn is_without_parts(folder: &Path) -> bool {
    files(folder).is_ok_and(|files| files.is_empty())
}

/// The Parquet files below a folder, in order. What begins with a dot is passed by.
fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let path = entry.path();
            if entry.file_name().as_encoded_bytes().starts_with(b".") {
                continue;
            }
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|e| e == "parquet") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Why a file is not one of ours.
type Wrong = Box<dyn std::error::Error + Send + Sync>;

fn each_of(path: &Path, take: &mut impl FnMut(Line)) -> Result<(), Wrong> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(path)?)?;
    let footer = builder.metadata().file_metadata().key_value_metadata();
    let source = (footer.into_iter().flatten())
        .find(|pair| pair.key == SOURCE)
        .and_then(|pair| pair.value.clone())
        .ok_or("its footer names no source")?;
    for batch in builder.build()? {
        let batch = batch?;
        let columns = Columns::of(&batch).ok_or("its columns are not those of rows")?;
        for row in 0..batch.num_rows() {
            take(
                columns
                    .line(&source, row)
                    .ok_or("a status in it is unknown")?,
            );
        }
    }
    Ok(())
}

/// The columns that the page needs.
struct Columns<'a> {
    segment: &'a Int64Array,
    wall_clock: &'a TimestampNanosecondArray,
    audio: Words<'a>,
    video: Words<'a>,
    audio_dbfs: &'a Float32Array,
    network: [Words<'a>; 4],
    correspondence: &'a Float32Array,
    localizable: &'a BooleanArray,
    peak: &'a StructArray,
    heatmap: Option<&'a FixedSizeListArray>,
}

/// A column of words of which there are few.
struct Words<'a>(&'a DictionaryArray<Int32Type>, &'a StringArray);

impl<'a> Columns<'a> {
    fn of(batch: &'a RecordBatch) -> Option<Self> {
        let column = |name: &str| -> Option<&'a ArrayRef> { batch.column_by_name(name) };
        let words = |name: &str| {
            let words = column(name)?.as_dictionary_opt::<Int32Type>()?;
            Some(Words(words, words.values().as_string_opt()?))
        };
        let numbers = |name: &str| column(name)?.as_any().downcast_ref::<Float32Array>();
        Some(Self {
            segment: column("segment")?.as_any().downcast_ref()?,
            wall_clock: column("wall_clock")?.as_any().downcast_ref()?,
            audio: words("audio")?,
            video: words("video")?,
            audio_dbfs: numbers("audio_dbfs")?,
            network: [
                words("network")?,
                words("network_hash")?,
                words("provider")?,
                words("precision")?,
            ],
            correspondence: numbers("correspondence")?,
            localizable: column("localizable")?.as_boolean_opt()?,
            peak: column("peak")?.as_struct_opt()?,
            heatmap: column("heatmap").and_then(|c| c.as_fixed_size_list_opt()),
        })
    }

    fn line(&self, source: &str, row: usize) -> Option<Line> {
        let number = |of: &Float32Array| of.is_valid(row).then(|| of.value(row));
        let [name, hash, provider, precision] = &self.network;
        Some(Line {
            source: source.to_owned(),
            segment: self.segment.value(row),
            wall_clock: (self.wall_clock.is_valid(row)).then(|| time(self.wall_clock.value(row))),
            audio: self.audio.status(row)?,
            video: self.video.status(row)?,
            audio_dbfs: number(self.audio_dbfs),
            network: Network {
                name: name.at(row),
                hash: hash.at(row),
                provider: provider.at(row),
                precision: precision.at(row),
            },
            correspondence: number(self.correspondence),
            localizable: self.localizable.value(row),
            peak: self.peak(row),
            heatmap: self.heatmap(row),
        })
    }

    fn peak(&self, row: usize) -> Option<Peak> {
        let of = |name| {
            Some(
                self.peak
                    .column_by_name(name)?
                    .as_any()
                    .downcast_ref::<Float32Array>()?
                    .value(row),
            )
        };
        if self.peak.is_null(row) {
            return None;
        }
        Some(Peak {
            x: of("x")?,
            y: of("y")?,
            value: of("value")?,
        })
    }

    fn heatmap(&self, row: usize) -> Option<Vec<Vec<f32>>> {
        let map = self.heatmap.filter(|maps| maps.is_valid(row))?.value(row);
        let lines = map.as_fixed_size_list_opt()?;
        let line = |at: usize| {
            let line = lines.value(at);
            Some(
                line.as_any()
                    .downcast_ref::<Float32Array>()?
                    .values()
                    .to_vec(),
            )
        };
        (0..lines.len()).map(line).collect()
    }
}

impl Words<'_> {
    fn at(&self, row: usize) -> String {
        let key = self.0.keys().value(row);
        self.1.value(key as usize).to_owned()
    }

    fn status(&self, row: usize) -> Option<Status> {
        serde_json::from_value(serde_json::Value::String(self.at(row))).ok()
    }
}

fn time(ns: i64) -> String {
    jiff::Timestamp::from_nanosecond(ns.into()).map_or(String::new(), |time| time.to_string())
}
