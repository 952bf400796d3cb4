"""AVOL-Net: correspondence of a sound with each cell of the picture; its maximum is the answer."""

from collections import OrderedDict

import torch
from torch import Tensor, nn

from sonoscope_training import towers
from sonoscope_training.layers import GlobalMaxPool

# Rows and columns of the heatmap: what the trunk leaves of a picture of 224x224.
CELLS = 14

# Scale and bias of the last 1x1 convolution before training. With a scale of 1 and no bias the
# maximum over the map saturates at once and nothing is ever learned.
INITIAL_SCALE = 0.1
INITIAL_BIAS = -3.0


def frame_tower(width: float, *, batch_norm: bool) -> nn.Sequential:
    """Trunk and two 1x1 convolutions, linear: to `[n, 128, 14, 14]`."""
    layers = towers.trunk(towers.FRAME_CHANNELS, width)
    previous = towers.channels(width)[-1]
    for name in ("conv5", "conv6"):
        layers[name] = nn.Conv2d(previous, towers.EMBEDDING, 1)
        if batch_norm:
            layers[f"bn_{name}"] = nn.BatchNorm2d(towers.EMBEDDING)
        previous = towers.EMBEDDING
    return nn.Sequential(layers)


def audio_tower(width: float, *, batch_norm: bool) -> nn.Sequential:
    """Trunk, global max pool, FC, ReLU, FC: to `[n, 128]`, of any length."""
    layers = towers.trunk(towers.AUDIO_CHANNELS, width)
    layers["pool4"] = GlobalMaxPool()
    layers.update(towers.fully_connected(towers.channels(width)[-1], batch_norm=batch_norm))
    return nn.Sequential(layers)


class AvolHead(nn.Module):
    """Scalar product with each cell, 1x1 convolution of it, sigmoid, maximum.

    `low_corresponds` is for the published weights, in which 0 says that they belong together.
    """

    def __init__(self, *, low_corresponds: bool = False) -> None:
        super().__init__()
        self.low_corresponds = low_corresponds
        self.conv7 = nn.Conv2d(1, 1, 1)
        nn.init.constant_(self.conv7.weight, INITIAL_SCALE)
        nn.init.constant_(self.conv7.bias, INITIAL_BIAS)

    def fix(self) -> None:
        """Nothing to fit either way."""

    def start(self, frame_features: Tensor, audio_features: Tensor) -> None:
        """Nothing to fit: scale and bias are constants."""

    def cell_logits(self, products: Tensor) -> Tensor:
        """The 1x1 convolution of one channel is a scale and a bias."""
        return products * self.conv7.weight.squeeze() + self.conv7.bias.squeeze()

    def all_pairs(self, frame_features: Tensor, audio_features: Tensor) -> Tensor:
        """Logit of correspondence of every picture (rows) with every sound (columns)."""
        products = torch.einsum("ncyx,mc->nmyx", frame_features, audio_features)
        largest = self.cell_logits(products).amax(dim=(2, 3))
        return -largest if self.low_corresponds else largest

    def scores(self, frame_features: Tensor, audio_features: Tensor) -> dict[str, Tensor]:
        """Of each picture with the sound of the same row; the heatmap is high where it sounds."""
        products = torch.einsum("ncyx,nc->nyx", frame_features, audio_features)
        cells = torch.sigmoid(self.cell_logits(products))
        largest = cells.amax(dim=(1, 2))
        if self.low_corresponds:
            return {"correspondence": 1 - largest, "heatmap": 1 - cells}
        return {"correspondence": largest, "heatmap": cells}


def build(width: float, *, batch_norm: bool) -> OrderedDict[str, nn.Module]:
    """The three parts of AVOL-Net."""
    return OrderedDict(
        frame=frame_tower(width, batch_norm=batch_norm),
        audio=audio_tower(width, batch_norm=batch_norm),
        head=AvolHead(),
    )
