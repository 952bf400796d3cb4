"""Batch normalisation folded into the layer before it: in evaluation it is a scale and a shift."""

from collections import OrderedDict

import torch
from torch import Tensor, nn

BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)


def fold(tower: nn.Sequential) -> nn.Sequential:
    """A copy of the tower, for evaluation, without its batch normalisations."""
    folded: OrderedDict[str, nn.Module] = OrderedDict()
    for name, layer in tower.named_children():
        if isinstance(layer, BATCH_NORMS):
            previous, before = folded.popitem()
            folded[previous] = _merged(before, layer)
        else:
            folded[name] = layer
    return nn.Sequential(folded).eval()


@torch.no_grad()
def _merged(layer: nn.Module, norm: nn.Module) -> nn.Module:
    """Convolution or FC that gives what `norm` makes of what `layer` gives."""
    scale = norm.weight.double() / torch.sqrt(norm.running_var.double() + norm.eps)
    shift = norm.bias.double() - norm.running_mean.double() * scale
    merged = _like(layer)
    merged.weight.copy_(layer.weight.double() * _per_output(scale, layer.weight))
    merged.bias.copy_(layer.bias.double() * scale + shift)
    return merged


def _like(layer: nn.Module) -> nn.Module:
    """A layer of the same kind and shape."""
    if isinstance(layer, nn.Linear):
        return nn.Linear(layer.in_features, layer.out_features)
    if isinstance(layer, nn.Conv2d):
        return nn.Conv2d(
            layer.in_channels,
            layer.out_channels,
            layer.kernel_size,
            stride=layer.stride,
            padding=layer.padding,
        )
    raise TypeError(f"batch normalisation behind {layer} cannot be folded")


def _per_output(scale: Tensor, weight: Tensor) -> Tensor:
    """One factor an output channel, shaped to multiply a weight."""
    return scale.reshape(-1, *[1] * (weight.dim() - 1))
