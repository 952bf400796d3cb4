//! Where a receiver is: `scheme://[user[:password]@]host[:port][,host...]/path?option=value`.

use std::{collections::BTreeMap, fmt};

use percent_encoding::percent_decode_str;

use super::secret;

/// The parts of a receiver's URI, and its options, which may also stand in the configuration.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Endpoint {
    /// What it begins with.
    pub scheme: String,
    /// Who asks.
    pub user: Option<String>,
    /// The word that proves it.
    pub password: Option<String>,
    /// Its hosts, with ports where they are named.
    pub hosts: Vec<Host>,
    /// What stands behind the hosts, without the first `/`.
    pub path: String,
    options: BTreeMap<String, String>,
}

/// A host, and its port where it is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// Name or address; one of IPv6 without its brackets.
    pub name: String,
    /// The port.
    pub port: Option<u16>,
}

/// Why a URI cannot be understood.
#[derive(Debug, thiserror::Error)]
pub enum EndpointError {
    /// There is no `://`.
    #[error("it has no ://")]
    Form,
    /// There is no host.
    #[error("it names no host")]
    NoHost,
    /// A port is no number.
    #[error("`{0}` is no port")]
    Port(String),
    /// What stands behind a % is no byte.
    #[error("`{0}` has a % that stands for nothing (tip: write a % itself as %25)")]
    Escape(String),
    /// A variable of the environment is not set.
    #[error("the variable {0} is not set in the environment")]
    Variable(String),
    /// An option that the sink does not have.
    #[error("it has no option `{name}` (tip: its options are {known})")]
    UnknownOption {
        /// What it was called.
        name: String,
        /// Those that there are.
        known: String,
    },
    /// An option that it needs, or whose value is none.
    #[error("option `{name}`: {reason}")]
    BadOption {
        /// What it is called.
        name: String,
        /// What is wrong.
        reason: String,
    },
}

impl Endpoint {
    /// Reads a URI; `options` come besides those in its query, and before them. `${NAME}` stands
    /// for what `variable` says, in the URI and in the options.
    ///
    /// # Errors
    /// When it cannot be understood.
    pub fn read(
        uri: &str,
        options: &BTreeMap<String, String>,
        variable: impl Fn(&str) -> Option<String> + Copy,
    ) -> Result<Self, EndpointError> {
        let (scheme, rest) = uri.split_once("://").ok_or(EndpointError::Form)?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (who, hosts) = match authority.rsplit_once('@') {
            Some((who, hosts)) => (Some(who), hosts),
            None => (None, authority),
        };
        let expanded = |text: &str| expand(text, variable).map_err(EndpointError::Variable);
        // What a variable says is taken as it is: it needs no escapes.
        let part = |text: &str| expanded(&decoded(text)?);
        let (user, password) = match who.map(|who| who.split_once(':').unwrap_or((who, ""))) {
            Some((user, password)) => (filled(part(user)?), filled(part(password)?)),
            None => (None, None),
        };
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        let mut all = BTreeMap::new();
        for pair in pairs {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            all.insert(decoded(name)?, part(value)?);
        }
        for (name, value) in options {
            all.insert(name.clone(), expanded(value)?);
        }
        let hosts = expanded(hosts)?;
        Ok(Self {
            scheme: scheme.to_owned(),
            user,
            password,
            hosts: hosts.split(',').map(host).collect::<Result<_, _>>()?,
            path: part(path)?,
            options: all,
        })
    }

    /// The value of an option, which is taken out.
    pub fn take(&mut self, name: &str) -> Option<String> {
        self.options.remove(name)
    }

    /// The value of an option, which is taken out, as what it stands for.
    ///
    /// # Errors
    /// When it is none.
    pub fn take_parsed<T>(&mut self, name: &str) -> Result<Option<T>, EndpointError>
    where
        T: std::str::FromStr<Err: fmt::Display>,
    {
        let Some(value) = self.take(name) else {
            return Ok(None);
        };
        value.parse().map(Some).map_err(|error| bad(name, error))
    }

    /// Sets an option as if it had been named.
    #[cfg(feature = "postgres")]
    pub fn put(&mut self, name: &str, value: &str) {
        self.options.insert(name.to_owned(), value.to_owned());
    }

    /// The options that are left, which are taken out: for receivers that know them themselves.
    #[cfg(feature = "kafka")]
    pub fn take_rest(&mut self) -> BTreeMap<String, String> {
        std::mem::take(&mut self.options)
    }

    /// That no option is left.
    ///
    /// # Errors
    /// When one is, which the sink does not have.
    pub fn no_more(&self, known: &[&str]) -> Result<(), EndpointError> {
        match self.options.keys().next() {
            None => Ok(()),
            Some(name) => Err(EndpointError::UnknownOption {
                name: name.clone(),
                known: known.join(", "),
            }),
        }
    }

    /// All that nobody is to read.
    pub fn secrets(&self) -> Vec<String> {
        let options = self.options.iter();
        let options = options.filter(|(name, _)| secret::is_secret(name));
        (self.password.iter().chain(&self.user).cloned())
            .chain(options.map(|(_, value)| value.clone()))
            .collect()
    }
}

/// An option whose value cannot be used.
pub fn bad(name: &str, reason: impl fmt::Display) -> EndpointError {
    EndpointError::BadOption {
        name: name.to_owned(),
        reason: reason.to_string(),
    }
}

impl Host {
    /// `name:port`, with `port` where none is named.
    pub fn or_port(&self, port: u16) -> String {
        let port = self.port.unwrap_or(port);
        match self.name.contains(':') {
            true => format!("[{}]:{port}", self.name),
            false => format!("{}:{port}", self.name),
        }
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hosts: Vec<_> = self.hosts.iter().map(|host| host.or_port(0)).collect();
        write!(
            f,
            "Endpoint({}://{}/{})",
            self.scheme,
            hosts.join(","),
            self.path
        )
    }
}

fn host(text: &str) -> Result<Host, EndpointError> {
    let (name, port) = match text.strip_prefix('[').and_then(|text| text.split_once(']')) {
        Some((name, behind)) => (name, behind.strip_prefix(':')),
        None => match text.rsplit_once(':') {
            Some((name, port)) => (name, Some(port)),
            None => (text, None),
        },
    };
    if name.is_empty() {
        return Err(EndpointError::NoHost);
    }
    let port = port.map(|port| {
        let number = port.parse().ok().filter(|&number: &u16| number > 0);
        number.ok_or_else(|| EndpointError::Port(port.to_owned()))
    });
    Ok(Host {
        name: name.to_owned(),
        port: port.transpose()?,
    })
}

fn filled(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

fn decoded(text: &str) -> Result<String, EndpointError> {
    let is_bent = text.match_indices('%').any(|(at, _)| {
        let digits = text.get(at + 1..at + 3);
        digits.is_none_or(|digits| !digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
    });
    let bent = || EndpointError::Escape(secret::HIDDEN.to_owned());
    if is_bent {
        return Err(bent());
    }
    let text = percent_decode_str(text).decode_utf8().map_err(|_| bent())?;
    Ok(text.into_owned())
}

/// A text with `${NAME}` replaced by what `value` says.
///
/// # Errors
/// The name of which it says nothing.
pub fn expand(text: &str, value: impl Fn(&str) -> Option<String>) -> Result<String, String> {
    let mut parts = text.split("${");
    let mut expanded = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let Some((name, rest)) = part.split_once('}') else {
            return Err(format!("${{{part}"));
        };
        expanded += &value(name).ok_or_else(|| name.to_owned())?;
        expanded += rest;
    }
    Ok(expanded)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(uri: &str) -> Result<Endpoint, EndpointError> {
        let variable = |name: &str| (name == "WORD").then(|| "p%40/ss".to_owned());
        let options = BTreeMap::from([("ca".to_owned(), "ca.pem".to_owned())]);
        Endpoint::read(uri, &options, variable)
    }

    #[test]
    fn the_parts_of_a_uri() {
        let mut it = read("kafka://me:${WORD}@a:9092,[::1]:7,c/to%20pic?linger.ms=5").unwrap();
        let hosts: Vec<_> = it.hosts.iter().map(|host| host.or_port(9)).collect();
        assert_eq!(hosts, ["a:9092", "[::1]:7", "c:9"]);
        assert_eq!(
            (it.user.as_deref(), it.password.as_deref()),
            (Some("me"), Some("p%40/ss"))
        );
        assert_eq!(it.path, "to pic");
        assert_eq!(it.take_parsed::<u32>("linger.ms").unwrap(), Some(5));
        let left = it.no_more(&["linger.ms"]).unwrap_err().to_string();
        assert!(
            left.contains("`ca`") && left.contains("linger.ms"),
            "{left}"
        );
        assert_eq!(it.take("ca").as_deref(), Some("ca.pem"));
        assert!(it.no_more(&[]).is_ok());
        assert_eq!(
            read("nats://me:p%40ss@h/").unwrap().password.as_deref(),
            Some("p@ss")
        );
    }

    #[test]
    fn what_cannot_be_understood_is_told_without_its_secrets() {
        for (uri, told) in [
            ("nats:host", "://"),
            ("nats:///x", "no host"),
            ("nats://h:x/", "`x` is no port"),
            ("nats://h:0/", "`0` is no port"),
            ("nats://u:hush%4@h/", "%25"),
            ("nats://u:${NOT_SET}@h/", "NOT_SET"),
        ] {
            let error = read(uri).unwrap_err().to_string();
            assert!(error.contains(told) && !error.contains("hush"), "{error}");
        }
        assert!(!format!("{:?}", read("nats://u:hush@h/x?token=hush").unwrap()).contains("hush"));
    }

    #[test]
    fn variables_are_filled_in_and_missing_ones_named() {
        let value = |name: &str| (name == "CAM").then(|| "s3cret".to_owned());
        let filled = expand("rtsp://me:${CAM}@host/${CAM}$", value);
        assert_eq!(filled.unwrap(), "rtsp://me:s3cret@host/s3cret$");
        assert_eq!(expand("${OTHER}", value).unwrap_err(), "OTHER");
        assert!(expand("${CAM", value).is_err());
    }
}
