//! Times in the units that people read.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970.
pub fn now_ms(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// A duration in its two largest units: `2 h 5 min`, `12 s`.
pub fn words(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let units = [("d", 86_400), ("h", 3600), ("min", 60), ("s", 1)];
    let first = units.iter().position(|(_, length)| seconds >= *length);
    let Some(first) = first else {
        return "0 s".into();
    };
    let (name, length) = units[first];
    let whole = format!("{} {name}", seconds / length);
    match units.get(first + 1) {
        Some((next, part)) if seconds % length >= *part => {
            format!("{whole} {} {next}", seconds % length / part)
        }
        _ => whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_words() {
        let told = |seconds| words(Duration::from_secs(seconds));
        assert_eq!(told(0), "0 s");
        assert_eq!(told(59), "59 s");
        assert_eq!(told(60), "1 min");
        assert_eq!(told(3725), "1 h 2 min");
        assert_eq!(told(3600 + 59), "1 h");
        assert_eq!(told(90_000), "1 d 1 h");
    }
}
