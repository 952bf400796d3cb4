"""The few layers PyTorch has no module for."""

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


class Affine(nn.Module):
    """Each channel of `[n, c, h, w]` times its `scale`, plus its `shift`: both `[c, 1, 1]`."""

    def __init__(self, scale: Tensor, shift: Tensor) -> None:
        super().__init__()
        self.register_buffer("scale", scale)
        self.register_buffer("shift", shift)

    def forward(self, maps: Tensor) -> Tensor:
        """Scale and shift."""
        return maps * self.scale + self.shift


class L2Normalize(nn.Module):
    """Each row of `[n, c]` scaled to length 1."""

    def forward(self, features: Tensor) -> Tensor:
        """Scale, in single precision: a length is a sum of many squares."""
        return functional.normalize(features.float(), dim=1, eps=SHORTEST_LENGTH)


class Residual(nn.Module):
    """What `main` makes of a flow, plus what `shortcut` makes of it, through a ReLU.

    An empty `shortcut` leaves the flow as it is.
    """

    def __init__(self, main: nn.Sequential, shortcut: nn.Sequential) -> None:
        super().__init__()
        self.main = main
        self.shortcut = shortcut

    def forward(self, flow: Tensor) -> Tensor:
        """Both ways, added."""
        return torch.relu(self.main(flow) + self.shortcut(flow))


class TimePool(nn.Module):
    """`[n, c, t]` to `[n, c, u]`: each new step a weighted mean of old ones.

    Takes the weights `[t, u]`; they say when things are and are never learned.
    """

    def __init__(self, weights: Tensor) -> None:
        super().__init__()
        self.register_buffer("weights", weights, persistent=False)

    def forward(self, flow: Tensor) -> Tensor:
        """The means, in the precision of the flow."""
        return flow @ self.weights.to(flow.dtype)


class Fuse(nn.Module):
    """A 1x1x1 convolution over picture and sound side by side.

    Picture is `[n, p, t, h, w]`, sound `[n, s, t]`, the same in every cell: each goes through its
    half of the weights, and the sound's half is never spread over space before that.
    """

    def __init__(self, frame_channels: int, audio_channels: int, channels: int) -> None:
        super().__init__()
        self.frame = nn.Conv3d(frame_channels, channels, 1)
        self.audio = nn.Conv1d(audio_channels, channels, 1, bias=False)

    def forward(self, frame: Tensor, audio: Tensor) -> Tensor:
        """To `[n, channels, t, h, w]`."""
        return self.frame(frame) + self.audio(audio)[..., None, None]
