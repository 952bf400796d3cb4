"""What cannot be learned from: found before training, and said."""

from collections.abc import Sequence

import numpy as np

from sonoscope_training.errors import TrainingError

# Of a half-precision number: all bits but the sign, and those of the exponent. When every bit of
# the exponent is set, the number is infinite or none at all.
MAGNITUDE, EXPONENT = 0x7FFF, 0x7C00


def unusable_sounds(spectrograms: np.ndarray) -> dict[str, list[int]]:
    """Rows of `[n, bins, frames]` float16 that are not finite, and those that are silent.

    In digital silence nothing rises above the floor, so every value is the same.
    """
    bits = spectrograms.view(np.uint16)
    broken = [row for row, sound in enumerate(bits) if ((sound & MAGNITUDE) >= EXPONENT).any()]
    silent = [row for row, sound in enumerate(bits) if sound.min() == sound.max()]
    return {"not finite": broken, "silent": [row for row in silent if row not in broken]}


def refuse_sameness(arrays: Sequence[np.ndarray], what: str) -> None:
    """An error if there are several arrays and all are the same."""
    first, *others = arrays
    if others and all(np.array_equal(first, other) for other in others):
        raise TrainingError(
            f"all {len(arrays)} {what} are the same, so nothing can be told apart\ntip: look at "
            f"the recordings; a camera that was covered or stuck gives this"
        )
