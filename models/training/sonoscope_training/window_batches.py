"""Which windows a step of Multisensory sees, and how they are varied.

As with pairs, everything about a step follows from the run's seed and the step's number.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from sonoscope_training import pieces, windows
from sonoscope_training.batches import LUMA, ORDER, VARIATION
from sonoscope_training.contract import FRAME_MEAN, FRAME_STD
from sonoscope_training.errors import TrainingError
from sonoscope_training.multisensory import WINDOW_SAMPLES, Form
from sonoscope_training.recipe import Recipe
from sonoscope_training.stretches import Stretch
from sonoscope_training.tensors import waveforms_to_tensor
from sonoscope_training.windows import Window


@dataclass(frozen=True)
class WindowBatches:
    """A window of each of some distinct stretches, its own sound, and sound from elsewhere."""

    stretches: list[Stretch]
    recipe: Recipe
    form: Form
    choices: list[list[Window]] = field(init=False)

    def __post_init__(self) -> None:
        found = [(stretch, windows.usable(stretch, self.form)) for stretch in self.stretches]
        kept = [(stretch, choices) for stretch, choices in found if choices]
        # The dataclass is frozen for its users; these two follow from the stretches.
        object.__setattr__(self, "stretches", [stretch for stretch, _ in kept])
        object.__setattr__(self, "choices", [choices for _, choices in kept])
        if len(kept) < self.recipe.batch:
            raise TrainingError(
                f"{len(kept)} of {len(found)} training recordings have a window that is heard "
                f"and whose sound can be shifted by {windows.LEAST_SHIFT_S:g} s (7 s in one piece "
                f"do); they do not fill a batch of {self.recipe.batch}: extract more or longer "
                f"recordings, or choose a smaller --batch"
            )

    def epoch(self, step: int) -> int:
        """How many times every stretch was seen before this step."""
        return step // self._steps_per_epoch

    @property
    def _steps_per_epoch(self) -> int:
        return len(self.stretches) // self.recipe.batch

    def at(self, step: int) -> tuple[Tensor, Tensor]:
        """Pictures `[batch, 3, frames, side, side]` and waveforms `[2 * batch, 1, 88200]`.

        The first half of the waveforms is aligned with the pictures, the second is not.
        """
        random = np.random.default_rng([self.recipe.seed, VARIATION, step])
        pictures, aligned, misaligned = [], [], []
        for stretch, window in self._drawn(step, random):
            pictures.append(crop(pictures_of(stretch, window, self.form), self.form, random))
            aligned.append(sound_of(stretch, window.first_sample))
            elsewhere = windows.shifted(window, stretch, self.form, random)
            misaligned.append(sound_of(stretch, elsewhere))
        return (
            self._colours(torch.from_numpy(np.stack(pictures)), random),
            self._loudness(waveforms_to_tensor(np.stack(aligned + misaligned)), random),
        )

    def pieces_at(self, step: int, distractors: int) -> tuple[Tensor, Tensor, Tensor]:
        """Pictures as in `at`, the sound far around each, and places in it, in steps of sound.

        Sounds are `[batch, 1, samples]`, places `[batch, 1 + distractors]`: the first is where the
        window's own sound begins, the others where some other sound does.
        """
        random = np.random.default_rng([self.recipe.seed, VARIATION, step])
        pictures, sounds, places = [], [], []
        for stretch, window in self._drawn(step, random):
            pictures.append(crop(pictures_of(stretch, window, self.form), self.form, random))
            piece = pieces.around(window, stretch, random)
            sounds.append(piece.sound)
            places.append(piece.places(distractors, random))
        return (
            self._colours(torch.from_numpy(np.stack(pictures)), random),
            self._loudness(waveforms_to_tensor(np.stack(sounds)), random),
            torch.from_numpy(np.stack(places)),
        )

    def _drawn(self, step: int, random: np.random.Generator) -> Iterator[tuple[Stretch, Window]]:
        """The stretches of a step, and a window of each."""
        order = np.random.default_rng([self.recipe.seed, ORDER, self.epoch(step)])
        place = step % self._steps_per_epoch * self.recipe.batch
        chosen = order.permutation(len(self.stretches))[place : place + self.recipe.batch]
        for index in chosen:
            choices = self.choices[index]
            yield self.stretches[index], choices[random.integers(len(choices))]

    def _colours(self, pictures: Tensor, random: np.random.Generator) -> Tensor:
        """Brightness and saturation varied, each window's pictures alike; normalised.

        All of it is linear in the colours, so it is one matrix and one offset a window.
        """
        jitter = self.recipe.colour_jitter
        factors = random.uniform(1 - jitter, 1 + jitter, (2, len(pictures), 1, 1))
        brightness, saturation = torch.from_numpy(factors).float()
        grey = torch.tensor(LUMA).expand(3, 3)
        std = torch.tensor(FRAME_STD)
        colours = brightness * torch.lerp(grey, torch.eye(3), saturation) / (255 * std[:, None])
        varied = torch.einsum("btyxc,bdc->btyxd", pictures.float(), colours)
        varied -= torch.tensor(FRAME_MEAN) / std
        # In memory colours lie side by side, which is how convolutions over time like it best.
        return varied.permute(0, 4, 1, 2, 3)

    def _loudness(self, sounds: Tensor, random: np.random.Generator) -> Tensor:
        """Louder or softer by some decibels."""
        jitter_db = self.recipe.gain_jitter_db
        gains = 10 ** (random.uniform(-jitter_db, jitter_db, (len(sounds), 1, 1)) / 20)
        return sounds * torch.from_numpy(gains).float()


def pictures_of(stretch: Stretch, window: Window, form: Form) -> np.ndarray:
    """`[frames, side, side, 3]`, as stored."""
    return stretch.pictures[window.first_picture : window.first_picture + form.frames]


def sound_of(stretch: Stretch, first_sample: int) -> np.ndarray:
    """`[88200]`, 16-bit integers."""
    return stretch.waveform[first_sample : first_sample + WINDOW_SAMPLES]


def crop(pictures: np.ndarray, form: Form, random: np.random.Generator) -> np.ndarray:
    """The same random part of all pictures of a window, mirrored every other time."""
    top, left = random.integers(0, form.stored_pixels - form.pixels + 1, 2)
    part = pictures[:, top : top + form.pixels, left : left + form.pixels]
    return part[:, :, ::-1] if random.random() < 0.5 else part
