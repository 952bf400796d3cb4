//! Telling people how far a run is: a bar on a terminal, a log line every 10 s elsewhere.

use std::{
    io::IsTerminal,
    sync::{Arc, mpsc},
    thread,
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};

use crate::tally::Tally;

const BAR_PERIOD: Duration = Duration::from_millis(200);
const LOG_PERIOD: Duration = Duration::from_secs(10);

/// Where there is no end to come nearer to.
const ENDLESS_LOG_PERIOD: Duration = Duration::from_secs(600);

/// Reports until it is dropped.
pub struct Progress {
    done: Option<mpsc::SyncSender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

/// What is reported.
struct Reporter {
    tally: Arc<Tally>,
    begun: Instant,
}

impl Progress {
    /// Begins to report.
    pub fn start(tally: Arc<Tally>) -> Self {
        Self::telling(tally, LOG_PERIOD)
    }

    /// Begins to report on what has no end.
    pub fn start_endless(tally: Arc<Tally>) -> Self {
        Self::telling(tally, ENDLESS_LOG_PERIOD)
    }

    fn telling(tally: Arc<Tally>, period: Duration) -> Self {
        let (done, wait) = mpsc::sync_channel::<()>(0);
        let reporter = Reporter {
            tally,
            begun: Instant::now(),
        };
        let thread = thread::Builder::new()
            .name("progress".into())
            .spawn(move || {
                if std::io::stderr().is_terminal() {
                    reporter.draw(&wait);
                } else {
                    reporter.log(&wait, period);
                }
            });
        Self {
            done: Some(done),
            thread: thread.ok(),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.done = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Reporter {
    fn draw(&self, wait: &mpsc::Receiver<()>) {
        let bar = ProgressBar::new(0);
        if let Ok(style) = ProgressStyle::with_template("{bar:30.magenta/black} {msg}") {
            bar.set_style(style);
        }
        while wait.recv_timeout(BAR_PERIOD) == Err(mpsc::RecvTimeoutError::Timeout) {
            bar.set_length(self.tally.total_s().unwrap_or(0));
            bar.set_position(self.tally.seconds().unsigned_abs());
            bar.set_message(self.line());
        }
        bar.finish_and_clear();
    }

    fn log(&self, wait: &mpsc::Receiver<()>, period: Duration) {
        while wait.recv_timeout(period) == Err(mpsc::RecvTimeoutError::Timeout) {
            tracing::info!("{}", self.line());
        }
    }

    fn line(&self) -> String {
        let seconds = self.tally.seconds().unsigned_abs();
        let (ended, sources, are_all) = self.tally.sources();
        let elapsed_s = self.begun.elapsed().as_secs_f64();
        let speed = seconds as f64 / elapsed_s.max(1e-3);
        let known = self.tally.total_s().filter(|&total| total > 0);
        let of = known.map_or(String::new(), |total| format!(" of {total}"));
        let left = known
            .filter(|_| seconds > 0)
            .map_or(String::new(), |total| {
                let left_s = total.saturating_sub(seconds) as f64 / speed;
                format!(", {} left", clock(left_s))
            });
        let of_sources = match (sources, are_all) {
            (1, true) => String::new(),
            (_, true) => format!(", {ended} of {sources} sources"),
            (_, false) => format!(", {ended} of {sources} sources so far"),
        };
        format!("{seconds}{of} s done, {speed:.1} times real time{left}{of_sources}")
    }
}

/// Seconds as people read them: `1:02:03` or `2:03`.
fn clock(seconds: f64) -> String {
    let seconds = seconds.round() as u64;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match hours {
        0 => format!("{minutes}:{seconds:02}"),
        _ => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn times_are_readable() {
        assert_eq!(super::clock(5.4), "0:05");
        assert_eq!(super::clock(3723.0), "1:02:03");
    }
}
