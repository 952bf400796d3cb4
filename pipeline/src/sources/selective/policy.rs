//! Who decides over access units: one selector or the other, by what was asked for.

use super::{
    Frames, Wanted,
    key::KeySelector,
    select::{Access, Selector, Verdict},
};

/// The selector of a track.
#[derive(Debug)]
pub enum Policy<T> {
    /// What the picture on show needs.
    Exact(Selector<T>),
    /// Key frames alone.
    Keys(KeySelector<T>),
}

impl<T> Policy<T> {
    /// For what was asked for.
    pub fn of(frames: Frames) -> Self {
        match frames {
            Frames::Keyframe => Self::Keys(KeySelector::new()),
            Frames::Exact | Frames::All => Self::Exact(Selector::new()),
        }
    }

    /// From here on, this is wanted.
    pub fn want(&mut self, wanted: Wanted) {
        match self {
            Self::Exact(selector) => selector.want(wanted),
            Self::Keys(selector) => selector.want(wanted),
        }
    }

    /// What is wanted, once that is known.
    pub fn wanted(&self) -> Option<&Wanted> {
        match self {
            Self::Exact(selector) => selector.wanted(),
            Self::Keys(selector) => selector.wanted(),
        }
    }

    /// Takes the next access unit in the order of decoding.
    pub fn push(&mut self, access: Access, item: T, tell: impl FnMut(Verdict<T>)) {
        match self {
            Self::Exact(selector) => selector.push(access, item, tell),
            Self::Keys(selector) => selector.push(access, item, tell),
        }
    }

    /// Something else comes, or nothing more.
    pub fn flush(&mut self, tell: impl FnMut(Verdict<T>)) {
        match self {
            Self::Exact(selector) => selector.flush(tell),
            Self::Keys(selector) => selector.flush(tell),
        }
    }

    /// Whether nothing more is needed.
    pub fn is_over(&self) -> bool {
        match self {
            Self::Exact(selector) => selector.is_over(),
            Self::Keys(selector) => selector.is_over(),
        }
    }
}
