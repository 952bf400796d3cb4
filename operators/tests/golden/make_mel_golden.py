"""Writes mel.npy: NumPy's account of what OpenL3 hears of sounds that golden/sounds.rs makes too.

[contract, sound, frame, row] in dB, of the frames in FRAMES and every ROW_STEPth row. The contracts
are those of `contracts()` in ../mel.rs. Run it with numpy from any folder; it writes beside itself.
"""

from pathlib import Path

import numpy as np

RATE_HZ = 48_000
HOP = 242
FRAMES = [0, 1, 2, 3, 7, 8, 98, 150, 191, 192, 195, 196]
ROW_STEP = 5

time_s = np.arange(RATE_HZ) / RATE_HZ


def noise():
    """A linear congruential generator, exact in integers."""
    state, samples = 1, np.empty(RATE_HZ)
    for i in range(RATE_HZ):
        state = (state * 1_664_525 + 1_013_904_223) % 2**32
        samples[i] = (state >> 8) / 2**23 - 1
    return samples


# Silence, noise, a tone, a chirp.
SOUNDS = [
    np.zeros(RATE_HZ),
    noise(),
    np.sin(2 * np.pi * 997.3 * time_s),
    np.sin(2 * np.pi * (50 * time_s + 11_950 * time_s**2)),
]


def corners_htk(bands):
    pitches = np.linspace(0, 2595 * np.log10(1 + RATE_HZ / 2 / 700), bands + 2)
    return 700 * (10 ** (pitches / 2595) - 1)


def corners_slaney(bands):
    """27 equal steps for a factor of 6.4, above 15 of 200/3 Hz."""
    highest = 15 + 27 * np.log(RATE_HZ / 2 / 1000) / np.log(6.4)
    pitches = np.linspace(0, highest, bands + 2)
    return np.where(pitches < 15, pitches * 200 / 3, 1000 * 6.4 ** ((pitches - 15) / 27))


def triangles(corners, fft):
    """[band, bin], of equal area."""
    bins_hz = np.arange(fft // 2 + 1) * RATE_HZ / fft
    return np.stack(
        [
            np.interp(bins_hz, corners[band : band + 3], [0, 1, 0], 0, 0)
            * 2
            / (corners[band + 2] - corners[band])
            for band in range(len(corners) - 2)
        ]
    )


def spectrum(sound, fft, before, behind):
    """[bin, frame], the magnitude."""
    padded = np.pad(sound.astype(np.float32).astype(np.float64), (before, behind))
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(fft) / fft)
    frames = np.lib.stride_tricks.sliding_window_view(padded, fft)[::HOP]
    return np.abs(np.fft.rfft(frames * window)).T


def decibels(values):
    levels = 10 * np.log10(np.maximum(values, 1e-10))
    return np.maximum(levels - levels.max(), -80)


def accounts(sound):
    """Trained on, with 256 bands and 128; as of OpenL3 0.4; bin by bin."""
    power = spectrum(sound, 2048, 982, 982) ** 2
    yield np.sqrt(triangles(corners_htk(256), 2048) @ power)
    yield np.sqrt(triangles(corners_htk(128), 2048) @ power)
    yield triangles(corners_slaney(256), 2048) @ spectrum(sound, 2048, 0, 1964)
    yield spectrum(sound, 512, 0, 0)


golden = [
    [decibels(values)[::ROW_STEP, FRAMES].T.ravel() for values in accounts(sound)]
    for sound in SOUNDS
]
by_contract = [levels for contract in zip(*golden, strict=True) for levels in contract]
np.save(Path(__file__).with_name("mel.npy"), np.concatenate(by_contract).astype(np.float32))
