//! Rows: copied in binary form into a table of the connection's own, and from there put where they
//! belong, in one statement.

use std::pin::pin;

use sonoscope_operators::{Include, Row};
use tokio_postgres::{Statement, binary_copy::BinaryCopyInWriter, types::Type};

use super::{
    failure::Failure,
    session::Session,
    values::{COLUMNS, Values},
};

/// Statements of one connection.
pub struct Rows {
    include: Include,
    copy: Statement,
    put: Statement,
    withdraw: Statement,
    embeddings: String,
}

/// The primary key. Rows are written in its order, so that two who write do not wait for each
/// other in a circle.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub struct Key<'a>(&'a str, i64, &'a str, &'a str);

/// The key of a row.
pub fn key(row: &Row) -> Key<'_> {
    let network = &row.provenance;
    Key(
        row.source.as_str(),
        row.segment,
        &network.network,
        &network.network_hash,
    )
}

impl Key<'_> {
    /// Whose row it is.
    pub fn source(&self) -> &str {
        self.0
    }
}

/// Where rows are copied to. Its embeddings are arrays, which pgvector takes for vectors.
const STAGE: &str = "CREATE TEMP TABLE stage (LIKE rows INCLUDING STORAGE) ON COMMIT DELETE ROWS; \
    ALTER TABLE stage ALTER COLUMN frame_embedding TYPE real[] USING NULL, \
    ALTER COLUMN audio_embedding TYPE real[] USING NULL";

const KIND: &str = "SELECT format_type(atttypid, atttypmod) FROM pg_attribute \
    WHERE attrelid = 'rows'::regclass AND attname = 'frame_embedding'";

impl Rows {
    /// Gets ready to write.
    ///
    /// # Errors
    /// When the table is not there, or may not be written to.
    pub async fn prepare(session: &Session, include: Include) -> Result<Self, Failure> {
        session.run(STAGE).await?;
        let names: Vec<_> = COLUMNS.iter().map(|(name, _)| *name).collect();
        let list = names.join(", ");
        let update: Vec<_> = names
            .iter()
            .map(|name| format!("{name} = excluded.{name}"))
            .collect();
        let copy = format!("COPY stage ({list}) FROM STDIN BINARY");
        let put = format!(
            "INSERT INTO rows ({list}) SELECT {list} FROM stage \
             ON CONFLICT (source, segment, network, network_hash) DO UPDATE SET {}",
            update.join(", ")
        );
        let withdraw = "DELETE FROM rows WHERE source = $1";
        let kind = session.line(KIND, &[]).await?;
        Ok(Self {
            include,
            copy: session.prepare(&copy).await?,
            put: session.prepare(&put).await?,
            withdraw: session.prepare(withdraw).await?,
            embeddings: kind.map(|kind| kind.get(0)).unwrap_or_default(),
        })
    }

    /// What embeddings are kept as.
    pub fn kind_of_embeddings(&self) -> &str {
        &self.embeddings
    }

    /// Writes rows of different keys, in the place of those that are there.
    ///
    /// # Errors
    /// When the server does not take them all.
    pub async fn put<'a>(
        &self,
        session: &Session,
        rows: impl ExactSizeIterator<Item = &'a Row>,
    ) -> Result<(), Failure> {
        if rows.len() == 0 {
            return Ok(());
        }
        // Rows of a part that was put before, in the same transaction, may be in it.
        session.run("DELETE FROM stage").await?;
        session.ask(self.copy(session, rows)).await?;
        session.execute(&self.put, &[]).await
    }

    async fn copy<'a>(
        &self,
        session: &Session,
        rows: impl Iterator<Item = &'a Row>,
    ) -> Result<u64, tokio_postgres::Error> {
        let types: Vec<Type> = COLUMNS.iter().map(|(_, kind)| kind.clone()).collect();
        let sink = session.client.copy_in(&self.copy).await?;
        let mut writer = pin!(BinaryCopyInWriter::new(sink, &types));
        for row in rows {
            let values = Values::of(row, self.include);
            writer.as_mut().write(&values.in_order()).await?;
        }
        writer.finish().await
    }

    /// Removes the rows of a source.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn withdraw(&self, session: &Session, source: &str) -> Result<(), Failure> {
        session.execute(&self.withdraw, &[&source]).await
    }
}
