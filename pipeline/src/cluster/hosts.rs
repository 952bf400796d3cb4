//! Where the processes of a cluster listen.

use std::{
    fmt, fs,
    net::{IpAddr, Ipv4Addr, SocketAddr, ToSocketAddrs as _},
    path::Path,
};

use crate::fault::Fault;

/// The addresses of the processes, in the order of their numbers: at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hosts(Vec<String>);

impl Hosts {
    /// Reads a hosts file: a line `HOST:PORT` for each process, the first that of process 0; what
    /// stands behind `#`, and lines without an address, say nothing.
    ///
    /// # Errors
    /// When it cannot be read, a line is no address, or an address is there twice.
    pub fn read(path: &Path) -> Result<Self, Fault> {
        let text = fs::read_to_string(path).map_err(|error| {
            Fault::usage(format!("the hosts file {path:?} cannot be read: {error}"))
                .tip("name a file with a line HOST:PORT for each process")
        })?;
        Self::parse(&text)
            .map_err(|cause| Fault::usage(format!("the hosts file {path:?}: {cause}")))
    }

    fn parse(text: &str) -> Result<Self, String> {
        let mut hosts: Vec<String> = Vec::new();
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.split('#').next().unwrap_or_default().trim();
            if line.is_empty() {
                continue;
            }
            let port = line.rsplit_once(':').map(|(_, port)| port.parse::<u16>());
            if !matches!(port, Some(Ok(1..))) || line.contains(char::is_whitespace) {
                return Err(format!("line {number}: {line:?} is not HOST:PORT"));
            }
            if let Some(same) = hosts.iter().position(|host| host == line) {
                return Err(format!("line {number}: {line} is already process {same}"));
            }
            hosts.push(line.to_owned());
        }
        match hosts.is_empty() {
            true => Err("there is no address in it".into()),
            false => Ok(Self(hosts)),
        }
    }

    /// How many processes there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The address of a process, as it is written in the file.
    pub fn of(&self, process: usize) -> &str {
        &self.0[process]
    }

    /// Where a process is to listen.
    ///
    /// # Errors
    /// When its address cannot be found, or is one that anybody can reach: what crosses the links
    /// is not encrypted.
    pub fn own(&self, process: usize) -> Result<SocketAddr, Fault> {
        let named = self.of(process);
        let address = named.to_socket_addrs().ok().and_then(|mut all| all.next());
        let Some(address) = address else {
            return Err(Fault::usage(format!("{named} is no address of any host"))
                .tip("mend the hosts file; in Kubernetes, the names need a headless service"));
        };
        match is_private(address.ip()) {
            true => Ok(address),
            false => Err(Fault::usage(format!(
                "process {process} would listen on {address}, which is not a private address"
            ))
            .tip("name a loopback or private address; across sites, that of a VPN or tunnel")),
        }
    }
}

impl fmt::Display for Hosts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(", "))
    }
}

/// Whether an address is reached only from this host or its own network.
fn is_private(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => {
            let [a, b, ..] = ip.octets();
            // What carriers and overlay networks share among their own (RFC 6598).
            let is_shared = a == 100 && (64..128).contains(&b);
            let is_named = ip != Ipv4Addr::UNSPECIFIED;
            is_named && (ip.is_loopback() || ip.is_private() || ip.is_link_local() || is_shared)
        }
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}

#[cfg(test)]
impl Hosts {
    pub(super) fn of_addresses(addresses: impl Iterator<Item = SocketAddr>) -> Self {
        Self(addresses.map(|address| address.to_string()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_process() {
        let hosts = Hosts::parse("# ours\n10.0.0.1:7070  # first\n\n[fd00::2]:7070\n").unwrap();
        assert_eq!(hosts.count(), 2);
        assert_eq!(hosts.of(1), "[fd00::2]:7070");
    }

    #[test]
    fn what_is_no_address_is_told_with_its_line() {
        for (text, told) in [
            ("", "no address"),
            ("a:1\nb", "line 2"),
            ("a:0", "line 1"),
            ("a:70000", "line 1"),
            ("a b:1", "line 1"),
            ("a:1\nc:1\na:1", "line 3: a:1 is already process 0"),
        ] {
            let cause = Hosts::parse(text).unwrap_err();
            assert!(cause.contains(told), "{text:?}: {cause}");
        }
    }

    #[test]
    fn nobody_listens_where_anybody_can_reach() {
        let own = |host: &str| Hosts::parse(host).unwrap().own(0);
        for host in [
            "127.0.0.1:1",
            "[::1]:1",
            "192.168.3.4:1",
            "100.64.0.1:1",
            "[fd00::2]:1",
        ] {
            assert!(own(host).is_ok(), "{host}");
        }
        for host in [
            "0.0.0.0:1",
            "8.8.8.8:1",
            "[::]:1",
            "[2001:db8::1]:1",
            "[::ffff:8.8.8.8]:1",
        ] {
            assert!(own(host).is_err(), "{host}");
        }
    }
}
