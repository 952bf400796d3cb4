"""The two layers PyTorch has no module for."""

import torch
from torch import Tensor, nn
from torch.nn import functional

# Below this length a vector is divided by it instead of by its own length.
SHORTEST_LENGTH = 1e-12


class GlobalMaxPool(nn.Module):
    """The largest value of each channel: `[n, c, h, w]` to `[n, c]`."""

    def forward(self, maps: Tensor) -> Tensor:
        """Pool over rows and columns."""
        return torch.amax(maps, dim=(2, 3))


class L2Normalize(nn.Module):
    """Each row of `[n, c]` scaled to length 1."""

    def forward(self, features: Tensor) -> Tensor:
        """Scale, in single precision: a length is a sum of many squares."""
        return functional.normalize(features.float(), dim=1, eps=SHORTEST_LENGTH)
