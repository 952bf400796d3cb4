"""Loss and accuracy on the validation split, while a network is being trained."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from sonoscope_training.losses import correspondence_loss
from sonoscope_training.networks import Network
from sonoscope_training.shards import Clip
from sonoscope_training.tensors import frames_to_tensor, spectrograms_to_tensor

# More clips cost time and hardly change the figures.
CLIPS_MAX = 384
BATCH = 32


@dataclass(frozen=True)
class Validation:
    """The middle second of each clip, ready for the towers."""

    frames: Tensor
    spectrograms: Tensor

    @classmethod
    def of(cls, clips: list[Clip]) -> "Validation":
        """Without a look at any truth: a network that learns unsupervised is chosen so, too."""
        clips = clips[:CLIPS_MAX]
        frames = np.stack([clip.frames[clip.middle()] for clip in clips])
        sounds = np.stack([clip.spectrograms[clip.middle()] for clip in clips])
        return cls(frames_to_tensor(frames), torch.from_numpy(sounds))

    @torch.inference_mode()
    def __call__(self, network: Network, autocast) -> tuple[float, float]:
        """Loss and balanced accuracy over all pairs; the network goes back to training mode."""
        network.eval()
        with autocast:
            frame = _features(network.frame, self.frames)
            audio = _features(network.audio, spectrograms_to_tensor(self.spectrograms))
        logits = torch.cat([network.head.all_pairs(part, audio) for part in frame.split(BATCH)])
        network.train()
        return float(correspondence_loss(logits)), balanced_accuracy(logits)


def balanced_accuracy(logits: Tensor) -> float:
    """Mean of the share of matching pairs and the share of others that are told right."""
    hits = (logits.diagonal() >= 0).double().mean()
    others = ~torch.eye(len(logits), dtype=torch.bool, device=logits.device)
    rejections = (logits[others] < 0).double().mean()
    return float(hits + rejections) / 2


def _features(tower, inputs: Tensor) -> Tensor:
    device = next(tower.parameters()).device
    return torch.cat([tower(part.to(device)).float() for part in inputs.split(BATCH)])
