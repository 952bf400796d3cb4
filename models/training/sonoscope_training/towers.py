"""The convolutional trunk that every tower begins with, and the layers towers end with.

A tower is a flat `nn.Sequential` whose layers carry the names of the published checkpoints
(`conv1_1`, `bn1_1`, ...). Flat and named, it can be folded, written to ONNX and started from
another network's tower layer by layer.
"""

from collections import OrderedDict

from torch import nn

from sonoscope_training.errors import TrainingError

FRAME_CHANNELS = 3
AUDIO_CHANNELS = 1

# Length of AVE-Net's and AVOL-Net's features, at any width.
EMBEDDING = 128

# Channels of the four blocks at the published width.
PUBLISHED_CHANNELS = (64, 128, 256, 512)

Layers = OrderedDict[str, nn.Module]


def channels(width: float) -> tuple[int, ...]:
    """Channels of the four blocks at a share of the published width."""
    scaled = [count * width for count in PUBLISHED_CHANNELS]
    if width <= 0 or any(count != int(count) for count in scaled):
        raise TrainingError(
            f"width {width} gives {scaled} channels: choose a multiple of 1/64, such as 0.25"
        )
    return tuple(int(count) for count in scaled)


def trunk(input_channels: int, width: float) -> Layers:
    """Four blocks of two 3x3 convolutions, a 2x2 pool between blocks, stride 2 at the entrance.

    A picture of 224x224 leaves it as 14x14 cells, a spectrogram of 257x199 as 16x12.
    """
    layers: Layers = OrderedDict()
    previous = input_channels
    for block, count in enumerate(channels(width), start=1):
        for place in (1, 2):
            stride = 2 if (block, place) == (1, 1) else 1
            convolution = nn.Conv2d(previous, count, 3, stride=stride, padding=1)
            nn.init.kaiming_normal_(convolution.weight, mode="fan_out", nonlinearity="relu")
            nn.init.zeros_(convolution.bias)
            layers[f"conv{block}_{place}"] = convolution
            layers[f"bn{block}_{place}"] = nn.BatchNorm2d(count)
            layers[f"relu{block}_{place}"] = nn.ReLU()
            previous = count
        if block < len(PUBLISHED_CHANNELS):
            layers[f"pool{block}"] = nn.MaxPool2d(2, 2)
    return layers


def fully_connected(inputs: int, *, batch_norm: bool) -> Layers:
    """FC to 128, ReLU, FC to 128; with `batch_norm`, one behind each FC (folded at export)."""
    layers: Layers = OrderedDict(fc1=nn.Linear(inputs, EMBEDDING))
    if batch_norm:
        layers["bn_fc1"] = nn.BatchNorm1d(EMBEDDING)
    layers["relu_fc1"] = nn.ReLU()
    layers["fc2"] = nn.Linear(EMBEDDING, EMBEDDING)
    if batch_norm:
        layers["bn_fc2"] = nn.BatchNorm1d(EMBEDDING)
    return layers
