//! Rows by tokio-postgres: a statement for each, many in one transaction.

use sonoscope_operators::Row;
use tokio_postgres::NoTls;

use super::{AT_ONCE, INCLUDE, Outcome};

const TABLE: &str = "CREATE TABLE IF NOT EXISTS plain (source text, segment bigint, network text, \
    correspondence real, frame real[], audio real[], said jsonb, \
    PRIMARY KEY (source, segment, network))";

const INSERT: &str = "INSERT INTO plain VALUES ($1, $2, $3, $4, $5, $6, $7) \
    ON CONFLICT (source, segment, network) DO UPDATE SET said = excluded.said";

pub async fn run(uri: &str, rows: &[Row]) -> Outcome<()> {
    let (mut client, connection) = tokio_postgres::connect(uri, NoTls).await?;
    let driving = tokio::spawn(connection);
    client.batch_execute(TABLE).await?;
    let insert = client.prepare(INSERT).await?;
    for batch in rows.chunks(AT_ONCE) {
        let transaction = client.transaction().await?;
        for row in batch {
            let score = row.score.as_ref().ok_or("a row without a score")?;
            let said = serde_json::to_value(row.json(sonoscope_operators::Include {
                embeddings: false,
                ..INCLUDE
            }))?;
            let network = &row.provenance.network;
            transaction
                .execute(
                    &insert,
                    &[
                        &row.source.as_str(),
                        &row.segment,
                        network,
                        &score.correspondence,
                        &score.frame_embedding,
                        &score.audio_embedding,
                        &said,
                    ],
                )
                .await?;
        }
        transaction.commit().await?;
    }
    drop(client);
    driving.await??;
    Ok(())
}
