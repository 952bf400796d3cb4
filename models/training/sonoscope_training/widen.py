"""A trained network made wider without a change to what it says (Net2Net, Chen et al., 2016).

Every channel of the trunk is repeated, and what reads it takes a share of each copy. The shares
are uneven and drawn anew for every reader, so that the copies go different ways in training.
"""

import torch
from torch import Tensor

from sonoscope_training.errors import TrainingError

# How uneven the shares are: each is drawn from 1 less this to 1 more, then scaled to sum to 1.
UNEVENNESS = 0.5


def widened(weights: dict[str, Tensor], wide: dict[str, Tensor], seed: int) -> dict[str, Tensor]:
    """`weights` in the shapes of `wide`, as far as `wide` has tensors of these names.

    Axis 0 of a tensor counts what it gives, axis 1 what it reads. An axis of `wide` must be a
    whole multiple of the axis in `weights`.
    """
    generator = torch.Generator().manual_seed(seed)
    return {
        name: _widened(name, value, wide[name].shape, generator)
        for name, value in weights.items()
        if name in wide
    }


def _widened(name: str, value: Tensor, shape: torch.Size, generator: torch.Generator) -> Tensor:
    if value.dim() != len(shape) or any(
        new % old for old, new in zip(value.shape, shape, strict=True)
    ):
        raise TrainingError(
            f"{name} of shape {tuple(value.shape)} cannot be widened to {tuple(shape)}: start "
            f"from a network whose width divides the new one"
        )
    for axis, (old, new) in enumerate(zip(value.shape, shape, strict=True)):
        copies = new // old
        value = value.repeat_interleave(copies, dim=axis)
        if axis == 1 and copies > 1:
            value = value * _shares(value, copies, generator)
    return value


def _shares(value: Tensor, copies: int, generator: torch.Generator) -> Tensor:
    """For each reader (axis 0), what it takes of each copy (axis 1)."""
    readers, read = value.shape[:2]
    drawn = torch.rand(readers, read // copies, copies, generator=generator)
    drawn = 1 + UNEVENNESS * (2 * drawn - 1)
    shares = drawn / drawn.sum(dim=2, keepdim=True)
    return shares.reshape(readers, read, *(1 for _ in value.shape[2:]))
