"""Writes spectrograms.npy: scipy's account of the sounds that golden/sounds.rs makes too.

[sound, frame, bin], 10 log10(S + 1e-7) in dB, of the frames in FRAMES. Run it with numpy and scipy
from any folder; it writes beside itself.
"""

from pathlib import Path

import numpy as np
from scipy.signal import spectrogram

RATE_HZ = 48_000
# Every place in a batch of eight, the middle, and the end.
FRAMES = [*range(8), *range(95, 103), *range(191, 199)]

time_s = np.arange(RATE_HZ) / RATE_HZ


def sine(frequency_hz):
    return np.sin(2 * np.pi * frequency_hz * time_s)


def noise():
    """A linear congruential generator, exact in integers."""
    state, samples = 1, np.empty(RATE_HZ)
    for i in range(RATE_HZ):
        state = (state * 1_664_525 + 1_013_904_223) % 2**32
        samples[i] = (state >> 8) / 2**23 - 1
    return samples


def chirp():
    """From 50 Hz to 23 950 Hz, in a straight line."""
    return np.sin(2 * np.pi * (50 * time_s + 11_950 * time_s**2))


def speech_like():
    """A gliding voice of harmonics under two formants, in syllables, with breath."""
    phase = 2 * np.pi * (120 * time_s + 20 * time_s**2)
    voice = np.zeros(RATE_HZ)
    for k in range(1, 31):
        f_hz = 140 * k
        low = np.exp(-(((f_hz - 700) / 400) ** 2))
        high = np.exp(-(((f_hz - 2400) / 600) ** 2))
        voice += (low + 0.5 * high) * np.sin(k * phase)
    syllables = np.maximum(0, np.sin(2 * np.pi * 3 * time_s)) ** 2
    return 0.2 * voice * syllables + 0.001 * noise()


SOUNDS = [
    np.zeros(RATE_HZ),
    noise(),
    noise() / 32_768,
    sine(1_000),
    sine(997.3),
    np.clip(3 * sine(440) + 0.5 * sine(3_217), -1, 1),
    0.5 + 0.25 * sine(60),
    chirp(),
    speech_like(),
]


def levels_db(sound):
    _, _, power = spectrogram(
        sound.astype(np.float32).astype(np.float64) * 32_768,
        fs=RATE_HZ,
        window=("tukey", 0.25),
        nperseg=480,
        noverlap=240,
        nfft=512,
    )
    return 10 * np.log10(power.T + 1e-7)


levels = np.stack([levels_db(sound)[FRAMES] for sound in SOUNDS]).astype(np.float32)
np.save(Path(__file__).with_name("spectrograms.npy"), levels)
