//! Who comes in: so many at a time, and nobody who stays without a word.

use std::{
    future::{Future, pending},
    io::{self, ErrorKind},
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::serve::Listener;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, Sleep, sleep, sleep_until},
};

/// Connections at the same time. Others wait before the door; cameras need files, too.
pub const PLACES: usize = 128;

/// How long connections are kept.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Until the first answer begins, however slowly the question comes in.
    pub first: Duration,
    /// From then on, while nothing goes over it in either direction.
    pub silence: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            first: Duration::from_secs(15),
            silence: Duration::from_secs(60),
        }
    }
}

/// How long to wait where the system has no file left for a connection.
const PAUSE: Duration = Duration::from_millis(200);

/// Lets connections in while there is a place.
pub struct Door {
    listener: TcpListener,
    places: Arc<Semaphore>,
    patience: Patience,
}

impl Door {
    /// Before this listener.
    pub fn new(listener: TcpListener, patience: Patience) -> Self {
        Self {
            listener,
            patience,
            places: Arc::new(Semaphore::new(PLACES)),
        }
    }
}

impl Listener for Door {
    type Io = Guest;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Guest, SocketAddr) {
        let Ok(place) = self.places.clone().acquire_owned().await else {
            // Places are never closed.
            return pending().await;
        };
        loop {
            match self.listener.accept().await {
                Ok((stream, from)) => return (Guest::new(stream, place, self.patience), from),
                Err(error) => {
                    tracing::debug!("a connection was not taken up: {error}");
                    sleep(PAUSE).await;
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A connection that has a place, until it has been slow or silent for too long.
pub struct Guest {
    stream: TcpStream,
    patience: Patience,
    is_answered: bool,
    end: Pin<Box<Sleep>>,
    _place: OwnedSemaphorePermit,
}

impl Guest {
    fn new(stream: TcpStream, place: OwnedSemaphorePermit, patience: Patience) -> Self {
        // An answer is small; it is to leave at once. If it does not, it leaves a little later.
        let _ = stream.set_nodelay(true);
        Self {
            stream,
            patience,
            is_answered: false,
            end: Box::pin(sleep_until(Instant::now() + patience.first)),
            _place: place,
        }
    }

    /// What came of a step: one that went on moves the end, one that waits may have come to it.
    fn watch<T>(
        &mut self,
        context: &mut Context<'_>,
        step: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if step.is_ready() {
            if self.is_answered {
                (self.end.as_mut()).reset(Instant::now() + self.patience.silence);
            }
            return step;
        }
        match self.end.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Err(ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl AsyncRead for Guest {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let step = Pin::new(&mut self.stream).poll_read(context, buffer);
        self.watch(context, step)
    }
}

impl AsyncWrite for Guest {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let step = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.is_answered |= step.is_ready();
        self.watch(context, step)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use axum::{Router, routing::get};
    use tokio::runtime::Builder;

    use super::*;

    /// What is heard of a door that has little patience, and for how long it is open to one who
    /// says `words`.
    fn heard(words: &[&[u8]]) -> Vec<u8> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let patience = Patience {
            first: Duration::from_millis(60),
            silence: Duration::from_millis(60),
        };
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let router: Router = Router::new().route("/", get(async || "here"));
        runtime.spawn(axum::serve(Door::new(listener, patience), router).into_future());
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        for word in words {
            stream.write_all(word).unwrap();
        }
        let mut heard = Vec::new();
        // The end comes because the door closes: this side does not.
        match stream.read_to_end(&mut heard) {
            Ok(_) => heard,
            Err(error) if error.kind() == ErrorKind::ConnectionReset => heard,
            Err(error) => panic!("it stays open: {error}"),
        }
    }

    #[test]
    fn who_says_nothing_or_not_enough_is_not_waited_for() {
        let too_little: [&[&[u8]]; 3] =
            [&[], &[b"GET / HT"], &[b"GET / HTTP/1.1\r\n", b"x: y\r\n"]];
        for words in too_little {
            assert_eq!(heard(words), b"", "{words:?}");
        }
    }

    #[test]
    fn who_was_answered_and_says_nothing_more_is_not_waited_for() {
        let heard = heard(&[b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"]);
        assert!(
            heard.ends_with(b"here"),
            "{}",
            String::from_utf8_lossy(&heard)
        );
    }
}
