"""The sound of a recording, whole, as both peers read it."""

from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from features import SAMPLE_RATE_HZ

FULL_SCALE = 32_768


def read_mono(video: Path) -> NDArray[np.float32]:
    """All of it at 48 kHz, the mean of its channels, in the scale of 16-bit integers.

    Sample 0 is second 0 of the recording, so sound that begins later begins with silence.
    """
    with av.open(str(video)) as container:
        stream = container.streams.audio[0]
        resampler = av.AudioResampler(format="fltp", rate=SAMPLE_RATE_HZ)
        blocks = []
        for frame in container.decode(stream):
            if not blocks:
                start_samples = round((frame.time or 0.0) * SAMPLE_RATE_HZ)
                blocks.append(np.zeros(max(start_samples, 0), np.float32))
            blocks.extend(_mono(part) for part in resampler.resample(frame))
        blocks.extend(_mono(part) for part in resampler.resample(None))
    return np.concatenate(blocks)


def second_of(samples: NDArray[np.float32], second: int) -> NDArray[np.float32]:
    """The samples of `[second, second + 1)`, silence where there are none."""
    start = second * SAMPLE_RATE_HZ
    there = samples[start : start + SAMPLE_RATE_HZ]
    return np.pad(there, (0, SAMPLE_RATE_HZ - len(there)))


def _mono(frame: av.AudioFrame) -> NDArray[np.float32]:
    return frame.to_ndarray().mean(axis=0, dtype=np.float32) * FULL_SCALE
