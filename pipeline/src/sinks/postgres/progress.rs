//! How far a buffer has come, kept where its rows are.

use tokio_postgres::Statement;

use super::{Life, failure::Failure, session::Session};

/// The place of one buffer in the table `progress`.
pub struct Progress {
    life: Life,
    hold: Statement,
    put: Statement,
}

impl Progress {
    /// Gets ready to ask and to write.
    ///
    /// # Errors
    /// When the table is not there, or may not be written to.
    pub async fn prepare(session: &Session, life: Life) -> Result<Self, Failure> {
        let hold = "SELECT run, number FROM progress WHERE sink = $1 FOR UPDATE";
        let put = "INSERT INTO progress (sink, run, number) VALUES ($1, $2, $3) \
            ON CONFLICT (sink) DO UPDATE \
            SET run = excluded.run, number = excluded.number, updated = now()";
        Ok(Self {
            life,
            hold: session.prepare(hold).await?,
            put: session.prepare(put).await?,
        })
    }

    /// The last letter that was taken of this run or the one before. Waits for a transaction that
    /// an earlier connection may have left open, so that its end is known.
    ///
    /// # Errors
    /// When the server does not say.
    pub async fn known(&self, session: &Session) -> Result<Option<u64>, Failure> {
        let Some(row) = session.line(&self.hold, &[&self.life.sink]).await? else {
            return Ok(None);
        };
        let (run, number): (i64, i64) = (row.get(0), row.get(1));
        let is_known = self.life.follows(run);
        Ok(u64::try_from(number).ok().filter(|_| is_known))
    }

    /// Lets no other connection write for this buffer before the end of the transaction.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn hold(&self, session: &Session) -> Result<(), Failure> {
        session.execute(&self.hold, &[&self.life.sink]).await
    }

    /// All up to this letter have been taken.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn put(&self, session: &Session, number: u64) -> Result<(), Failure> {
        // A buffer of 2^63 letters has not been seen.
        let number = i64::try_from(number).unwrap_or(i64::MAX);
        let Life { sink, run } = &self.life;
        session.execute(&self.put, &[sink, run, &number]).await
    }
}
