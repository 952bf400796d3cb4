//! Answers of views: those that hold are in the table `changes`.

use std::collections::BTreeMap;

use tokio_postgres::Statement;

use super::{
    failure::Failure,
    session::{Session, Values},
};

/// Statements of one connection.
pub struct Changes {
    put: Statement,
    remove: Statement,
}

/// View and key; source and answer, without which it holds no longer.
pub type Said<'a> = BTreeMap<(&'a str, &'a str), (Option<&'a str>, Option<&'a str>)>;

impl Changes {
    /// Gets ready to write.
    ///
    /// # Errors
    /// When the table is not there, or may not be written to.
    pub async fn prepare(session: &Session) -> Result<Self, Failure> {
        let put = "INSERT INTO changes (view, key, source, answer) \
            SELECT view, key, source, answer::jsonb \
            FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) \
                AS said (view, key, source, answer) \
            ON CONFLICT (view, key) DO UPDATE \
            SET source = excluded.source, answer = excluded.answer";
        let remove = "DELETE FROM changes USING unnest($1::text[], $2::text[]) AS gone (view, key) \
            WHERE changes.view = gone.view AND changes.key = gone.key";
        Ok(Self {
            put: session.prepare(put).await?,
            remove: session.prepare(remove).await?,
        })
    }

    /// Writes the last word on each.
    ///
    /// # Errors
    /// When the server does not take it.
    pub async fn put(&self, session: &Session, said: &Said<'_>) -> Result<(), Failure> {
        let (mut views, mut keys, mut sources, mut answers) = (vec![], vec![], vec![], vec![]);
        let (mut gone_views, mut gone_keys) = (vec![], vec![]);
        for (&(view, key), &(source, answer)) in said {
            match answer {
                Some(answer) => {
                    views.push(view);
                    keys.push(key);
                    sources.push(source);
                    answers.push(answer);
                }
                None => {
                    gone_views.push(view);
                    gone_keys.push(key);
                }
            }
        }
        if !gone_keys.is_empty() {
            let gone: &Values<'_> = &[&gone_views, &gone_keys];
            session.execute(&self.remove, gone).await?;
        }
        if !keys.is_empty() {
            let put: &Values<'_> = &[&views, &keys, &sources, &answers];
            session.execute(&self.put, put).await?;
        }
        Ok(())
    }
}
