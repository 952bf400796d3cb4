//! A store of objects: a bucket of S3, Google or Azure, below a prefix.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use object_store::{
    ClientOptions, ObjectStore, ObjectStoreExt, RetryConfig, aws::AmazonS3Builder,
    azure::MicrosoftAzureBuilder, gcp::GoogleCloudStorageBuilder, path::Path as Key,
};
use tokio_stream::StreamExt;
use url::Url;

use crate::sinks::{options::FileOptions, runtime::runtime};

/// The store. Clones share it.
#[derive(Clone)]
pub struct Store {
    store: Arc<dyn ObjectStore>,
    prefix: Key,
}

/// The store's own client tries so often, and for so long, before it gives up.
const RETRY: RetryConfig = RetryConfig {
    backoff: object_store::BackoffConfig {
        init_backoff: Duration::from_millis(100),
        max_backoff: Duration::from_secs(2),
        base: 2.0,
    },
    max_retries: 3,
    retry_timeout: Duration::from_secs(30),
};

macro_rules! configured {
    ($builder:ident, $url:expr, $options:expr) => {{
        let mut builder = $builder::from_env()
            .with_url($url.as_str())
            .with_retry(RETRY)
            .with_client_options(client());
        for (name, value) in $options.all() {
            let key = name.parse().map_err(|_| unknown(&name))?;
            builder = builder.with_config(key, value);
        }
        Arc::new(builder.build().map_err(told)?) as Arc<dyn ObjectStore>
    }};
}

impl Store {
    /// Opens what a URL names. Who asks is told by the environment (`AWS_*`, `GOOGLE_*`,
    /// `AZURE_*`), or by options of the same names without it.
    ///
    /// # Errors
    /// When it cannot be understood.
    pub fn open(url: &str, options: FileOptions) -> io::Result<Self> {
        // The client asks nobody; an error says that somebody has told it already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let wrong = |error: &dyn std::fmt::Display| {
            let message = format!("{error} (tip: s3://BUCKET/PREFIX, gs://..., az://...)");
            io::Error::new(io::ErrorKind::InvalidInput, message)
        };
        let url = Url::parse(url).map_err(|error| wrong(&error))?;
        if url.host_str().is_none_or(str::is_empty) {
            return Err(wrong(&"it names no bucket"));
        }
        let store = match url.scheme() {
            "gs" => configured!(GoogleCloudStorageBuilder, url, options),
            "az" => configured!(MicrosoftAzureBuilder, url, options),
            _ => configured!(AmazonS3Builder, url, options),
        };
        let prefix = Key::from_url_path(url.path()).map_err(|error| wrong(&error))?;
        Ok(Self { store, prefix })
    }

    /// Sees to it that no rows are there.
    ///
    /// # Errors
    /// When there are, or it cannot be asked.
    pub fn check_empty(&self) -> io::Result<()> {
        let first = runtime()?.block_on(async {
            let mut all = self.store.list(Some(&self.prefix));
            while let Some(object) = all.next().await.transpose()? {
                if object.location.as_ref().ends_with(".parquet") {
                    return Ok(Some(object.location));
                }
            }
            Ok(None)
        });
        match first.map_err(told)? {
            None => Ok(()),
            Some(part) => {
                let message = format!("it holds rows of another run, such as {part}");
                Err(io::Error::new(io::ErrorKind::AlreadyExists, message))
            }
        }
    }

    /// Puts a part there, in place of one of the same name; all of it or nothing.
    ///
    /// # Errors
    /// When it is not taken.
    pub fn put(&self, part: &Path, bytes: Vec<u8>) -> io::Result<()> {
        let key = self.key(part);
        runtime()?
            .block_on(self.store.put(&key, bytes.into()))
            .map_err(told)?;
        Ok(())
    }

    /// Takes parts away, if they are there.
    ///
    /// # Errors
    /// When it refuses.
    pub fn remove(&self, parts: &[PathBuf]) -> io::Result<()> {
        for part in parts {
            match runtime()?.block_on(self.store.delete(&self.key(part))) {
                Err(object_store::Error::NotFound { .. }) => {}
                other => other.map_err(told)?,
            }
        }
        Ok(())
    }

    /// Takes all parts of a source away, whose folder is called so.
    ///
    /// # Errors
    /// When it refuses.
    pub fn remove_source(&self, folder: &str) -> io::Result<()> {
        let is_its = |key: &Key| key.parts().any(|part| part.as_ref() == folder);
        runtime()?
            .block_on(async {
                let mut all = self.store.list(Some(&self.prefix));
                while let Some(object) = all.next().await.transpose()? {
                    if is_its(&object.location) {
                        self.store.delete(&object.location).await?;
                    }
                }
                Ok(())
            })
            .map_err(told)
    }

    fn key(&self, part: &Path) -> Key {
        let parts = part.iter().map(|part| part.to_string_lossy().into_owned());
        parts.fold(self.prefix.clone(), |key, part| key.join(part))
    }
}

fn client() -> ClientOptions {
    ClientOptions::new()
        .with_timeout(Duration::from_secs(30))
        .with_connect_timeout(Duration::from_secs(5))
}

fn unknown(name: &str) -> io::Error {
    let message = format!(
        "it has no option `{name}` (tip: endpoint, region, access_key_id, secret_access_key, \
         allow_http ...: those of the crate object_store)"
    );
    io::Error::new(io::ErrorKind::InvalidInput, message)
}

fn told(error: object_store::Error) -> io::Error {
    let kind = match &error {
        object_store::Error::PermissionDenied { .. }
        | object_store::Error::Unauthenticated { .. } => io::ErrorKind::PermissionDenied,
        object_store::Error::NotFound { .. } => io::ErrorKind::NotFound,
        _ => io::ErrorKind::Other,
    };
    io::Error::new(kind, error)
}
