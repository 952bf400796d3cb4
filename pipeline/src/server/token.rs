//! What a request has to bring where strangers may ask.

use std::{fmt, io};

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Shorter ones are guessed.
const SHORTEST_BYTES: usize = 16;

/// A bearer token. It keeps a hash, so that nothing of it can be shown, and comparing takes the
/// same time whatever is wrong.
#[derive(Clone)]
pub struct Token([u8; 32]);

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// Its file cannot be read.
    #[error("the token cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    /// A header of HTTP cannot carry it.
    #[error("the token is not of printable ASCII without spaces")]
    Form,
    /// Too short.
    #[error("the token is shorter than {SHORTEST_BYTES} characters")]
    Short,
}

impl Token {
    /// A token of this text, without the white space around it.
    ///
    /// # Errors
    /// When it is too short, or no header can carry it.
    pub fn new(text: &str) -> Result<Self, TokenError> {
        let text = text.trim();
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(TokenError::Form);
        }
        if text.len() < SHORTEST_BYTES {
            return Err(TokenError::Short);
        }
        Ok(Self(Sha256::digest(text).into()))
    }

    /// Whether this is it.
    pub fn is(&self, text: &str) -> bool {
        let other: [u8; 32] = Sha256::digest(text).into();
        self.0.ct_eq(&other).into()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(***)")
    }
}
