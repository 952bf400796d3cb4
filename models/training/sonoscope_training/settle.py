"""A seeded network brought to life: statistics of its batch normalisations from made-up inputs.

Without them the features of an untrained network of this depth hardly differ from input to
input, and nothing that one would test with it could be seen.
"""

import torch
from torch import Tensor

from sonoscope_training import inputs
from sonoscope_training.folding import BATCH_NORMS
from sonoscope_training.multisensory import form_of
from sonoscope_training.networks import MULTISENSORY, Network, Shape
from sonoscope_training.tensors import (
    frames_to_tensor,
    spectrograms_to_tensor,
    waveforms_to_tensor,
    windows_to_tensor,
)

SAMPLES = 16
# A window is as much to compute as many pictures.
WINDOWS = 4


@torch.no_grad()
def settle(network: Network, seed: int) -> None:
    """Set running statistics from one batch, then start the head; leaves evaluation mode on."""
    norms = [layer for layer in network.modules() if isinstance(layer, BATCH_NORMS)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 1.0
    network.train()
    count = WINDOWS if network.shape.family == MULTISENSORY else SAMPLES
    frames, sounds = made_up(network.shape, count, seed)
    network.head.start(network.frame(frames), network.audio(sounds))
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    network.eval()


def made_up(shape: Shape, count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Seeded inputs of a network's towers."""
    if shape.family == MULTISENSORY:
        form = form_of(shape.form)
        return (
            windows_to_tensor(inputs.windows(count, form, seed), form.pixels),
            waveforms_to_tensor(inputs.waveforms(count, seed)),
        )
    return (
        frames_to_tensor(inputs.frames(count, seed)),
        spectrograms_to_tensor(inputs.spectrograms(count, seed)),
    )
