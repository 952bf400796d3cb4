//! A part as a file: written under another name, made durable, renamed.

use std::{
    fs::{self, File},
    io::{self, BufWriter},
    path::Path,
};

use arrow_schema::SchemaRef;
use parquet::{
    arrow::ArrowWriter,
    basic::{Compression, Encoding, ZstdLevel},
    errors::ParquetError,
    file::{
        metadata::{KeyValue, SortingColumn},
        properties::{EnabledStatistics, WriterProperties},
    },
    schema::types::ColumnPath,
};
use sonoscope_operators::{ROW_SCHEMA, Row};

use super::{
    super::Form,
    columns::{Sizes, batch},
    held::HeldPart,
    record::Record,
};
use crate::sinks::{
    durable::kill_point,
    spool::{Place, Spool},
};

/// Rows of a row group: a quarter of an hour, so that a reader can leave out what it does not need.
pub const GROUP_ROWS: usize = 900;

/// The columns of vectors: floating-point noise, of which only the bytes of like weight resemble
/// each other, and whose least and greatest say nothing.
const VECTORS: [&[&str]; 3] = [
    &["heatmap", "list", "item", "list", "item"],
    &["frame_embedding", "list", "item"],
    &["audio_embedding", "list", "item"],
];

/// Writes a part to `path`, whose folder is there, in place of one that may be there.
///
/// # Errors
/// When rows cannot be read from the spool or the disk does not take them; what was at `path`
/// stays.
pub fn write(
    held: &HeldPart,
    spool: &Spool,
    form: &Form,
    temporary: &Path,
    path: &Path,
) -> io::Result<()> {
    let stream = &held.part.stream;
    let sizes = Sizes::of(form, &stream.network, &stream.network_hash);
    let schema = batch(&[], sizes)?.schema();
    let mut writer = writer(File::create(temporary)?, schema, held, form).map_err(io_error)?;
    for places in held.rows.chunks(GROUP_ROWS) {
        let rows = places.iter().map(|place| row(spool, *place));
        let rows: Vec<Row> = rows.collect::<Result<_, _>>()?;
        writer.write(&batch(&rows, sizes)?).map_err(io_error)?;
    }
    let file = writer.into_inner().map_err(io_error)?.into_inner()?;
    file.sync_all()?;
    kill_point()?;
    fs::rename(temporary, path)?;
    kill_point()
}

/// The row that lies at a place of the spool.
///
/// # Errors
/// When it cannot be read, or is none.
pub fn row(spool: &Spool, place: Place) -> io::Result<Row> {
    match Record::of(&spool.read(place)?)? {
        Record::Row(row) => Ok(row.into_owned()),
        _ => {
            let message = "the spool has something else in the place of a row";
            Err(io::Error::new(io::ErrorKind::InvalidData, message))
        }
    }
}

fn writer(
    file: File,
    schema: SchemaRef,
    held: &HeldPart,
    form: &Form,
) -> Result<ArrowWriter<BufWriter<File>>, ParquetError> {
    let by_segment = SortingColumn {
        column_idx: 0,
        descending: false,
        nulls_first: false,
    };
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(GROUP_ROWS))
        .set_sorting_columns(Some(vec![by_segment]))
        .set_created_by(concat!("sonoscope ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_key_value_metadata(Some(footer(held, form)));
    for path in VECTORS {
        let path = ColumnPath::new(path.iter().map(|&name| name.to_owned()).collect());
        properties = properties
            .set_column_dictionary_enabled(path.clone(), false)
            .set_column_encoding(path.clone(), Encoding::BYTE_STREAM_SPLIT)
            .set_column_statistics_enabled(path, EnabledStatistics::None);
    }
    ArrowWriter::try_new(BufWriter::new(file), schema, Some(properties.build()))
}

/// What is true of the whole file.
fn footer(held: &HeldPart, form: &Form) -> Vec<KeyValue> {
    let stream = &held.part.stream;
    let network = form.network(&stream.network, &stream.network_hash);
    let contract = network.and_then(|network| serde_json::to_string(&network.contract).ok());
    let pairs = [
        ("sonoscope.row_schema", Some(ROW_SCHEMA.to_string())),
        ("sonoscope.source", Some(stream.source.to_string())),
        ("sonoscope.network", Some(stream.network.clone())),
        ("sonoscope.network_hash", Some(stream.network_hash.clone())),
        ("sonoscope.contract", contract),
    ];
    let pair = |(key, value)| KeyValue::new(String::from(key), value);
    pairs
        .into_iter()
        .filter(|(_, value)| value.is_some())
        .map(pair)
        .collect()
}

fn io_error(error: ParquetError) -> io::Error {
    match error {
        // So that a full disk is known as one.
        ParquetError::External(cause) => match cause.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(other) => io::Error::other(other),
        },
        other => io::Error::other(other),
    }
}
