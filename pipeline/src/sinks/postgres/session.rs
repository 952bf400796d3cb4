//! A connection on which every answer comes within a time limit.

use std::{future::Future, time::Duration};

use tokio::{task::JoinHandle, time};
use tokio_postgres::{Client, Error, Row, Statement, ToStatement, types::ToSql};

use super::{failure::Failure, migrate::quoted, options::Options};
use crate::sinks::delivery::receiver::SendError;

/// How long leave may be taken.
const GOOD_BYE: Duration = Duration::from_millis(200);

/// What stands for `$1`, `$2` and so on.
pub type Values<'a> = [&'a (dyn ToSql + Sync)];

/// The connection.
pub struct Session {
    /// Who asks the server.
    pub client: Client,
    talk: Talk,
    timeout: Duration,
}

/// What goes to and fro. When it is dropped, so is whatever was under way.
struct Talk(JoinHandle<()>);

impl Drop for Talk {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Work that was begun by a client that is gone is given up within a minute, and holds up nobody.
/// What is committed is on the disk, whatever other users of the server are content with.
const SETTINGS: &str = "SET client_min_messages = warning; \
    SELECT set_config('synchronous_commit', 'on', false) \
        WHERE current_setting('synchronous_commit') = 'off'; \
    SET idle_in_transaction_session_timeout = '60s'; \
    SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3";

impl Session {
    /// Connects. Names are looked for in the sink's own schema.
    ///
    /// # Errors
    /// When it is not there, or does not let us in.
    pub async fn open(options: &Options) -> Result<Self, SendError> {
        let connect = options.config.connect(options.tls.clone());
        let hosts = u32::try_from(options.config.get_hosts().len()).unwrap_or(u32::MAX);
        let limit = options.timeout.saturating_mul(hosts);
        let connected = within(limit, connect).await;
        let (client, connection) = connected.map_err(Failure::outside)?;
        let talk = tokio::spawn(async move {
            // What goes wrong is told to whoever waits for an answer.
            let _ = connection.await;
        });
        let session = Self {
            client,
            talk: Talk(talk),
            timeout: options.timeout,
        };
        let path = format!("{SETTINGS}; SET search_path TO {}", quoted(&options.schema));
        session.run(&path).await.map_err(Failure::outside)?;
        Ok(session)
    }

    /// Waits for an answer.
    ///
    /// # Errors
    /// When the server refuses, or does not answer in time.
    pub async fn ask<T>(
        &self,
        asked: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Failure> {
        within(self.timeout, asked).await
    }

    /// Makes a statement ready.
    ///
    /// # Errors
    /// When the server refuses, or does not answer in time.
    pub async fn prepare(&self, statement: &str) -> Result<Statement, Failure> {
        self.ask(self.client.prepare(statement)).await
    }

    /// Runs a statement that says nothing.
    ///
    /// # Errors
    /// When the server refuses, or does not answer in time.
    pub async fn execute<S>(&self, statement: &S, values: &Values<'_>) -> Result<(), Failure>
    where
        S: ToStatement + ?Sized,
    {
        let done = self.ask(self.client.execute(statement, values)).await;
        done.map(drop)
    }

    /// Runs a statement that says one line, or none.
    ///
    /// # Errors
    /// When the server refuses, or does not answer in time.
    pub async fn line<S>(&self, statement: &S, values: &Values<'_>) -> Result<Option<Row>, Failure>
    where
        S: ToStatement + ?Sized,
    {
        self.ask(self.client.query_opt(statement, values)).await
    }

    /// Runs statements that say nothing.
    ///
    /// # Errors
    /// When the server refuses, or does not answer in time.
    pub async fn run(&self, statements: &str) -> Result<(), Failure> {
        self.ask(self.client.batch_execute(statements)).await
    }

    /// Takes leave.
    pub async fn close(self) {
        let Self {
            client, mut talk, ..
        } = self;
        drop(client);
        let _ = time::timeout(GOOD_BYE, &mut talk.0).await;
    }
}

async fn within<T>(
    limit: Duration,
    asked: impl Future<Output = Result<T, Error>>,
) -> Result<T, Failure> {
    match time::timeout(limit, asked).await {
        Ok(answer) => answer.map_err(|error| Failure::of(&error)),
        Err(_) => {
            let reason = format!("no answer within {} s", limit.as_secs_f32());
            Err(Failure::Other(SendError::lost(reason)))
        }
    }
}
