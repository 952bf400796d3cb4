"""Stored arrays to network inputs, as the contract says."""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from sonoscope_training import contract


def frames_to_tensor(frames: np.ndarray | Tensor) -> Tensor:
    """Pictures `[n, h, w, 3]` of uint8 to normalised `[n, 3, 224, 224]`.

    A picture of another size is resized whole, bilinear. Not antialiased: stored pictures were when
    they were made, and twice would blur what the pipeline that serves sees sharp.
    """
    return _pictures(torch.as_tensor(frames), contract.FRAME_PIXELS)


def windows_to_tensor(pictures: np.ndarray | Tensor, pixels: int) -> Tensor:
    """Windows `[n, t, h, w, 3]` of uint8 to normalised `[n, 3, t, pixels, pixels]`."""
    windows = torch.as_tensor(pictures)
    flat = _pictures(windows.flatten(0, 1), pixels)
    return flat.unflatten(0, windows.shape[:2]).transpose(1, 2)


def waveforms_to_tensor(waveforms: np.ndarray | Tensor) -> Tensor:
    """Waveforms `[n, samples]`, 16-bit integers or floats in -1..1, to `[n, 1, samples]`."""
    sound = torch.as_tensor(waveforms)
    scale = 1.0 if sound.is_floating_point() else 1 / 32_768
    return sound.float()[:, None] * scale


def _pictures(stored: Tensor, pixels: int) -> Tensor:
    pictures = stored.permute(0, 3, 1, 2).float()
    side = (pixels, pixels)
    if pictures.shape[2:] != side:
        pictures = functional.interpolate(
            pictures, side, mode="bilinear", align_corners=False, antialias=False
        ).round_()
    return normalize(pictures / 255)


def normalize(pictures: Tensor) -> Tensor:
    """`[n, 3, h, w]` in 0..1 less the contract's mean, divided by its standard deviation."""
    mean = torch.tensor(contract.FRAME_MEAN, device=pictures.device)[:, None, None]
    std = torch.tensor(contract.FRAME_STD, device=pictures.device)[:, None, None]
    return (pictures - mean) / std


def spectrograms_to_tensor(spectrograms: np.ndarray | Tensor) -> Tensor:
    """Spectrograms `[n, 257, 199]` to `[n, 1, 257, 199]` in single precision."""
    return torch.as_tensor(spectrograms).float()[:, None]
