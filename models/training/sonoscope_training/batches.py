"""Which clips and seconds a step sees, and how they are varied.

Everything about a step follows from the run's seed and the step's number, so that a resumed run
goes on exactly as it would have.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from sonoscope_training.contract import FRAME_PIXELS, SPECTROGRAM_DIVISOR
from sonoscope_training.errors import TrainingError
from sonoscope_training.recipe import Recipe
from sonoscope_training.shards import STORED_PIXELS, Clip
from sonoscope_training.tensors import normalize, spectrograms_to_tensor

# Shares of red, green and blue in a picture's grey.
LUMA = (0.299, 0.587, 0.114)

# Streams of randomness that must not repeat each other.
ORDER, VARIATION = 0, 1


@dataclass(frozen=True)
class Batches:
    """Batches of distinct clips, a second of each."""

    clips: list[Clip]
    recipe: Recipe

    def __post_init__(self) -> None:
        if len(self.clips) < self.recipe.batch:
            raise TrainingError(
                f"{len(self.clips)} training clips do not fill a batch of {self.recipe.batch}: "
                f"extract more recordings, or choose a smaller --batch"
            )

    def epoch(self, step: int) -> int:
        """How many times every clip was seen before this step."""
        return step // self._steps_per_epoch

    @property
    def _steps_per_epoch(self) -> int:
        return len(self.clips) // self.recipe.batch

    def at(self, step: int) -> tuple[Tensor, Tensor]:
        """Pictures `[batch, 3, 224, 224]` and spectrograms `[batch, 1, 257, 199]` of a step."""
        order = np.random.default_rng([self.recipe.seed, ORDER, self.epoch(step)])
        place = step % self._steps_per_epoch * self.recipe.batch
        chosen = order.permutation(len(self.clips))[place : place + self.recipe.batch]

        random = np.random.default_rng([self.recipe.seed, VARIATION, step])
        clips = [self.clips[index] for index in chosen]
        rows = [random.choice(clip.pairs()) for clip in clips]
        frames = [crop(clip.frames[row], random) for clip, row in zip(clips, rows, strict=True)]
        sounds = [clip.spectrograms[row] for clip, row in zip(clips, rows, strict=True)]
        return (
            self._colours(torch.from_numpy(np.stack(frames)), random),
            self._loudness(spectrograms_to_tensor(np.stack(sounds)), random),
        )

    def _colours(self, frames: Tensor, random: np.random.Generator) -> Tensor:
        """Brightness and saturation varied, normalised, channels first."""
        pictures = frames.permute(0, 3, 1, 2).float() / 255
        brightness, saturation = self._around_one(random, 2, len(frames))
        pictures = (pictures * brightness).clamp_(0, 1)
        grey = torch.einsum("nchw,c->nhw", pictures, torch.tensor(LUMA))[:, None]
        pictures = torch.lerp(grey, pictures, saturation).clamp_(0, 1)
        return normalize(pictures).contiguous(memory_format=torch.channels_last)

    def _around_one(self, random: np.random.Generator, *shape: int) -> Tensor:
        jitter = self.recipe.colour_jitter
        factors = random.uniform(1 - jitter, 1 + jitter, shape)
        return torch.from_numpy(factors).float()[..., None, None, None]

    def _loudness(self, spectrograms: Tensor, random: np.random.Generator) -> Tensor:
        """Louder or softer by some decibels, which is a shift of a logarithmic spectrogram."""
        jitter = self.recipe.gain_jitter_db / SPECTROGRAM_DIVISOR
        gains = torch.from_numpy(random.uniform(-jitter, jitter, len(spectrograms))).float()
        return spectrograms + gains[:, None, None, None]


def crop(frame: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """A random part of 224x224 pixels of a picture, mirrored every other time."""
    top, left = random.integers(0, STORED_PIXELS - FRAME_PIXELS + 1, 2)
    part = frame[top : top + FRAME_PIXELS, left : left + FRAME_PIXELS]
    return part[:, ::-1] if random.random() < 0.5 else part
