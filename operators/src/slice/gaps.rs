//! Seconds of which there is nothing: of outages, and those that were let go.

/// Seconds of an outage that are told one by one. The rest of it is told in one when it ends.
pub const SINGLE_GAPS: i64 = 60;

/// Which of the next segments are gaps.
#[derive(Debug, Default)]
pub struct Gaps {
    /// All segments before this one that are not out yet.
    before: i64,
    /// Whether more may be added to them before anything else comes.
    pub is_open: bool,
    told: i64,
    dropped: i64,
}

impl Gaps {
    /// All before this segment are gaps.
    pub fn reach(&mut self, before: i64) {
        self.before = self.before.max(before);
    }

    /// From one segment up to another they were let go.
    pub fn drop(&mut self, next: i64, before: i64) {
        self.dropped += (before - next.max(self.before)).max(0);
        self.reach(before);
    }

    /// Whether the next segment is a gap.
    pub fn is_any_from(&self, next: i64) -> bool {
        next < self.before
    }

    /// How many seconds the next gap stands for; nothing if it is to wait for its end.
    pub fn take(&mut self, next: i64) -> Option<i64> {
        if self.told < SINGLE_GAPS {
            self.told += 1;
            return Some(1);
        }
        (!self.is_open).then(|| self.before - next)
    }

    /// They are over: how many of them were let go.
    pub fn end(&mut self) -> u32 {
        self.told = 0;
        u32::try_from(std::mem::take(&mut self.dropped)).unwrap_or(u32::MAX)
    }
}
