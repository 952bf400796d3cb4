//! What the processes of a cluster know each other by.

use std::{env, fmt, fs, path::Path};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::fault::Fault;

/// Where the secret is if no file is named.
pub const SECRET_VARIABLE: &str = "SONOSCOPE_CLUSTER_SECRET";

/// A secret shorter than this is guessed.
const LEAST_BYTES: usize = 16;

/// A number that is used once.
pub type Nonce = [u8; 32];

/// The shared secret. It never crosses a link: only what is computed with it does.
#[derive(Clone)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// From a file, or else from the environment.
    ///
    /// # Errors
    /// When it is nowhere, cannot be read, or is shorter than 16 bytes.
    pub fn find(file: Option<&Path>) -> Result<Self, Fault> {
        let text = match file {
            Some(path) => fs::read(path).map_err(|error| {
                Fault::usage(format!(
                    "the cluster secret {path:?} cannot be read: {error}"
                ))
            })?,
            None => (env::var(SECRET_VARIABLE).unwrap_or_default()).into_bytes(),
        };
        let secret = text.trim_ascii();
        let tip = "the same for all processes: `openssl rand -hex 32 > cluster.secret`, then \
                   --cluster-secret-file cluster.secret";
        match secret.len() {
            0 => Err(Fault::usage(format!(
                "processes of a cluster need a shared secret, and {SECRET_VARIABLE} is not set"
            ))
            .tip(tip)),
            1..LEAST_BYTES => Err(Fault::usage(format!(
                "the cluster secret has fewer than {LEAST_BYTES} bytes"
            ))
            .tip(tip)),
            _ => Ok(Self(secret.to_vec())),
        }
    }

    /// What proves that this side knows it: HMAC-SHA256 over its role and both nonces.
    pub fn proof(&self, role: &[u8], nonces: [&Nonce; 2]) -> [u8; 32] {
        self.mac(role, nonces).finalize().into_bytes().into()
    }

    /// Whether the other side knows it. Takes as long whatever it is told.
    pub fn is_proof(&self, proof: &[u8; 32], role: &[u8], nonces: [&Nonce; 2]) -> bool {
        self.mac(role, nonces).verify_slice(proof).is_ok()
    }

    fn mac(&self, role: &[u8], nonces: [&Nonce; 2]) -> Hmac<Sha256> {
        let mac = Hmac::<Sha256>::new_from_slice(&self.0);
        let mut mac = mac.expect("HMAC takes keys of any length");
        mac.update(role);
        nonces.iter().for_each(|nonce| mac.update(*nonce));
        mac
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(crate::secret::HIDDEN)
    }
}

#[cfg(test)]
impl Secret {
    pub(super) fn of(text: &str) -> Self {
        Self(text.into())
    }
}
