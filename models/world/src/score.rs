//! A score: when an object sounds, and what its body does meanwhile.

use std::ops::Range;

use crate::random::{Dice, Throw};

/// One stroke, call or turn of an object.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Note {
    /// When it begins.
    pub start_s: f32,
    /// How long it is held; a struck thing may ring longer.
    pub length_s: f32,
    /// By when it must be silent: the end of the sounding seconds it lies in.
    pub silent_from_s: f32,
    /// Pitch, as a factor around 1.
    pub pitch: f32,
    /// Strength of the stroke, 0.6 to 1.
    pub strength: f32,
}

/// How notes of a class follow each other. A clip draws its own tempo from the ranges.
pub(crate) struct Rhythm {
    /// Length of a note, in seconds.
    pub length_s: Range<f32>,
    /// Rest after it, in seconds.
    pub rest_s: Range<f32>,
    /// How far a clip's notes lie apart in pitch: 0.2 is up to 20 % up or down.
    pub melody: f32,
}

/// What a body does while its object sounds.
#[derive(Clone, Copy)]
pub(crate) enum Action {
    /// Thrown out by the stroke, back at rest after about this many seconds.
    Strike(f32),
    /// Held as long as the note is.
    Hold,
    /// Goes round this many times a second during the note, and stops with it.
    Cycle(f32),
    /// Goes round once a note, however long that is.
    Once,
}

/// All notes of one object in one clip, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Score {
    notes: Vec<Note>,
}

impl Action {
    /// Whether the last pose leads to the first again.
    pub(crate) fn is_cyclic(self) -> bool {
        matches!(self, Self::Cycle(_) | Self::Once)
    }
}

impl Score {
    /// Fills the sounding seconds with notes.
    pub(crate) fn compose(rhythm: &Rhythm, silent: &[bool], dice: &mut Dice) -> Self {
        let length_s = dice.between_log(rhythm.length_s.clone());
        let rest_s = dice.between(rhythm.rest_s.clone());
        let mut notes = Vec::new();
        for run in sounding_runs(silent) {
            let mut start_s = run.start + dice.between(0.02..0.12);
            while start_s + 0.1 < run.end {
                let held_s = (length_s * dice.between(0.8..1.2)).min(run.end - start_s);
                notes.push(Note {
                    start_s,
                    length_s: held_s,
                    silent_from_s: run.end,
                    pitch: 1.0 + rhythm.melody * dice.white(),
                    strength: dice.between(0.6..1.0),
                });
                start_s += held_s + rest_s * dice.between(0.8..1.2);
            }
        }
        Self { notes }
    }

    /// The notes, in order.
    pub(crate) fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// The pose of a body at a time, 0 (at rest) to 1.
    pub(crate) fn pose(&self, action: Action, time_s: f32) -> f32 {
        let Some(note) = self.notes.iter().rev().find(|note| note.start_s <= time_s) else {
            return 0.0;
        };
        let since_s = time_s - note.start_s;
        let left_s = note.length_s - since_s;
        match action {
            Action::Strike(decay_s) if time_s < note.silent_from_s => {
                note.strength * (-2.0 * since_s / decay_s).exp()
            }
            Action::Hold if left_s > 0.0 => (since_s / 0.05).min(left_s / 0.05).min(1.0),
            Action::Cycle(turns_per_s) if left_s > 0.0 => (since_s * turns_per_s).fract(),
            Action::Once if left_s > 0.0 => since_s / note.length_s,
            _ => 0.0,
        }
    }

    /// How excited a body is at a time, 0 to 1: it jumps at a note's start, stays a little raised
    /// while the note is held, and is 0 outside.
    pub(crate) fn excitement(&self, time_s: f32) -> f32 {
        let Some(note) = self.notes.iter().rev().find(|note| note.start_s <= time_s) else {
            return 0.0;
        };
        let since_s = time_s - note.start_s;
        if time_s >= note.silent_from_s {
            return 0.0;
        }
        let held = if since_s < note.length_s { 0.3 } else { 0.0 };
        note.strength * (held + (1.0 - held) * (-6.0 * since_s).exp())
    }
}

/// Stretches of seconds without a silent one, as times.
fn sounding_runs(silent: &[bool]) -> Vec<Range<f32>> {
    let mut runs: Vec<Range<f32>> = Vec::new();
    for (second, _) in silent.iter().enumerate().filter(|(_, silent)| !**silent) {
        let second = second as f32;
        match runs.last_mut() {
            Some(run) if run.end == second => run.end += 1.0,
            _ => runs.push(second..second + 1.0),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_that_goes_round_once_a_note_is_half_way_in_its_middle() {
        let score = Score {
            notes: vec![Note {
                start_s: 1.0,
                length_s: 2.0,
                silent_from_s: 4.0,
                pitch: 1.0,
                strength: 1.0,
            }],
        };
        for (time_s, pose) in [(0.5, 0.0), (1.0, 0.0), (2.0, 0.5), (2.5, 0.75), (3.0, 0.0)] {
            assert_eq!(score.pose(Action::Once, time_s), pose, "at {time_s} s");
        }
    }
}
