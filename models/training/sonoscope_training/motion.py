"""What Multisensory's towers learn before they are merged: what moves together with what sounds.

From nothing, the loss of the merged network stays at ln 2 for longer than anyone wants to wait.
Two easier lessons come first, on the features as the head mixes them, so that it finds them there:
how much moves in each cell and how much begins to sound, which signals tell by themselves; and
which of many sounds of a recording goes with the pictures in some cell.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from sonoscope_training.multisensory import AUDIO_STRIDE, WINDOW_STEPS
from sonoscope_training.networks import Network

# Channels of the mixture in which picture and sound are compared, at most.
CHANNELS = 32
# Sounds beside the window's own.
DISTRACTORS = 15
# The share of these steps in which there is the lesson of signals alone.
SIGNALS_SHARE = 0.25
# What the lesson of signals counts beside that of sounds.
SIGNALS_WEIGHT = 0.3
# Similarities of cells are pooled by a maximum as soft as this, and sharpened before the choice.
SOFTNESS, SHARPNESS = 0.03, 12.0
# The first channels tell of signals; at first, others are not to drown them.
SIGNALS, OTHERS_GAIN = 3, 0.15
# Below these, changes of pictures (normalised) and level of sound (full scale 1) are noise.
MOTION_FLOOR, LEVEL_FLOOR = 0.02, 3e-4
# How far the logarithms commonly are from their means over time, as measured on the world.
MOTION_STD, ONSET_STD, LEVEL_STD = 0.5, 0.4, 0.8


@torch.no_grad()
def start(network: Network) -> None:
    """Half of the entrance's filters see change, and the signals' channels are the loudest."""
    entrance = network.frame.conv1.weight
    half, frames = len(entrance) // 2, entrance.shape[2]
    change = torch.zeros(frames, device=entrance.device)
    change[0], change[-1] = -1.0, 1.0
    spatial = entrance[:half].mean(dim=2, keepdim=True) * frames**0.5
    entrance[:half] = spatial * change[:, None, None]
    for mixture in (network.head.wide.frame, network.head.wide.audio):
        mixture.weight[SIGNALS:] *= OTHERS_GAIN


def loss(
    network: Network, pictures: Tensor, sounds: Tensor, frame: Tensor, trunk: Tensor, places: Tensor
) -> Tensor:
    """Of both lessons.

    `frame` and `trunk` are what the towers make of `pictures` and `sounds`, the latter without
    its pooling to the pictures' steps; `places` says where each window's sound begins in the
    trunk's steps, its own first.
    """
    seen = mixed(network.head.wide.frame, frame)
    heard = mixed(network.head.wide.audio, trunk)
    told = signals_loss(seen, motion(pictures, seen.shape[-1]))
    told = told + signals_loss(heard, loudness(sounds))
    choice = similarities(seen, windows(heard, places, network.audio.steps)) * SHARPNESS
    own = torch.zeros(len(choice), dtype=torch.long, device=choice.device)
    return functional.cross_entropy(choice, own) + SIGNALS_WEIGHT * told


def mixed(mixture: nn.Module, features: Tensor) -> Tensor:
    """The first channels of one half of the head's entrance, without its offset."""
    weight = mixture.weight.flatten(1)[:CHANNELS]
    return torch.einsum("nc...,kc->nk...", features, weight)


def windows(heard: Tensor, places: Tensor, pool: nn.Module) -> Tensor:
    """What is heard from each place on, in the pictures' steps: `[n, d, k, t]`."""
    rows = torch.arange(len(heard), device=heard.device)[:, None]
    return pool(heard.unfold(2, WINDOW_STEPS, 1)[rows, :, places])


def similarities(seen: Tensor, heard: Tensor) -> Tensor:
    """Of each window's pictures `[n, k, t, y, x]` with sounds `[n, d, k, t]`: `[n, d]`.

    Cosines of what changes over time, in the cells where they are highest.
    """
    seen = (seen - seen.mean(dim=2, keepdim=True)).flatten(3).flatten(1, 2)
    heard = (heard - heard.mean(dim=3, keepdim=True)).flatten(2)
    cells = functional.normalize(heard, dim=2) @ functional.normalize(seen, dim=1, eps=1e-4)
    return torch.logsumexp(cells / SOFTNESS, dim=2) * SOFTNESS


def signals_loss(mixture: Tensor, signals: Tensor) -> Tensor:
    """How much of the signals' changes over time (axis 2) the first channels do not tell."""
    told = mixture[:, :SIGNALS]
    missed = (told - told.mean(dim=2, keepdim=True)) - (signals - signals.mean(dim=2, keepdim=True))
    return missed.square().mean() / signals.var(dim=2, unbiased=False).mean().clamp_min(1e-6)


def motion(pictures: Tensor, cells: int) -> Tensor:
    """How much moves: `[n, 3, t, y, x]`, twice from the picture before, then to the one behind."""
    grey = pictures.float().mean(dim=1)
    change = (grey[:, 1:] - grey[:, :-1]).abs()
    moved = functional.adaptive_avg_pool2d(torch.cat([change[:, :1], change], dim=1), cells)
    moved = torch.log(moved + MOTION_FLOOR) / MOTION_STD
    coming = torch.cat([moved[:, 1:], moved[:, -1:]], dim=1)
    return torch.stack([moved, moved, coming], dim=1)


def loudness(sounds: Tensor) -> Tensor:
    """What begins to sound, how loud it is, what begins to sound: `[n, 3, steps]`."""
    halves = sounds[:, 0].unflatten(1, (-1, 2, AUDIO_STRIDE // 2))
    level = torch.log(halves.square().mean(dim=3).sqrt() + LEVEL_FLOOR)
    flat = level.flatten(1)
    rises = functional.pad((flat[:, 1:] - flat[:, :-1]).clamp_min(0), (1, 0))
    onset = rises.unflatten(1, (-1, 2)).sum(dim=2) / ONSET_STD
    return torch.stack([onset, level.mean(dim=2) / LEVEL_STD, onset], dim=1)
