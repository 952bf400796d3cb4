"""Batch normalisation folded into the layer before it: in evaluation it is a scale and a shift.

Where no layer before it can take them, they become a layer of their own.
"""

import copy
from collections import OrderedDict

import torch
from torch import Tensor, nn

from sonoscope_training.layers import Affine, Fuse, Residual

BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
FOLDABLE = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)


def fold(tower: nn.Sequential) -> nn.Sequential:
    """A copy of the tower, for evaluation, without its batch normalisations."""
    folded: OrderedDict[str, nn.Module] = OrderedDict()
    for name, layer in tower.named_children():
        if isinstance(layer, BATCH_NORMS):
            previous = next(reversed(folded), None)
            if isinstance(folded.get(previous), FOLDABLE):
                folded[previous] = merged(folded[previous], layer)
            else:
                folded[name] = affine(layer)
        elif isinstance(layer, Residual):
            folded[name] = Residual(fold(layer.main), fold(layer.shortcut))
        else:
            folded[name] = layer
    return nn.Sequential(folded).eval()


@torch.no_grad()
def affine(norm: nn.Module) -> Affine:
    """What a normalisation of maps does, for itself."""
    if not isinstance(norm, nn.BatchNorm2d):
        raise TypeError(f"{norm} has no layer before it to be folded into")
    scale, shift = _scale_and_shift(norm)
    return Affine(scale.float()[:, None, None], shift.float()[:, None, None])


@torch.no_grad()
def merged(layer: nn.Module, norm: nn.Module) -> nn.Module:
    """Convolution or FC that gives what `norm` makes of what `layer` gives."""
    scale, shift = _scale_and_shift(norm)
    both = copy.deepcopy(layer)
    if isinstance(both, Fuse):
        _rescale(both.audio, scale, shift)
        _rescale(both.frame, scale, shift)
    elif isinstance(both, FOLDABLE):
        _rescale(both, scale, shift)
    else:
        raise TypeError(f"batch normalisation behind {layer} cannot be folded")
    return both


def _scale_and_shift(norm: nn.Module) -> tuple[Tensor, Tensor]:
    """In double precision."""
    scale = norm.weight.double() / torch.sqrt(norm.running_var.double() + norm.eps)
    return scale, norm.bias.double() - norm.running_mean.double() * scale


def _rescale(layer: nn.Module, scale: Tensor, shift: Tensor) -> None:
    """One factor an output channel, and a shift if there is a bias to take it."""
    factors = scale.reshape(-1, *[1] * (layer.weight.dim() - 1))
    layer.weight.copy_(layer.weight.double() * factors)
    if layer.bias is not None:
        layer.bias.copy_(layer.bias.double() * scale + shift)
