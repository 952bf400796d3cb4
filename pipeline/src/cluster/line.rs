//! The line between process 0 and another: messages, and a beat by which each knows that the other
//! is still there.

use std::{
    io,
    net::{Shutdown, TcpStream},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use serde::{Serialize, de::DeserializeOwned};

use super::wire;

/// How often a process says that it is there.
pub const BEAT: Duration = Duration::from_secs(1);

/// One that has not said so for this long is lost.
pub const LOST_AFTER: Duration = Duration::from_secs(6);

/// One end of it. Clones share the socket.
#[derive(Clone, Debug)]
pub struct Line {
    out: Arc<Mutex<TcpStream>>,
    socket: Arc<TcpStream>,
}

impl Line {
    /// Over a link that was made for it.
    ///
    /// # Errors
    /// When the system has no descriptor to give.
    pub fn new(socket: TcpStream) -> io::Result<Self> {
        socket.set_read_timeout(Some(LOST_AFTER))?;
        socket.set_write_timeout(Some(LOST_AFTER))?;
        Ok(Self {
            out: Arc::new(Mutex::new(socket.try_clone()?)),
            socket: Arc::new(socket),
        })
    }

    /// Tells the other end. That it cannot be told, whoever listens to it hears as well.
    pub fn tell(&self, message: &impl Serialize) {
        let out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        if wire::write(&*out, message).is_err() {
            let _ = out.shutdown(Shutdown::Both);
        }
    }

    /// What the other end tells next.
    ///
    /// # Errors
    /// What was noticed, when it is lost.
    pub fn hear<T: DeserializeOwned>(&self) -> Result<T, String> {
        wire::read(&*self.socket).map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
                format!("nothing was heard of it for {} s", LOST_AFTER.as_secs())
            }
            io::ErrorKind::UnexpectedEof => "it has ended".into(),
            _ => error.to_string(),
        })
    }
}
