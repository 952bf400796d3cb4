//! The handshake: who is there, and whether both mean the same run.
//!
//! ```text
//! dialer                                   listener
//!   magic, protocol, nonce d      ->
//!                                 <-  magic, protocol, nonce l, proof("listener", d, l)
//!   proof("dialer", d, l), Hello  ->
//!                                 <-  Verdict
//! ```
//!
//! Neither tells anything of the run before the other has proved that it knows the secret.

use std::{
    io::{self, Read, Write},
    net::TcpStream,
    time::Duration,
};

use serde::{Deserialize, Serialize};

use super::{
    secret::{Nonce, Secret},
    wire,
};

/// What a greeting begins with: the program, then the version of what follows.
const MAGIC: [u8; 8] = *b"sonosc\0\x01";

/// Whoever says nothing for so long is sent away.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Kind {
    /// What the dataflow exchanges.
    Data,
    /// Who reads what, and whether all are there; between process 0 and each other.
    Control,
}

/// What has to be the same in all processes: names and values, for people to read.
pub type Terms = Vec<(String, String)>;

/// Who dials.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Hello {
    /// Its number.
    pub process: usize,
    /// What the link is to be for.
    pub kind: Kind,
    /// Its clock, in milliseconds since 1970.
    pub now_ms: u64,
    /// What it is about to run.
    pub terms: Terms,
}

/// What the listener says to it: its own clock, in milliseconds since 1970, or why not.
pub type Verdict = Result<u64, String>;

/// Why there is no link.
#[derive(Debug, thiserror::Error)]
pub enum HelloError {
    /// The connection broke, or nothing came in time.
    #[error("{0}")]
    Broken(#[from] io::Error),
    /// It is something else that listens or dials there.
    #[error("what is at the other end is no sonoscope of this version")]
    Stranger,
    /// It does not know the secret.
    #[error("the other end has another cluster secret")]
    Secret,
    /// It will not have this process.
    #[error("{0}")]
    Refused(String),
}

/// Greets as the one who dials; gives the listener's clock.
///
/// # Errors
/// When there is nobody who should be there, or it refuses.
pub fn dial(mut socket: &TcpStream, secret: &Secret, hello: &Hello) -> Result<u64, HelloError> {
    limit(socket, Some(PATIENCE))?;
    let own = nonce();
    socket.write_all(&[&MAGIC[..], &own].concat())?;
    let theirs = magic_and_nonce(socket)?;
    let proof = read_array(socket)?;
    if !secret.is_proof(&proof, b"listener", [&own, &theirs]) {
        return Err(HelloError::Secret);
    }
    socket.write_all(&secret.proof(b"dialer", [&own, &theirs]))?;
    wire::write(socket, hello)?;
    let now_ms = wire::read::<Verdict>(socket)?.map_err(HelloError::Refused)?;
    limit(socket, None)?;
    Ok(now_ms)
}

/// Greets as the one who listens; `judge` says whether it takes the other.
///
/// # Errors
/// When it is nobody of the cluster, or is refused.
pub fn listen(
    mut socket: &TcpStream,
    secret: &Secret,
    judge: impl FnOnce(&Hello) -> Verdict,
) -> Result<Hello, HelloError> {
    limit(socket, Some(PATIENCE))?;
    let theirs = magic_and_nonce(socket)?;
    let own = nonce();
    let proof = secret.proof(b"listener", [&theirs, &own]);
    socket.write_all(&[&MAGIC[..], &own, &proof].concat())?;
    let proof = read_array(socket)?;
    if !secret.is_proof(&proof, b"dialer", [&theirs, &own]) {
        return Err(HelloError::Secret);
    }
    let hello: Hello = wire::read(socket)?;
    let verdict = judge(&hello);
    wire::write(socket, &verdict)?;
    verdict.map_err(HelloError::Refused)?;
    limit(socket, None)?;
    Ok(hello)
}

/// The first of the terms that differs, as `own` process says it to the `other`.
pub fn differs(own: (usize, &Terms), other: (usize, &Terms)) -> Option<String> {
    let pairs = own.1.iter().zip(other.1);
    let (mine, theirs) = pairs.into_iter().find(|(mine, theirs)| mine != theirs)?;
    Some(format!(
        "process {} has {} {}, process {} has {} {}",
        own.0, mine.0, mine.1, other.0, theirs.0, theirs.1
    ))
}

fn limit(socket: &TcpStream, limit: Option<Duration>) -> io::Result<()> {
    socket.set_read_timeout(limit)?;
    socket.set_write_timeout(limit)
}

fn nonce() -> Nonce {
    rand::random()
}

fn magic_and_nonce(socket: &TcpStream) -> Result<Nonce, HelloError> {
    match read_array(socket)? == MAGIC {
        true => Ok(read_array(socket)?),
        false => Err(HelloError::Stranger),
    }
}

fn read_array<const N: usize>(mut socket: impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    socket.read_exact(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::{net::TcpListener, thread};

    use super::*;

    fn greet(
        dialer: &str,
        listener: &str,
        verdict: Verdict,
    ) -> (Result<u64, HelloError>, Result<Hello, HelloError>) {
        let door = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = door.local_addr().unwrap();
        let (dialer, listener) = (Secret::of(dialer), Secret::of(listener));
        let hello = Hello {
            process: 1,
            kind: Kind::Control,
            now_ms: 3,
            terms: vec![("workers".into(), "2".into())],
        };
        thread::scope(|scope| {
            let dialing =
                scope.spawn(move || dial(&TcpStream::connect(address).unwrap(), &dialer, &hello));
            let (socket, _) = door.accept().unwrap();
            let heard = listen(&socket, &listener, |_| verdict);
            drop(socket);
            (dialing.join().unwrap(), heard)
        })
    }

    #[test]
    fn those_who_share_a_secret_find_each_other() {
        let (dialed, heard) = greet("a secret", "a secret", Ok(5));
        assert_eq!(dialed.unwrap(), 5);
        assert_eq!(heard.unwrap().terms[0].1, "2");
    }

    #[test]
    fn those_who_do_not_tell_each_other_nothing() {
        let (dialed, heard) = greet("a secret", "another", Ok(5));
        assert!(matches!(dialed, Err(HelloError::Secret)), "{dialed:?}");
        assert!(matches!(heard, Err(HelloError::Broken(_))), "{heard:?}");
    }

    #[test]
    fn a_refusal_is_told_on_both_sides() {
        let (dialed, heard) = greet("a secret", "a secret", Err("no".into()));
        for told in [dialed.unwrap_err(), heard.unwrap_err()] {
            assert!(
                matches!(&told, HelloError::Refused(why) if why == "no"),
                "{told:?}"
            );
        }
    }

    #[test]
    fn what_differs_is_named() {
        let terms = |workers: &str| vec![("workers".to_owned(), workers.to_owned())];
        assert_eq!(differs((0, &terms("2")), (1, &terms("2"))), None);
        let told = differs((0, &terms("2")), (1, &terms("3"))).unwrap();
        assert_eq!(told, "process 0 has workers 2, process 1 has workers 3");
    }
}
