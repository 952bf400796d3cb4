//! `postgres://HOST/DATABASE`: rows into a table, each exactly once.
//!
//! A batch is one transaction: rows, changes and withdrawals, and with them how far the buffer has
//! come. So nothing is there twice and nothing is missing, whoever is killed when. What the
//! database will not take is found by halves, within savepoints.

mod changes;
mod failure;
mod life;
mod migrate;
mod options;
mod progress;
mod rows;
mod session;
mod values;

use std::collections::BTreeMap;

use super::{
    SinkSpec,
    delivery::{
        letter::{Content, Letter, Style},
        receiver::{Receiver, SendError},
    },
    endpoint::EndpointError,
    open::Card,
    runtime::runtime,
};
use changes::Changes;
use failure::Failure;
pub use life::Life;
use options::Options;
use progress::Progress;
use rows::Rows;
use session::Session;

/// How it is listed.
pub const CARD: Card = Card {
    name: "postgres://",
    about: "rows into a table of PostgreSQL, each exactly once",
    example: "postgres://me:${WORD}@db.example.org/cameras",
    options: &[
        (
            "schema",
            "where its tables are, which it makes itself [sonoscope]",
        ),
        (
            "sslmode",
            "disable, prefer, require or verify-full [prefer on this machine, else verify-full]",
        ),
        (
            "ca",
            "a PEM file with the certificates to trust, in place of the machine's",
        ),
        ("certificate", "a PEM file with a certificate to show"),
        ("key", "a PEM file with the key of the certificate"),
        ("insecure", "true: the same as sslmode=require"),
    ],
};

/// The receiver.
pub struct Postgres {
    options: Options,
    style: Style,
    life: Option<Life>,
    open: Option<Open>,
    has_told: bool,
}

/// A connection, and all that is said on it.
struct Open {
    session: Session,
    rows: Rows,
    changes: Changes,
    progress: Option<Progress>,
}

impl Postgres {
    /// As a URI and its options say; `life` is that of the buffer, if it outlasts the program.
    ///
    /// # Errors
    /// When they cannot be understood.
    pub fn new(spec: &SinkSpec, style: Style, life: Option<Life>) -> Result<Self, EndpointError> {
        Ok(Self {
            options: Options::read(spec)?,
            style,
            life,
            open: None,
            has_told: false,
        })
    }

    /// Waits for what is asked of the server. A connection on which something went wrong is closed.
    fn wait<T>(
        &mut self,
        asked: impl AsyncFnOnce(&mut Self) -> Result<T, SendError>,
    ) -> Result<T, SendError> {
        let runtime = runtime().map_err(SendError::lost)?;
        let done = runtime.block_on(asked(self));
        done.map_err(|error| {
            if !matches!(error, SendError::Refused { .. }) {
                self.open = None;
            }
            error.without(&self.options.secrets)
        })
    }

    async fn open(&mut self) -> Result<Option<u64>, SendError> {
        self.open = None;
        let session = Session::open(&self.options).await?;
        let opened = self.prepare(session).await;
        let (open, known) = opened.map_err(Failure::outside)?;
        if self.style.include.embeddings && !self.has_told {
            let kind = open.rows.kind_of_embeddings();
            tracing::info!("{}: embeddings are {kind}", self.options.name);
            self.has_told = true;
        }
        self.open = Some(open);
        Ok(known)
    }

    async fn prepare(&self, session: Session) -> Result<(Open, Option<u64>), Failure> {
        migrate::to_latest(&session, &self.options.schema).await?;
        let progress = match &self.life {
            Some(life) => Some(Progress::prepare(&session, life.clone()).await?),
            None => None,
        };
        let known = match &progress {
            Some(progress) => progress.known(&session).await?,
            None => None,
        };
        let open = Open {
            rows: Rows::prepare(&session, self.style.include).await?,
            changes: Changes::prepare(&session).await?,
            session,
            progress,
        };
        Ok((open, known))
    }
}

impl Receiver for Postgres {
    /// Makes the tables, or brings them to what this version of the program writes.
    fn connect(&mut self) -> Result<Option<u64>, SendError> {
        self.wait(async |this| this.open().await)
    }

    /// Tries whether the tables can be made, and takes that back.
    fn check(&mut self) -> Result<(), SendError> {
        self.wait(async |this| {
            let session = Session::open(&this.options).await?;
            let tried = migrate::try_out(&session, &this.options.schema).await;
            tried.map_err(Failure::outside)
        })
    }

    fn send(&mut self, letters: &[Letter]) -> Result<usize, SendError> {
        self.wait(async |this| match &this.open {
            Some(open) => open.deliver(letters).await,
            None => Err(SendError::lost("it is not connected")),
        })
    }

    fn close(&mut self) {
        if let (Some(open), Ok(runtime)) = (self.open.take(), runtime()) {
            runtime.block_on(open.session.close());
        }
    }
}

impl Open {
    /// One transaction: all letters before the first that is refused.
    async fn deliver(&self, letters: &[Letter]) -> Result<usize, SendError> {
        self.begin().await.map_err(Failure::outside)?;
        let (taken, refused) = self.take(letters).await.map_err(Failure::outside)?;
        let last = letters[..taken].last().map(|letter| letter.number);
        self.commit(last).await.map_err(Failure::outside)?;
        match refused {
            None => Ok(taken),
            Some(reason) => Err(SendError::Refused {
                index: taken,
                reason,
            }),
        }
    }

    /// Constraints that somebody has put off are checked at once: at the end it would be too late
    /// to say which letter it was.
    async fn begin(&self) -> Result<(), Failure> {
        let begin = "BEGIN; SET CONSTRAINTS ALL IMMEDIATE";
        self.session.run(begin).await?;
        match &self.progress {
            Some(progress) => progress.hold(&self.session).await,
            None => Ok(()),
        }
    }

    async fn commit(&self, last: Option<u64>) -> Result<(), Failure> {
        if let (Some(progress), Some(last)) = (&self.progress, last) {
            progress.put(&self.session, last).await?;
        }
        self.session.run("COMMIT").await
    }

    /// How many letters could be put, and why the next could not.
    async fn take(&self, letters: &[Letter]) -> Result<(usize, Option<String>), Failure> {
        let (mut taken, mut size) = (0, letters.len());
        while taken < letters.len() {
            let part = &letters[taken..letters.len().min(taken + size)];
            self.session.run("SAVEPOINT part").await?;
            match self.put(part).await {
                Ok(()) => {
                    self.session.run("RELEASE part").await?;
                    taken += part.len();
                }
                Err(Failure::Data(reason)) => {
                    self.session.run("ROLLBACK TO part").await?;
                    if part.len() == 1 {
                        return Ok((taken, Some(reason)));
                    }
                    size = part.len() / 2;
                }
                Err(other) => return Err(other),
            }
        }
        Ok((taken, None))
    }

    /// Rows and changes, the last word on each; between them withdrawals, in their place.
    async fn put(&self, letters: &[Letter]) -> Result<(), Failure> {
        let (mut rows, mut changes) = (BTreeMap::new(), BTreeMap::new());
        for letter in letters {
            match &*letter.content {
                Content::Row(row) => {
                    rows.insert(rows::key(row), row);
                }
                Content::Change {
                    view,
                    source,
                    key,
                    body,
                } => {
                    let source = source.as_ref().map(|source| source.as_str());
                    let said = (source, body.as_deref());
                    changes.insert((view.as_str(), key.as_str()), said);
                }
                Content::Withdrawn(source) => {
                    rows.retain(|key, _| key.source() != source.as_str());
                    self.rows.withdraw(&self.session, source.as_str()).await?;
                }
                Content::Ended(_) => {}
            }
        }
        self.rows.put(&self.session, rows.into_values()).await?;
        self.changes.put(&self.session, &changes).await
    }
}
