"""L3-Net: two pooled features side by side, and correspondence from both together."""

from collections import OrderedDict

import torch
from torch import Tensor, nn

from sonoscope_training import towers
from sonoscope_training.layers import GlobalMaxPool

HIDDEN = 128


def tower(input_channels: int, width: float) -> nn.Sequential:
    """Trunk and global max pool: to `[n, 512 * width]`."""
    layers = towers.trunk(input_channels, width)
    layers["pool4"] = GlobalMaxPool()
    return nn.Sequential(layers)


class L3Head(nn.Module):
    """Features of both to 128, ReLU, to two classes, of which index 0 says 'corresponds'."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(2 * features, HIDDEN)
        self.fc2 = nn.Linear(HIDDEN, 2)

    def fix(self) -> None:
        """Nothing to fit either way."""

    def start(self, frame_features: Tensor, audio_features: Tensor) -> None:
        """Nothing to fit: PyTorch's own initial values do."""

    def all_pairs(self, frame_features: Tensor, audio_features: Tensor) -> Tensor:
        """Logit of correspondence of every picture (rows) with every sound (columns).

        The first FC is linear in both features, so each goes through its half of it only once.
        """
        from_frame, from_audio = self.fc1.weight.chunk(2, dim=1)
        frames = frame_features @ from_frame.T
        sounds = audio_features @ from_audio.T + self.fc1.bias
        return self.logit(frames[:, None] + sounds[None, :])

    def logit(self, hidden: Tensor) -> Tensor:
        """Of the softmax's first class; that of two classes is a sigmoid of their difference."""
        classes = self.fc2(torch.relu(hidden))
        return classes[..., 0] - classes[..., 1]

    def scores(self, frame_features: Tensor, audio_features: Tensor) -> dict[str, Tensor]:
        """Of each picture with the sound of the same row."""
        hidden = self.fc1(torch.cat([frame_features, audio_features], dim=1))
        return {"correspondence": torch.sigmoid(self.logit(hidden))}


def build(width: float, *, batch_norm: bool) -> OrderedDict[str, nn.Module]:
    """The three parts of L3-Net, which has no batch normalisation behind its FCs."""
    del batch_norm
    return OrderedDict(
        frame=tower(towers.FRAME_CHANNELS, width),
        audio=tower(towers.AUDIO_CHANNELS, width),
        head=L3Head(towers.channels(width)[-1]),
    )
