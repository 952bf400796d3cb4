//! The wall clock: when recordings began.

use std::{ffi::OsStr, fmt, path::Path, str::FromStr};

use jiff::{
    Timestamp,
    fmt::strtime::BrokenDownTime,
    tz::{Offset, TimeZone},
};
use sonoscope_operators::ClockSource;

use crate::sources::Began;

/// Where it is looked up when recordings began.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Clock {
    /// Nowhere: rows have no wall clock.
    #[default]
    None,
    /// It was given.
    Given(Timestamp),
    /// In the container: its time of creation.
    Container,
    /// In the file's name.
    Name(Pattern),
}

/// What a file's name looks like, with `%Y` for the year and so on.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    format: String,
    /// Whether anything may stand before it, written `*`.
    anywhere: bool,
}

/// What is no clock.
#[derive(Debug, thiserror::Error)]
#[error(
    "{0:?} is no clock (tip: `container`, or what file names look like, such as \
     'cam1_%Y%m%d_%H%M%S': {1})"
)]
pub struct NoClock(String, String);

impl FromStr for Clock {
    type Err = NoClock;

    fn from_str(text: &str) -> Result<Self, NoClock> {
        if text == "container" {
            return Ok(Self::Container);
        }
        Pattern::new(text)
            .map(Self::Name)
            .map_err(|why| NoClock(text.into(), why))
    }
}

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Given(start) => start.fmt(f),
            Self::Container => f.write_str("container"),
            Self::Name(Pattern { format, anywhere }) => {
                write!(f, "{}{format}", if *anywhere { "*" } else { "" })
            }
        }
    }
}

impl Clock {
    /// When a recording began, or that its container will tell; `given` with the recording itself
    /// goes before all else.
    pub fn of(&self, path: &Path, given: Option<Timestamp>) -> Began {
        match (given, self) {
            (Some(start), _) => Began::At(start, ClockSource::Given),
            (None, Self::Given(start)) => Began::At(*start, ClockSource::Given),
            (None, Self::None) => Began::Unknown,
            (None, Self::Container) => Began::InContainer,
            (None, Self::Name(pattern)) => match pattern.read(path) {
                Some(start) => Began::At(start, ClockSource::Name),
                None => Began::Unknown,
            },
        }
    }
}

impl Pattern {
    /// # Errors
    /// Why it is none, in words.
    fn new(text: &str) -> Result<Self, String> {
        let anywhere = text.starts_with('*');
        let format = text.trim_start_matches('*').to_owned();
        let pattern = Self { format, anywhere };
        // What it makes of a time it must be able to read.
        let moment = Timestamp::from_second(981_173_106).map_err(|error| error.to_string())?;
        let written = BrokenDownTime::from(&moment.to_zoned(TimeZone::UTC))
            .to_string(&pattern.format)
            .map_err(|error| error.to_string())?;
        match pattern.read(Path::new(&written)) {
            Some(_) => Ok(pattern),
            None => Err("it needs at least year, month and day: %Y%m%d".into()),
        }
    }

    /// When a file with this name began: in UTC, unless the name says otherwise (`%z`). What
    /// stands behind what was looked for does not matter.
    pub fn read(&self, path: &Path) -> Option<Timestamp> {
        let name = path.file_name().map(OsStr::to_string_lossy)?;
        let all = name.char_indices().map(|(at, _)| at);
        let places = all.take(if self.anywhere { usize::MAX } else { 1 });
        places.into_iter().find_map(|at| self.read_at(&name[at..]))
    }

    fn read_at(&self, text: &str) -> Option<Timestamp> {
        let (time, _) = BrokenDownTime::parse_prefix(&self.format, text).ok()?;
        if time.offset().is_some() || time.timestamp().is_some() {
            return time.to_timestamp().ok();
        }
        let (date, time) = (time.to_date().ok()?, time.to_time().ok()?);
        Offset::UTC.to_timestamp(date.to_datetime(time)).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pattern: &str, name: &str) -> Option<String> {
        let Clock::Name(pattern) = pattern.parse().unwrap() else {
            panic!("{pattern} is no pattern");
        };
        let path = Path::new("/archive").join(name);
        pattern.read(&path).map(|time| time.to_string())
    }

    #[test]
    fn names_tell_when_recordings_began() {
        let read = |pattern, name| read(pattern, name).unwrap_or_default();
        let pattern = "cam1_%Y%m%d_%H%M%S";
        assert_eq!(
            read(pattern, "cam1_20240501_123456.mp4"),
            "2024-05-01T12:34:56Z"
        );
        assert_eq!(
            read(pattern, "cam1_20240501_123456_part2.mp4"),
            "2024-05-01T12:34:56Z"
        );
        assert_eq!(read(pattern, "cam2_20240501_123456.mp4"), "");
        assert_eq!(read(pattern, "cam1_20241301_123456.mp4"), "");
        assert_eq!(
            read("%Y-%m-%dT%H.%M.%S%z", "2024-05-01T01.00.00+0200.mp4"),
            "2024-04-30T23:00:00Z"
        );
        assert_eq!(
            read("*_%Y%m%d", "the_front_door_20240501.mp4"),
            "2024-05-01T00:00:00Z"
        );
        assert_eq!(read("*é%Y%m%d", "éé20240501"), "2024-05-01T00:00:00Z");
        assert_eq!(read("%s", "1714521600.mp4"), "2024-05-01T00:00:00Z");
    }

    #[test]
    fn what_is_no_clock_is_refused() {
        assert_eq!("container".parse::<Clock>().unwrap(), Clock::Container);
        for wrong in ["contaner", "", "%H%M", "%Y%m%d%"] {
            let error = wrong.parse::<Clock>().unwrap_err().to_string();
            assert!(error.contains("tip:"), "{error}");
        }
    }

    #[test]
    fn what_is_given_with_a_recording_goes_first() {
        let time = |text: &str| text.parse::<Timestamp>().unwrap();
        let (one, other) = (time("2024-05-01T00:00:00Z"), time("2025-05-01T00:00:00Z"));
        let clock = Clock::Given(one);
        let path = Path::new("a.mp4");
        assert_eq!(clock.of(path, None), Began::At(one, ClockSource::Given));
        assert_eq!(
            clock.of(path, Some(other)),
            Began::At(other, ClockSource::Given)
        );
        assert_eq!(Clock::None.of(path, None), Began::Unknown);
    }
}
