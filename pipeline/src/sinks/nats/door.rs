//! How a server of NATS is asked to let us in.

use async_nats::ConnectOptions;
use rustls::ClientConfig;

use crate::sinks::{
    delivery::receiver::SendError,
    endpoint::{Endpoint, EndpointError, bad},
    tls,
};

/// Who asks, and how the line is guarded.
pub struct Door {
    who: Who,
    is_tls_required: bool,
    tls: ClientConfig,
}

enum Who {
    Anybody,
    User(String, String),
    Token(String),
    Seed(String),
    Credentials(String),
}

impl Door {
    /// As a URI and its options say, which are taken out. A user without a password is a token, as
    /// NATS has it.
    ///
    /// # Errors
    /// When they cannot be meant.
    pub fn read(to: &mut Endpoint) -> Result<Self, EndpointError> {
        let user = match (to.user.clone(), to.password.clone()) {
            (None, _) => None,
            (Some(token), None) => Some(("user", Who::Token(token))),
            (Some(user), Some(password)) => Some(("user", Who::User(user, password))),
        };
        let mut option = |name, who: fn(String) -> Who| Some((name, who(to.take(name)?)));
        let all = [
            user,
            option("token", Who::Token),
            option("credentials", Who::Credentials),
            option("nkey", Who::Seed),
        ];
        let mut given = all.into_iter().flatten();
        let who = given.next();
        if let (Some((first, _)), Some((second, _))) = (&who, given.next()) {
            return Err(bad(second, format!("{first} says already who asks")));
        }
        let is_tls_required = to.take_parsed("tls")?.unwrap_or(false) || to.scheme == "tls";
        Ok(Self {
            who: who.map_or(Who::Anybody, |(_, who)| who),
            is_tls_required,
            tls: tls::config(to)?,
        })
    }

    /// What the client is to connect with.
    ///
    /// # Errors
    /// When the file of credentials cannot be read.
    pub async fn options(&self) -> Result<ConnectOptions, SendError> {
        let options = ConnectOptions::new()
            .tls_client_config(self.tls.clone())
            .require_tls(self.is_tls_required);
        Ok(match &self.who {
            Who::Anybody => options,
            Who::User(user, password) => options.user_and_password(user.clone(), password.clone()),
            Who::Token(token) => options.token(token.clone()),
            Who::Seed(seed) => options.nkey(seed.clone()),
            Who::Credentials(path) => options
                .credentials_file(path)
                .await
                .map_err(|error| SendError::denied(format!("credentials {path}: {error}")))?,
        })
    }
}
