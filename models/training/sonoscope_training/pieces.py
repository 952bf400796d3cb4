"""The sound far around a window: in it, any place has sound on both sides of it.

Where a network pads with zeros, its features tell how far the edge is. Sounds that are to be told
apart by what is heard alone must be cut out of features, not out of the sound.
"""

from dataclasses import dataclass

import numpy as np

from sonoscope_training.multisensory import AUDIO_STRIDE, WINDOW_STEPS
from sonoscope_training.stretches import Stretch
from sonoscope_training.windows import Window

# Steps of the audio tower's trunk: 9.9 s.
PIECE_STEPS = 203
# Places less than half a second apart are hardly to be told from each other.
LEAST_STEPS_APART = 10
LAST_PLACE = PIECE_STEPS - WINDOW_STEPS


@dataclass(frozen=True)
class Piece:
    """Samples, where a window's own sound begins in them, and the last place that has sound."""

    sound: np.ndarray
    own: int
    last: int

    def places(self, distractors: int, random: np.random.Generator) -> np.ndarray:
        """The window's own place, then others, in steps."""
        apart = np.abs(np.arange(self.last + 1) - self.own) >= LEAST_STEPS_APART
        far = np.flatnonzero(apart)
        others = random.choice(far, distractors, replace=len(far) < distractors)
        return np.concatenate([[self.own], others])


def around(window: Window, stretch: Stretch, random: np.random.Generator) -> Piece:
    """A piece with the window somewhere in it; silence where the stretch has ended."""
    before = window.first_sample // AUDIO_STRIDE
    held = (len(stretch.waveform) - window.first_sample) // AUDIO_STRIDE + before
    earliest = max(0, before - LAST_PLACE)
    latest = min(before, max(0, held - PIECE_STEPS))
    start = int(random.integers(earliest, max(earliest, latest) + 1))
    first = window.first_sample - (before - start) * AUDIO_STRIDE
    sound = stretch.waveform[first : first + PIECE_STEPS * AUDIO_STRIDE]
    missing = PIECE_STEPS * AUDIO_STRIDE - len(sound)
    last = min(LAST_PLACE, max(before, held - WINDOW_STEPS) - start)
    return Piece(np.pad(sound, (0, missing)), before - start, last)
