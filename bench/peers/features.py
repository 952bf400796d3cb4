"""Pictures and sounds as the contract `allthatsound-1` wants them, made with common libraries."""

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import signal
from torch import Tensor
from torch.nn import functional

SAMPLE_RATE_HZ = 48_000
WINDOW_SAMPLES = 480
HOP_SAMPLES = 240
FFT_SAMPLES = 512
TUKEY_ALPHA = 0.25
POWER_FLOOR = 1e-7
DECIBEL_DIVISOR = 26.68

PICTURE_SIDE = 224
MEAN = torch.tensor([0.485, 0.456, 0.406])[:, None, None]
STD = torch.tensor([0.229, 0.224, 0.225])[:, None, None]


def spectrogram(samples: NDArray[np.float32]) -> Tensor:
    """One second of mono sound in the scale of 16-bit integers, to `[1, 257, 199]`."""
    _, _, power = signal.spectrogram(
        samples,
        SAMPLE_RATE_HZ,
        window=("tukey", TUKEY_ALPHA),
        nperseg=WINDOW_SAMPLES,
        noverlap=WINDOW_SAMPLES - HOP_SAMPLES,
        nfft=FFT_SAMPLES,
    )
    decibels = 10 * np.log10(power + np.float32(POWER_FLOOR))
    return torch.from_numpy(decibels / np.float32(DECIBEL_DIVISOR))[None]


def picture(rgb: NDArray[np.uint8]) -> Tensor:
    """A picture `[height, width, 3]`, to `[3, 224, 224]`."""
    pixels = torch.from_numpy(rgb).permute(2, 0, 1)[None]
    size = (PICTURE_SIDE, PICTURE_SIDE)
    small = functional.interpolate(pixels, size=size, mode="bilinear", antialias=True)
    return (small[0].float() / 255 - MEAN) / STD
