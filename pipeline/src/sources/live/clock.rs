//! The clock of a session of a live source: which second of the world its times belong to.

use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use gstreamer as gst;
use sonoscope_operators::{ClockSource, SECOND_NS};

use super::super::decode::Modality;

/// A camera's clock may be this far from ours and still be believed.
const BELIEVED_NS: i64 = 10 * SECOND_NS;

/// Times are corrected when they are off by more than this: each correction costs a click.
const OFF_NS: i64 = 100_000_000;

/// Likewise where they come from arrivals, which are never regular.
const OFF_BY_ARRIVAL_NS: i64 = 250_000_000;

/// How long arrivals are watched before anything is made of them.
const WINDOW: Duration = Duration::from_secs(60);

/// From 1900, where the time of the network begins, to 1970.
const NTP_TO_UNIX_NS: i64 = 2_208_988_800 * SECOND_NS;

const POLL: Duration = Duration::from_millis(100);

/// Nanoseconds since 1970.
pub fn unix_ns() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
    })
}

/// Places stream times of a session on the clock on the wall.
///
/// Until something better is known, the first that comes is held to be captured when it comes.
/// The sender reports of a camera are better, if they are not absurd.
#[derive(Debug)]
pub struct LiveClock {
    known: Mutex<Known>,
    begun: Condvar,
}

#[derive(Debug)]
struct Known {
    /// Unix time of stream time 0, as arrivals tell it.
    arrival_ns: Option<i64>,
    /// By how much the camera's clock is ahead of that.
    ahead_ns: i64,
    source: ClockSource,
    /// The earliest stream time that has come.
    first_ns: Option<i64>,
    /// The Unix second from which times count, once streams may begin.
    base_s: Option<i64>,
    lags: [Lag; 2],
    is_doubted: bool,
}

/// How late a stream comes: in this window and in the one before it.
#[derive(Clone, Copy, Debug, Default)]
struct Lag {
    since: Option<Instant>,
    present: Option<Late>,
    before: Option<Late>,
}

/// How late what came in a window was, at its best and at its worst.
#[derive(Clone, Copy, Debug)]
struct Late {
    least_ns: i64,
    most_ns: i64,
}

impl Late {
    fn and(self, other: Self) -> Self {
        Self {
            least_ns: self.least_ns.min(other.least_ns),
            most_ns: self.most_ns.max(other.most_ns),
        }
    }
}

impl Lag {
    /// Something came so late; at the end of a window, the least of it.
    fn note(&mut self, late_ns: i64) -> Option<i64> {
        let since = *self.since.get_or_insert_with(Instant::now);
        let late = Late {
            least_ns: late_ns,
            most_ns: late_ns,
        };
        self.present = Some(self.present.map_or(late, |present| present.and(late)));
        if since.elapsed() < WINDOW {
            return None;
        }
        self.since = None;
        self.before = self.present.take();
        self.before.map(|late| late.least_ns)
    }

    fn late(&self) -> Option<Late> {
        match (self.present, self.before) {
            (Some(present), Some(before)) => Some(present.and(before)),
            (present, before) => present.or(before),
        }
    }

    fn least_ns(&self) -> Option<i64> {
        self.late().map(|late| late.least_ns)
    }

    fn shift(&mut self, by_ns: i64) {
        for late in [&mut self.present, &mut self.before].into_iter().flatten() {
            late.least_ns -= by_ns;
            late.most_ns -= by_ns;
        }
    }
}

impl Known {
    fn anchor_ns(&self) -> Option<i64> {
        Some(self.arrival_ns? + self.ahead_ns)
    }

    fn lag_ns(&self) -> i64 {
        let lags = self.lags.iter().filter_map(Lag::least_ns);
        lags.max().unwrap_or(0)
    }

    /// How much later than that the latest comes.
    fn unevenness_ns(&self) -> i64 {
        let latest = self.lags.iter().filter_map(Lag::late);
        let latest_ns = latest.map(|late| late.most_ns).max();
        latest_ns.map_or(0, |latest_ns| latest_ns - self.lag_ns())
    }

    /// All times are later by so much.
    fn shift(&mut self, by_ns: i64) {
        self.lags.iter_mut().for_each(|lag| lag.shift(by_ns));
    }
}

impl LiveClock {
    /// A clock that knows nothing, but by how much the camera's was ahead in its last session.
    pub fn new(ahead_ns: i64) -> Self {
        Self {
            known: Mutex::new(Known {
                arrival_ns: None,
                ahead_ns,
                source: ClockSource::Host,
                first_ns: None,
                base_s: None,
                lags: [Lag::default(); 2],
                is_doubted: false,
            }),
            begun: Condvar::new(),
        }
    }

    /// Something of this stream time has come. Its capture time in Unix nanoseconds.
    pub fn arrived(&self, modality: Modality, stream_ns: i64, now_ns: i64) -> i64 {
        let mut known = self.lock();
        let arrival_ns = *known.arrival_ns.get_or_insert(now_ns - stream_ns);
        known.first_ns = Some(
            known
                .first_ns
                .map_or(stream_ns, |first| first.min(stream_ns)),
        );
        let time_ns = arrival_ns + known.ahead_ns + stream_ns;
        let least = known.lags[modality as usize].note(now_ns - time_ns);
        if let Some(off_ns) = least
            && known.source == ClockSource::Host
            && off_ns.abs() > OFF_BY_ARRIVAL_NS
        {
            known.arrival_ns = Some(arrival_ns + off_ns);
            known.shift(off_ns);
        }
        time_ns
    }

    /// Takes note of what the camera's clock said, where a buffer tells it.
    fn refer(known: &mut Known, buffer: &gst::BufferRef, stream_ns: i64) {
        let metas = buffer.iter_meta::<gst::ReferenceTimestampMeta>();
        let ntp = metas.into_iter().find(|meta| {
            let form = meta.reference().structure(0);
            form.is_some_and(|form| form.name() == "timestamp/x-ntp")
        });
        let (Some(ntp), Some(arrival_ns)) = (ntp, known.arrival_ns) else {
            return;
        };
        let Ok(ntp_ns) = i64::try_from(ntp.timestamp().nseconds()) else {
            return;
        };
        let ahead_ns = ntp_ns - NTP_TO_UNIX_NS - stream_ns - arrival_ns;
        if ahead_ns.abs() > BELIEVED_NS {
            known.is_doubted = true;
            return;
        }
        known.is_doubted = false;
        let is_new = known.source != ClockSource::RtcpSr;
        if is_new || (ahead_ns - known.ahead_ns).abs() > OFF_NS {
            known.shift(ahead_ns - known.ahead_ns);
            known.ahead_ns = ahead_ns;
            known.source = ClockSource::RtcpSr;
        }
    }

    /// Fixes from which second on times count: the first of which half or more may come, and none
    /// before `first_s`.
    pub fn open(&self, first_s: i64) -> i64 {
        let mut known = self.lock();
        let begin_ns = known.anchor_ns().unwrap_or_else(unix_ns) + known.first_ns.unwrap_or(0);
        let base_s = (begin_ns + SECOND_NS / 2 - 1)
            .div_euclid(SECOND_NS)
            .max(first_s);
        known.base_s.get_or_insert(base_s);
        base_s
    }

    /// Streams may begin.
    pub fn begin(&self) {
        self.begun.notify_all();
    }

    /// The stream time at which the base second begins, when this buffer is the next; the first
    /// waits until the base is fixed. `None` when `go_on` no longer holds.
    pub fn origin_ns(
        &self,
        earlier: Option<i64>,
        buffer: &gst::BufferRef,
        stream_ns: i64,
        go_on: impl Fn() -> bool,
    ) -> Option<i64> {
        let mut known = self.lock();
        while known.base_s.is_none() {
            if !go_on() {
                return earlier;
            }
            let waited = self.begun.wait_timeout(known, POLL);
            known = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        Self::refer(&mut known, buffer, stream_ns);
        Some(known.base_s? * SECOND_NS - known.anchor_ns()?)
    }

    /// A stream time, from the base second on; nothing before that is fixed.
    pub fn time_ns(&self, stream_ns: i64) -> Option<i64> {
        let known = self.lock();
        Some(known.anchor_ns()? + stream_ns - known.base_s? * SECOND_NS)
    }

    /// Where times should have come to, by this time of the clock on the wall, counted likewise.
    pub fn expected_ns(&self, now_ns: i64) -> Option<i64> {
        let known = self.lock();
        Some(now_ns - known.lag_ns() - known.base_s? * SECOND_NS)
    }

    /// Up to where all should have come, by this time of the clock on the wall, counted likewise:
    /// what comes in portions is late by the length of one. At most `most_ns` are allowed for that.
    pub fn due_ns(&self, now_ns: i64, most_ns: i64) -> Option<i64> {
        let uneven_ns = self.lock().unevenness_ns().min(most_ns);
        Some(self.expected_ns(now_ns)? - uneven_ns)
    }

    /// Where times come from.
    pub fn source(&self) -> ClockSource {
        self.lock().source
    }

    /// Whether the camera's clock is too far from ours to be believed.
    pub fn is_doubted(&self) -> bool {
        self.lock().is_doubted
    }

    /// By how much the camera's clock is ahead of arrivals.
    pub fn ahead_ns(&self) -> i64 {
        self.lock().ahead_ns
    }

    /// By how much later sound comes than pictures of the same time.
    pub fn skew_ns(&self) -> Option<i64> {
        let known = self.lock();
        let lag = |modality: Modality| known.lags[modality as usize].least_ns();
        Some(lag(Modality::Audio)? - lag(Modality::Video)?)
    }

    // Whoever panicked while it held the lock has aborted the process.
    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: i64 = 1_000_000;
    /// 12:00:00.300 of some day.
    const NOON_NS: i64 = 1_700_000_000 * SECOND_NS + 300 * MS;

    fn with_report(unix_ns: i64) -> gst::Buffer {
        let mut buffer = gst::Buffer::new();
        let form = gst::Caps::builder("timestamp/x-ntp").build();
        let time = gst::ClockTime::from_nseconds((unix_ns + NTP_TO_UNIX_NS) as u64);
        gst::ReferenceTimestampMeta::add(
            buffer.get_mut().unwrap(),
            &form,
            time,
            gst::ClockTime::NONE,
        );
        buffer
    }

    #[test]
    fn times_begin_with_the_first_second_of_which_half_may_come() {
        let clock = LiveClock::new(0);
        clock.arrived(Modality::Video, 5_000 * MS, NOON_NS);
        clock.arrived(Modality::Audio, 4_900 * MS, NOON_NS + 20 * MS);
        assert_eq!(clock.open(0), 1_700_000_000, "at .2 s, there is half of it");
        assert_eq!(clock.time_ns(5_000 * MS), Some(300 * MS));
        let late = LiveClock::new(0);
        late.arrived(Modality::Video, 0, NOON_NS + 300 * MS);
        assert_eq!(late.open(0), 1_700_000_001);
        let resumed = LiveClock::new(0);
        resumed.arrived(Modality::Video, 0, NOON_NS);
        assert_eq!(resumed.open(1_700_000_007), 1_700_000_007);
    }

    #[test]
    fn a_cameras_own_clock_is_believed_unless_it_is_absurd() {
        gst::init().unwrap();
        let clock = LiveClock::new(0);
        clock.arrived(Modality::Video, 0, NOON_NS);
        clock.open(0);
        let origin = |clock: &LiveClock, buffer: &gst::Buffer, stream_ns| {
            clock.origin_ns(None, buffer, stream_ns, || true).unwrap()
        };
        assert_eq!(origin(&clock, &gst::Buffer::new(), 0), -300 * MS);
        assert_eq!(clock.source(), ClockSource::Host);
        // Captured 180 ms before it came.
        let report = with_report(NOON_NS + 40 * MS - 180 * MS);
        assert_eq!(origin(&clock, &report, 40 * MS), -120 * MS);
        assert_eq!(
            (clock.source(), clock.ahead_ns()),
            (ClockSource::RtcpSr, -180 * MS)
        );
        // Little is not worth a click; hours are a clock that nobody has set.
        let report = with_report(NOON_NS + 80 * MS - 150 * MS);
        assert_eq!(origin(&clock, &report, 80 * MS), -120 * MS);
        let report = with_report(NOON_NS + 3600 * SECOND_NS);
        assert_eq!(origin(&clock, &report, 120 * MS), -120 * MS);
        assert!(clock.is_doubted());
    }

    #[test]
    fn what_is_expected_minds_how_late_streams_come() {
        let clock = LiveClock::new(0);
        clock.arrived(Modality::Video, 0, NOON_NS);
        clock.arrived(Modality::Audio, 0, NOON_NS + 400 * MS);
        clock.arrived(Modality::Audio, 20 * MS, NOON_NS + 370 * MS);
        clock.open(0);
        assert_eq!(clock.skew_ns(), Some(350 * MS));
        assert_eq!(clock.expected_ns(NOON_NS + 1000 * MS), Some(950 * MS));
        let due_ns = |most_ns| clock.due_ns(NOON_NS + 1000 * MS, most_ns);
        assert_eq!(due_ns(600 * MS), Some(900 * MS), "sound came 50 ms apart");
        assert_eq!(due_ns(20 * MS), Some(930 * MS));
    }
}
