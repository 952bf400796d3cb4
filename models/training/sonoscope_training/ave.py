"""AVE-Net: two embeddings of unit length, and correspondence from their distance alone."""

from collections import OrderedDict

import torch
from torch import Tensor, nn

from sonoscope_training import towers
from sonoscope_training.layers import GlobalMaxPool, L2Normalize

# How steeply the two classes part with distance, in opposite directions, before training.
INITIAL_SLOPE = 3.0
# Mean distance of embeddings of networks yet untrained that batch normalisation has spread.
INITIAL_DISTANCE = 1.38
# Of two unit vectors: between 0 and 2.
MIDDLE_DISTANCE = 1.0
# Under the root, so that its slope stays finite where two embeddings meet.
SQUARE_FLOOR = 1e-12


def tower(input_channels: int, width: float, *, batch_norm: bool) -> nn.Sequential:
    """Trunk, global max pool, FC, ReLU, FC, unit length: to `[n, 128]`."""
    layers = towers.trunk(input_channels, width)
    layers["pool4"] = GlobalMaxPool()
    layers.update(towers.fully_connected(towers.channels(width)[-1], batch_norm=batch_norm))
    layers["norm"] = L2Normalize()
    return nn.Sequential(layers)


def distance(frame_features: Tensor, audio_features: Tensor) -> Tensor:
    """Euclidean distance over the last axis."""
    square = (frame_features - audio_features).square().sum(dim=-1)
    return torch.sqrt(square + SQUARE_FLOOR)


class AveHead(nn.Module):
    """Distance to two classes, of which index 0 says 'corresponds', as in the published weights."""

    def __init__(self) -> None:
        super().__init__()
        self.fc3 = nn.Linear(1, 2)
        self.centre(INITIAL_DISTANCE)

    @torch.no_grad()
    def centre(self, middle: float) -> None:
        """Start anew: a distance under `middle` corresponds, one above it does not."""
        self.fc3.weight.copy_(torch.tensor([[-INITIAL_SLOPE], [INITIAL_SLOPE]]))
        self.fc3.bias.copy_(torch.tensor([INITIAL_SLOPE, -INITIAL_SLOPE]) * middle)

    def fix(self) -> None:
        """Start without a look at the towers: a distance under 1 of at most 2 corresponds."""
        self.centre(MIDDLE_DISTANCE)

    def start(self, frame_features: Tensor, audio_features: Tensor) -> None:
        """Put the border between the classes at the mean distance that the towers give now."""
        apart = distance(frame_features[:, None], audio_features[None, :])
        self.centre(float(apart.mean()))

    def all_pairs(self, frame_features: Tensor, audio_features: Tensor) -> Tensor:
        """Logit of correspondence of every picture (rows) with every sound (columns)."""
        return self.logit(distance(frame_features[:, None], audio_features[None, :]))

    def logit(self, apart: Tensor) -> Tensor:
        """Of the softmax's first class; that of two classes is a sigmoid of their difference."""
        classes = self.fc3(apart[..., None])
        return classes[..., 0] - classes[..., 1]

    def scores(self, frame_features: Tensor, audio_features: Tensor) -> dict[str, Tensor]:
        """Of each picture with the sound of the same row."""
        apart = distance(frame_features, audio_features)
        return {"correspondence": torch.sigmoid(self.logit(apart)), "distance": apart}


def build(width: float, *, batch_norm: bool) -> OrderedDict[str, nn.Module]:
    """The three parts of AVE-Net."""
    return OrderedDict(
        frame=tower(towers.FRAME_CHANNELS, width, batch_norm=batch_norm),
        audio=tower(towers.AUDIO_CHANNELS, width, batch_norm=batch_norm),
        head=AveHead(),
    )
