//! Which access units are decoded, decided on their times and roles alone.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::Wanted;

/// What may be held back; where more would have to be, it goes on to the decoder.
const MOST_BYTES: usize = 16 << 20;

/// Likewise, in access units.
const MOST_UNITS: usize = 1024;

/// What an access unit is to those that follow it in the order of decoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Nothing refers to it.
    Disposable,
    /// What follows may refer to it, up to the next key.
    Reference,
    /// Like a reference; and neither it nor what follows refers to anything before it.
    Key,
}

/// A coded picture that has not been decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// When it comes on show, in stream time.
    pub pts_ns: Option<i64>,
    /// What refers to it.
    pub role: Role,
    /// How large it is.
    pub bytes: usize,
    /// Whether it goes to the decoder in any case.
    pub is_needed: bool,
    /// Whether something before it is missing or broken, so that nobody can say what a decoder
    /// will make of it and of all up to the next key. What comes before a key is nothing to it.
    pub is_damaged: bool,
}

/// What becomes of an access unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict<T> {
    /// It goes to the decoder.
    Decode(T),
    /// No wanted picture depends on it. It would have come on show at this time.
    Omit(i64, T),
}

/// Lets those access units through, in the order of decoding, on which a wanted picture depends.
///
/// A picture is wanted if it is on show at a wanted time; it is on show until the next one comes.
/// Which one is next is known when more pictures that are shown later have come than a codec may
/// put before one that is shown earlier. A reference is needed if a wanted picture follows before
/// the next key, which is known when either has come. So little is held back: what is shown until
/// the next wanted time, and the few that a codec reorders. Where there is more, or timestamps
/// make no sense, all is let through.
#[derive(Debug)]
pub struct Selector<T> {
    wanted: Option<Wanted>,
    most_reordered: usize,
    /// In the order of decoding. Numbers count all access units there ever were.
    held: VecDeque<Held<T>>,
    held_bytes: usize,
    next_number: u64,
    /// The numbers of pictures of which it is not known which one is next, by time.
    unsettled: BTreeMap<i64, u64>,
    /// Over all that comes on show before this time it has been decided.
    settled_ns: Option<i64>,
    /// The latest times, one more than may be reordered: nothing that comes is shown before them.
    latest: BTreeSet<i64>,
    is_damaged: bool,
    has_given_up: bool,
}

#[derive(Debug)]
struct Held<T> {
    item: T,
    access: Access,
    is_wanted: Option<bool>,
}

impl<T> Selector<T> {
    /// Lets all through until it is told what is wanted.
    pub fn new() -> Self {
        Self {
            wanted: None,
            most_reordered: 0,
            held: VecDeque::new(),
            held_bytes: 0,
            next_number: 0,
            unsettled: BTreeMap::new(),
            settled_ns: None,
            latest: BTreeSet::new(),
            is_damaged: false,
            has_given_up: false,
        }
    }

    /// From here on, so many pictures that are shown later may come before one.
    pub fn reorder(&mut self, most: usize) {
        self.most_reordered = most;
        while self.latest.len() > most + 1 {
            self.latest.pop_first();
        }
    }

    /// From here on, this is wanted.
    pub fn want(&mut self, wanted: Wanted) {
        self.wanted = Some(wanted);
    }

    /// What is wanted, once that is known.
    pub fn wanted(&self) -> Option<&Wanted> {
        self.wanted.as_ref()
    }

    /// From here on, times count from elsewhere. For what was before it is known no more which
    /// picture is next, so it has to be let through with [`flush`](Self::flush) first.
    pub fn shift(&mut self) {
        self.unsettled.clear();
        self.settled_ns = None;
        self.latest.clear();
    }

    /// From here on, all is let through: what is held, too, with the next.
    pub fn give_up(&mut self) {
        self.has_given_up = true;
    }

    /// Takes the next access unit in the order of decoding; `tell` hears what becomes of it and
    /// of those before it, in the same order, as soon as that is known.
    pub fn push(&mut self, mut access: Access, item: T, tell: impl FnMut(Verdict<T>)) {
        self.is_damaged = (self.is_damaged || access.is_damaged) && access.role != Role::Key;
        access.is_needed |= self.is_damaged;
        if access.is_damaged {
            // A decoder patches what is missing with what it has.
            for held in &mut self.held {
                held.access.is_needed = true;
                held.is_wanted = Some(true);
            }
        }
        match access.pts_ns {
            Some(pts_ns) if !self.has_given_up => self.note_time(pts_ns),
            _ => self.has_given_up = true,
        }
        self.next_number += 1;
        self.held_bytes += access.bytes;
        self.held.push_back(Held {
            item,
            access,
            is_wanted: access.is_needed.then_some(true),
        });
        self.settle();
        self.release(tell);
    }

    /// Lets all through that is held: nothing more comes, or something else comes first.
    pub fn flush(&mut self, mut tell: impl FnMut(Verdict<T>)) {
        self.held_bytes = 0;
        for held in self.held.drain(..) {
            tell(Verdict::Decode(held.item));
        }
    }

    /// Whether the last wanted picture has been let through: nothing more is needed.
    pub fn is_over(&self) -> bool {
        let end_ns = self.wanted.as_ref().map(Wanted::end_ns);
        !self.has_given_up && (end_ns.zip(self.bound())).is_some_and(|(end, bound)| bound >= end)
    }

    fn note_time(&mut self, pts_ns: i64) {
        let is_settled = self
            .settled_ns
            .is_some_and(|settled_ns| pts_ns < settled_ns);
        let is_double = self.unsettled.insert(pts_ns, self.next_number).is_some();
        if is_settled || is_double {
            self.has_given_up = true;
        }
        self.latest.insert(pts_ns);
        if self.latest.len() > self.most_reordered + 1 {
            self.latest.pop_first();
        }
    }

    /// All that is shown up to this time has come.
    fn bound(&self) -> Option<i64> {
        let is_full = self.latest.len() > self.most_reordered;
        self.latest.first().copied().filter(|_| is_full)
    }

    /// Decides over those pictures of which the next one is known.
    fn settle(&mut self) {
        let Some(bound) = self.bound() else { return };
        while let Some((&pts_ns, &number)) = self.unsettled.first_key_value()
            && let Some((&next_ns, _)) = self.unsettled.iter().nth(1)
            && next_ns <= bound
        {
            self.unsettled.pop_first();
            self.settled_ns = Some(next_ns);
            let is_wanted =
                (self.wanted.as_ref()).is_none_or(|wanted| wanted.is_any_in(pts_ns..next_ns));
            let first_held = self.next_number - self.held.len() as u64;
            if let Some(place) = number.checked_sub(first_held)
                && let Some(held) = self.held.get_mut(place as usize)
            {
                held.is_wanted = Some(is_wanted || held.access.is_needed);
            }
        }
    }

    fn release(&mut self, mut tell: impl FnMut(Verdict<T>)) {
        while let Some(decode) = self.fate_of_first()
            && let Some(held) = self.held.pop_front()
        {
            self.held_bytes -= held.access.bytes;
            tell(match held.access.pts_ns {
                Some(pts_ns) if !decode => Verdict::Omit(pts_ns, held.item),
                _ => Verdict::Decode(held.item),
            });
        }
    }

    /// Whether the first one held is decoded, if that is known.
    fn fate_of_first(&self) -> Option<bool> {
        let first = self.held.front()?;
        let is_too_much = self.held_bytes > MOST_BYTES || self.held.len() > MOST_UNITS;
        if self.wanted.is_none() || self.has_given_up || is_too_much {
            return Some(true);
        }
        let is_over = self.is_over();
        let is_wanted = |held: &Held<T>| held.is_wanted.or(is_over.then_some(false));
        if first.access.role == Role::Disposable {
            return is_wanted(first);
        }
        let mut is_settled = true;
        let mut is_last = true;
        for (place, held) in self.held.iter().enumerate() {
            if place > 0 && held.access.role == Role::Key {
                is_last = false;
                break;
            }
            match is_wanted(held) {
                Some(true) => return Some(true),
                Some(false) => {}
                None => is_settled = false,
            }
        }
        (is_settled && (is_over || !is_last)).then_some(false)
    }
}

#[cfg(test)]
mod tests;
