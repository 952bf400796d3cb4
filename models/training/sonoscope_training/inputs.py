"""Seeded made-up network inputs, for what needs plausible values and has no recordings at hand.

Pictures are coloured gradients with a few plain rectangles; sounds are noise with a few steady
tones. They teach nothing; they only move activations over a lifelike range.
"""

import numpy as np

from sonoscope_training import contract
from sonoscope_training.multisensory import AUDIO_RATE_HZ, WINDOW_SAMPLES, Form

RECTANGLES = 4
TONES = 5
# Range of `10 log10(power) / 26.68` of noise and of tones in int16 scale.
NOISE_LEVEL = (-1.5, 0.5)
TONE_LEVEL = (0.5, 2.0)


def frames(count: int, seed: int) -> np.ndarray:
    """`[count, 224, 224, 3]`, uint8."""
    random = np.random.default_rng([seed, 0])
    side = contract.FRAME_PIXELS
    pictures = np.empty((count, side, side, 3), np.uint8)
    ramp = np.linspace(0, 1, side)[:, None]
    for picture in pictures:
        top, bottom = random.uniform(0, 255, (2, 3))
        picture[:] = (top + (bottom - top) * ramp).astype(np.uint8)[:, None, :]
        for _ in range(RECTANGLES):
            height, width = random.integers(side // 8, side // 2, 2)
            y, x = random.integers(0, side - height), random.integers(0, side - width)
            picture[y : y + height, x : x + width] = random.integers(0, 256, 3)
    return pictures


def spectrograms(count: int, seed: int) -> np.ndarray:
    """`[count, 257, 199]`, float32, already divided as the contract says."""
    random = np.random.default_rng([seed, 1])
    shape = (contract.SPECTROGRAM_BINS, contract.SPECTROGRAM_FRAMES)
    sounds = np.empty((count, *shape), np.float32)
    for sound in sounds:
        sound[:] = random.uniform(*NOISE_LEVEL) + 0.2 * random.standard_normal(shape)
        rows = random.integers(0, shape[0], TONES)
        sound[rows] = random.uniform(*TONE_LEVEL, TONES)[:, None]
    return sounds


def windows(count: int, form: Form, seed: int) -> np.ndarray:
    """Pictures `[count, frames, pixels, pixels, 3]` of Multisensory's windows, uint8.

    A rectangle wanders over a gradient.
    """
    random = np.random.default_rng([seed, 2])
    side = form.pixels
    shape = (count, form.frames, side, side, 3)
    pictures = np.empty(shape, np.uint8)
    pictures[:] = np.linspace(40, 160, side)[:, None, None]
    for window in pictures:
        size = random.integers(side // 6, side // 3)
        colour = random.integers(0, 256, 3)
        places = np.linspace(*random.integers(0, side - size, (2, 2)), form.frames).astype(int)
        for picture, (y, x) in zip(window, places, strict=True):
            picture[y : y + size, x : x + size] = colour
    return pictures


def waveforms(count: int, seed: int) -> np.ndarray:
    """`[count, 88200]`, float32 in -1..1: noise with a few decaying tones."""
    random = np.random.default_rng([seed, 3])
    sounds = 0.01 * random.standard_normal((count, WINDOW_SAMPLES))
    times_s = np.arange(WINDOW_SAMPLES) / AUDIO_RATE_HZ
    for row in range(count):
        for start_s, pitch_hz in random.uniform((0, 100), (4, 4000), (TONES, 2)):
            since_s = np.maximum(times_s - start_s, 0)
            sounds[row] += 0.15 * np.exp(-4 * since_s) * np.sin(2 * np.pi * pitch_hz * since_s)
    return sounds.astype(np.float32)
