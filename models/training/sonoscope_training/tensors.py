"""Stored arrays to network inputs, as the contract says."""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from sonoscope_training import contract


def frames_to_tensor(frames: np.ndarray | Tensor) -> Tensor:
    """Pictures `[n, h, w, 3]` of uint8 to normalised `[n, 3, 224, 224]`.

    A picture of another size is resized whole, bilinear and antialiased.
    """
    pictures = torch.as_tensor(frames).permute(0, 3, 1, 2).float()
    side = (contract.FRAME_PIXELS, contract.FRAME_PIXELS)
    if pictures.shape[2:] != side:
        pictures = functional.interpolate(
            pictures, side, mode="bilinear", align_corners=False, antialias=True
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
