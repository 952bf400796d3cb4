"""A seeded network brought to life: statistics of its batch normalisations from made-up inputs.

Without them the features of an untrained network of this depth hardly differ from input to
input, and nothing that one would test with it could be seen.
"""

import torch

from sonoscope_training import inputs
from sonoscope_training.folding import BATCH_NORMS
from sonoscope_training.networks import Network
from sonoscope_training.tensors import frames_to_tensor, spectrograms_to_tensor

SAMPLES = 16


@torch.no_grad()
def settle(network: Network, seed: int) -> None:
    """Set running statistics from one batch, then start the head; leaves evaluation mode on."""
    norms = [layer for layer in network.modules() if isinstance(layer, BATCH_NORMS)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 1.0
    network.train()
    network.head.start(
        network.frame(frames_to_tensor(inputs.frames(SAMPLES, seed))),
        network.audio(spectrograms_to_tensor(inputs.spectrograms(SAMPLES, seed))),
    )
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    network.eval()
