//! Links among the processes, made before the dataflow begins.
//!
//! A process dials those with lower numbers and waits for those with higher ones. Timely would
//! do so itself, but asks nobody who he is, and waits for ever.

mod making;

use std::{
    fmt::Write as _,
    io::{self, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    sync::{
        Arc, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use super::{
    hello::{Kind, Terms},
    hosts::Hosts,
    loss::Loss,
    secret::Secret,
};
use crate::{fault::Fault, sources::Stop};
use making::Making;

/// How often whoever waits asks whether the run goes on.
const POLL: Duration = Duration::from_millis(100);

/// Which process of which cluster this is.
#[derive(Clone, Debug)]
pub struct Place {
    /// All of them.
    pub hosts: Hosts,
    /// This one's number.
    pub process: usize,
    /// What they know each other by.
    pub secret: Secret,
    /// How long they wait for each other.
    pub within: Duration,
}

/// The links of a process.
#[derive(Debug)]
pub struct Links {
    /// For the dataflow: to each other process, and nothing to itself.
    pub data: Vec<Option<TcpStream>>,
    /// Between process 0 and each other: on 0 to all others, elsewhere to 0 alone.
    pub control: Vec<Option<TcpStream>>,
    /// What is to be added to the own clock to have that of process 0, in milliseconds.
    pub clock_offset_ms: i64,
}

/// A link that is made.
struct Link {
    process: usize,
    kind: Kind,
    socket: TcpStream,
    /// Its clock less the own, in milliseconds.
    ahead_ms: i64,
}

impl Place {
    /// Links this process to all others.
    ///
    /// # Errors
    /// When the own address cannot be listened on, one refuses this process, one is not there in
    /// time, or the run is stopped.
    pub fn link(&self, terms: &Terms, stop: &Stop) -> Result<Links, Fault> {
        let own = self.hosts.own(self.process)?;
        let door = TcpListener::bind(own).map_err(|error| {
            Fault::environment(format!("cannot listen on {own}: {error}"))
                .tip("is this process already running, or is its number that of another?")
        })?;
        let (links, made) = mpsc::sync_channel(2 * self.hosts.count());
        let (faults, failed) = mpsc::sync_channel(self.hosts.count());
        let is_over = Arc::new(AtomicBool::new(false));
        let making = Making {
            place: self.clone(),
            terms: terms.clone(),
            links,
            until: Instant::now() + self.within,
            is_over: is_over.clone(),
            taken: Arc::default(),
            refusal: Arc::default(),
        };
        door.set_nonblocking(true).map_err(Fault::environment)?;
        let waiting = making.clone();
        spawn(move || waiting.wait(&door))?;
        for process in 0..self.process {
            let (dialing, faults) = (making.clone(), faults.clone());
            spawn(move || {
                if let Err(fault) = dialing.dial_all(process) {
                    let _ = faults.send(fault);
                }
            })?;
        }
        let gathered = self.gather(&made, &failed, &making, stop);
        is_over.store(true, Ordering::Relaxed);
        gathered
    }

    fn gather(
        &self,
        made: &Receiver<Link>,
        failed: &Receiver<Fault>,
        making: &Making,
        stop: &Stop,
    ) -> Result<Links, Fault> {
        let count = self.hosts.count();
        let mut links = Links {
            data: (0..count).map(|_| None).collect(),
            control: (0..count).map(|_| None).collect(),
            clock_offset_ms: 0,
        };
        while let missing = links.missing(self.process)
            && !missing.is_empty()
        {
            if let Ok(fault) = failed.try_recv() {
                return Err(fault);
            }
            if stop.is_raised() {
                return Err(Fault::environment(
                    "stopped before all processes were there",
                ));
            }
            if Instant::now() >= making.until {
                return Err(self.not_there(&missing, making));
            }
            if let Some(process) = links.gone() {
                let why = "it has ended before all were there".into();
                return Err(Loss { process, why }.fault(&self.hosts));
            }
            match made.recv_timeout(POLL) {
                Ok(link) => links.put(link),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
            }
        }
        Ok(links)
    }

    fn not_there(&self, missing: &[usize], making: &Making) -> Fault {
        let named = missing.iter().map(|process| {
            let address = self.hosts.of(*process);
            format!("process {process} ({address})")
        });
        let mut cause = format!(
            "{} did not appear within {} s",
            named.collect::<Vec<_>>().join(", "),
            self.within.as_secs()
        );
        let refusal = making.refusal.lock();
        if let Some(refusal) = &*refusal.unwrap_or_else(PoisonError::into_inner) {
            let _ = write!(cause, "; {refusal}");
        }
        Fault::environment(cause).tip(
            "start it with the same hosts file; `sonoscope cluster check` tries the links; \
             --peers-within waits longer",
        )
    }
}

impl Links {
    /// Waits until all processes have all their links, and so may end.
    ///
    /// # Errors
    /// When one ends before, or takes longer.
    pub fn settle(&self, place: &Place) -> Result<(), Fault> {
        let links = self.data.iter().enumerate();
        let links: Vec<_> = links
            .filter_map(|(process, link)| Some((process, link.as_ref()?)))
            .collect();
        let told = |process: usize, told: io::Result<()>| {
            told.map_err(|error| {
                let why = format!("it did not find all others: {error}");
                Loss { process, why }.fault(&place.hosts)
            })
        };
        for &(process, mut link) in &links {
            told(process, link.write_all(&[0]))?;
        }
        for &(process, mut link) in &links {
            let heard = link
                .set_read_timeout(Some(place.within))
                .and_then(|()| link.read_exact(&mut [0]));
            told(process, heard)?;
        }
        Ok(())
    }

    /// The processes to which a link is missing.
    fn missing(&self, own: usize) -> Vec<usize> {
        let others = (0..self.data.len()).filter(|process| *process != own);
        let is_missing = |process: &usize| {
            let wants_control = own == 0 || *process == 0;
            self.data[*process].is_none() || wants_control && self.control[*process].is_none()
        };
        others.filter(is_missing).collect()
    }

    /// A process whose link is made, and at whose other end nobody is any more.
    fn gone(&self) -> Option<usize> {
        let is_gone = |link: &Option<TcpStream>| link.as_ref().is_some_and(is_hung_up);
        let links = self.data.iter().zip(&self.control);
        (links.enumerate()).find_map(|(process, (data, control))| {
            (is_gone(data) || is_gone(control)).then_some(process)
        })
    }

    fn put(&mut self, link: Link) {
        let links = match link.kind {
            Kind::Data => &mut self.data,
            Kind::Control => &mut self.control,
        };
        if link.process == 0 && link.kind == Kind::Control {
            self.clock_offset_ms = link.ahead_ms;
        }
        links[link.process] = Some(link.socket);
    }
}

/// Whether the other end is closed. What it has said is left to be read.
fn is_hung_up(socket: &TcpStream) -> bool {
    let looked = socket
        .set_nonblocking(true)
        .and_then(|()| socket.peek(&mut [0]));
    let is_left = socket.set_nonblocking(false);
    match looked {
        Ok(read) => read == 0 || is_left.is_err(),
        Err(error) => error.kind() != io::ErrorKind::WouldBlock,
    }
}

fn spawn(work: impl FnOnce() + Send + 'static) -> Result<(), Fault> {
    let thread = thread::Builder::new().name("cluster links".into());
    thread.spawn(work).map_err(Fault::environment)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{
        super::hello::{self, Hello, HelloError},
        *,
    };
    use crate::fault::Exit;

    const SECRET: &str = "between the tests";

    /// Three processes, none of which is there yet.
    fn places() -> [Place; 3] {
        let free = |_| TcpListener::bind("127.0.0.1:0").unwrap();
        let doors: Vec<_> = (0..3).map(free).collect();
        let hosts = doors.iter().map(|door| door.local_addr().unwrap());
        let hosts = Hosts::of_addresses(hosts);
        [0, 1, 2].map(|process| Place {
            hosts: hosts.clone(),
            process,
            secret: Secret::of(SECRET),
            within: Duration::from_secs(60),
        })
    }

    /// Greets process 0 of these as another does, as soon as it listens.
    fn greet(place: &Place, process: usize) -> Result<TcpStream, HelloError> {
        let hello = Hello {
            process,
            kind: Kind::Data,
            now_ms: making::now_ms(),
            terms: Terms::new(),
        };
        let socket = loop {
            if let Ok(socket) = TcpStream::connect(place.hosts.of(0)) {
                break socket;
            }
            thread::yield_now();
        };
        hello::dial(&socket, &Secret::of(SECRET), &hello).map(|_| socket)
    }

    #[test]
    fn all_find_each_other_in_whatever_order_they_come() {
        let stop = Stop::default();
        thread::scope(|scope| {
            let links = places().map(|place| {
                scope.spawn({
                    let stop = &stop;
                    move || place.link(&Terms::new(), stop)
                })
            });
            let links = links.map(|thread| thread.join().unwrap().unwrap());
            let made =
                |links: &[Option<TcpStream>]| links.iter().map(Option::is_some).collect::<Vec<_>>();
            for (process, links) in links.iter().enumerate() {
                let others: Vec<_> = (0..3).map(|other| other != process).collect();
                assert_eq!(made(&links.data), others);
                let control = (0..3).map(|other| other != process && (process == 0 || other == 0));
                assert_eq!(made(&links.control), control.collect::<Vec<_>>());
            }
        });
    }

    #[test]
    fn a_number_is_given_once_and_one_that_goes_again_is_missed_at_once() {
        let [place, ..] = places();
        let stop = Stop::default();
        let fault = thread::scope(|scope| {
            let waits = scope.spawn(|| place.link(&Terms::new(), &stop));
            let first = greet(&place, 1).unwrap();
            for (process, told) in [
                (1, "there is a process 1 already"),
                (0, "no process 0"),
                (3, "no process 3"),
            ] {
                match greet(&place, process) {
                    Err(HelloError::Refused(why)) => assert!(why.contains(told), "{why}"),
                    other => panic!("{process} was not refused: {other:?}"),
                }
            }
            assert!(!waits.is_finished());
            drop(first);
            waits.join().unwrap().unwrap_err()
        });
        assert_eq!(fault.code, Exit::PeerLost);
        assert!(fault.to_string().contains("process 1"), "{fault}");
    }
}
