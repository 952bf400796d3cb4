//! What the URI and its options say.

use std::{fmt, str::FromStr, time::Duration};

use tokio_postgres::{
    Config,
    config::{SslMode, TargetSessionAttrs},
};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::sinks::{
    SinkSpec,
    endpoint::{Endpoint, EndpointError, bad},
    tls,
};

use super::CARD;

/// The longest name that PostgreSQL does not cut.
const LONGEST_NAME_BYTES: usize = 63;

/// Where it connects to, and how.
pub struct Options {
    /// The sink, as it is told of.
    pub name: String,
    /// Hosts, database, who asks.
    pub config: Config,
    /// Whom it believes.
    pub tls: MakeRustlsConnect,
    /// Where its tables are.
    pub schema: String,
    /// How long an answer may take.
    pub timeout: Duration,
    /// What nobody is to read.
    pub secrets: Vec<String>,
}

/// How much is asked of TLS, in the words of PostgreSQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// None.
    Disable,
    /// With any certificate, where the server has it.
    Prefer,
    /// With any certificate.
    Require,
    /// With a certificate that proves that it is this host.
    VerifyFull,
}

impl Options {
    /// As a URI and its options say.
    ///
    /// # Errors
    /// When they cannot be understood.
    pub fn read(spec: &SinkSpec) -> Result<Self, EndpointError> {
        let variable = |name: &str| std::env::var(name).ok();
        let mut to = Endpoint::read(spec.uri.exposed(), &spec.options(), variable)?;
        let secrets = to.secrets();
        let mode = mode(&mut to)?;
        if matches!(mode, Mode::Prefer | Mode::Require) {
            to.put("insecure", "true");
        }
        let tls = MakeRustlsConnect::new(tls::config(&mut to)?);
        let schema = to.take("schema").unwrap_or_else(|| "sonoscope".into());
        if schema.is_empty() || schema.len() > LONGEST_NAME_BYTES || schema.contains('\0') {
            let reason = format!("it has to be of 1 to {LONGEST_NAME_BYTES} bytes, none of them 0");
            return Err(bad("schema", reason));
        }
        to.no_more(&CARD.option_names())?;
        Ok(Self {
            name: spec.uri.to_string(),
            config: config(&to, mode, spec.retry.timeout),
            tls,
            schema,
            timeout: spec.retry.timeout,
            secrets,
        })
    }
}

fn config(to: &Endpoint, mode: Mode, timeout: Duration) -> Config {
    let mut config = Config::new();
    for host in &to.hosts {
        config.host(&host.name).port(host.port.unwrap_or(5432));
    }
    if to.hosts.len() > 1 {
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
    }
    if let Some(user) = &to.user {
        config.user(user);
    }
    if let Some(password) = &to.password {
        config.password(password);
    }
    if !to.path.is_empty() {
        config.dbname(&to.path);
    }
    config
        .application_name("sonoscope")
        .connect_timeout(timeout)
        .ssl_mode(match mode {
            Mode::Disable => SslMode::Disable,
            Mode::Prefer => SslMode::Prefer,
            Mode::Require | Mode::VerifyFull => SslMode::Require,
        });
    config
}

/// What is asked for; if nothing is said, all of it, but on this machine.
fn mode(to: &mut Endpoint) -> Result<Mode, EndpointError> {
    let is_insecure = to.take_parsed("insecure")?.unwrap_or(false);
    let asked: Option<Mode> = to.take_parsed("sslmode")?;
    let ca = to.take("ca");
    let names_ca = ca.is_some();
    if let Some(ca) = ca {
        to.put("ca", &ca);
    }
    let is_here = to.hosts.iter().all(|host| is_loopback(&host.name));
    match (asked, is_insecure) {
        (Some(Mode::Disable | Mode::VerifyFull), true) => {
            Err(bad("insecure", "it goes with sslmode=require alone"))
        }
        (Some(mode), _) if names_ca && mode != Mode::VerifyFull => {
            Err(bad("ca", "it goes with sslmode=verify-full alone"))
        }
        (None, true) if names_ca => Err(bad("ca", "it is of no use with `insecure`")),
        (Some(mode), _) => Ok(mode),
        (None, true) => Ok(Mode::Require),
        (None, false) if is_here && !names_ca => Ok(Mode::Prefer),
        (None, false) => Ok(Mode::VerifyFull),
    }
}

fn is_loopback(host: &str) -> bool {
    let is_address = |ip: std::net::IpAddr| ip.is_loopback();
    host == "localhost" || host.parse().is_ok_and(is_address)
}

/// No such mode.
#[derive(Debug)]
struct NoMode;

impl fmt::Display for NoMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it is none of disable, prefer, require, verify-full")
    }
}

impl FromStr for Mode {
    type Err = NoMode;

    fn from_str(text: &str) -> Result<Self, NoMode> {
        Ok(match text {
            "disable" => Self::Disable,
            "prefer" => Self::Prefer,
            "require" => Self::Require,
            "verify-full" => Self::VerifyFull,
            _ => return Err(NoMode),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(uri: &str) -> Result<Options, EndpointError> {
        Options::read(&SinkSpec::from(
            uri.parse::<crate::sinks::SinkUri>().unwrap(),
        ))
    }

    #[test]
    fn the_parts_of_a_uri_and_what_is_asked_of_tls() {
        let options = read("postgres://me:p%40ss@a,b:7/my%20db?schema=s").unwrap();
        let config = &options.config;
        assert_eq!(config.get_user(), Some("me"));
        assert_eq!(config.get_password(), Some(&b"p@ss"[..]));
        assert_eq!(config.get_dbname(), Some("my db"));
        assert_eq!(config.get_ports(), [5432, 7]);
        assert_eq!(options.schema, "s");
        for (uri, mode) in [
            ("postgres://localhost/x", SslMode::Prefer),
            ("postgresql://[::1]/x", SslMode::Prefer),
            ("postgres://127.0.0.1,far/x", SslMode::Require),
            ("postgres://far/x", SslMode::Require),
            ("postgres://far/x?sslmode=disable", SslMode::Disable),
            ("postgres://localhost/x?insecure=true", SslMode::Require),
        ] {
            assert_eq!(read(uri).unwrap().config.get_ssl_mode(), mode, "{uri}");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_told() {
        for (query, told) in [
            ("sslmode=much", "`sslmode`: it is none of disable"),
            ("sslmode=require&ca=x.pem", "verify-full alone"),
            ("sslmode=verify-full&insecure=true", "`insecure`"),
            ("schema=", "`schema`"),
            ("ca=/nowhere.pem", "/nowhere.pem"),
            ("table=x", "no option `table` (tip: its options are schema"),
        ] {
            let error = read(&format!("postgres://h/x?{query}")).err().unwrap();
            assert!(error.to_string().contains(told), "{error}");
        }
    }
}
