"""What a run trains for: does this sound belong to this picture, or are both aligned in time?"""

from contextlib import AbstractContextManager
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from sonoscope_training import checks, motion
from sonoscope_training.batches import Batches
from sonoscope_training.errors import TrainingError
from sonoscope_training.losses import alignment_loss, contrast, correspondence_loss
from sonoscope_training.multisensory import Form
from sonoscope_training.networks import Network
from sonoscope_training.recipe import Recipe
from sonoscope_training.shards import ShardSet
from sonoscope_training.stretches import Stretch, StretchSet
from sonoscope_training.validation import Validation
from sonoscope_training.window_batches import WindowBatches
from sonoscope_training.window_validation import WindowValidation, examples

# Pictures and sounds; and, where there are several sounds to choose from, their places.
Inputs = tuple[Tensor, ...]


class Task(Protocol):
    """Batches, a loss over them, and figures on the validation split."""

    # How pictures and the weights that take them lie in memory.
    memory_format: torch.memory_format
    # Clips or stretches in training.
    count: int
    # Examples without which there is nothing to compare.
    least_batch: int

    def epoch(self, step: int) -> int:
        """How many times everything was seen before this step."""

    def batch(self, step: int) -> Inputs:
        """What the towers take; a step's number alone decides it."""

    def part(self, inputs: Inputs, size: int) -> Inputs:
        """The first examples of a batch."""

    def start(self, network: Network, inputs: Inputs, autocast: AbstractContextManager) -> None:
        """Prepare a network that has seen nothing yet."""

    def loss(self, network: Network, inputs: Inputs, autocast: AbstractContextManager) -> Tensor:
        """Of one batch; `autocast` is what may be computed in bfloat16."""

    def validate(self, network: Network, autocast: AbstractContextManager) -> tuple[float, float]:
        """Loss and balanced accuracy."""


class PairTask:
    """Correspondence of pictures and sounds of a batch of clips. Heads are never in bfloat16."""

    memory_format = torch.channels_last
    least_batch = 2

    def __init__(self, shard_set: ShardSet, recipe: Recipe) -> None:
        clips = shard_set.split("train")
        if len(clips) == 1:
            raise TrainingError(
                f"{shard_set.folder} has one clip to train on, so no sound that does not belong "
                f"to its pictures: extract more recordings"
            )
        checks.refuse_sameness([clip.frames[clip.middle()] for clip in clips], "pictures")
        checks.refuse_sameness([clip.spectrograms[clip.middle()] for clip in clips], "sounds")
        self.batches = Batches(clips, recipe)
        self.validate = Validation.of(shard_set.split("validation"))
        self.recipe = recipe
        self.count = len(self.batches.clips)
        self.epoch = self.batches.epoch
        self.batch = self.batches.at

    def part(self, inputs: Inputs, size: int) -> Inputs:
        """The first pictures and sounds."""
        return inputs[0][:size], inputs[1][:size]

    def start(self, network: Network, inputs: Inputs, autocast: AbstractContextManager) -> None:
        """Fit the head's border to what the towers give for the first batch, or leave it alone."""
        if self.recipe.head_start == "fixed":
            network.head.fix()
            return
        network.head.start(*self._features(network, inputs, autocast))

    def loss(self, network: Network, inputs: Inputs, autocast: AbstractContextManager) -> Tensor:
        """Over the pairs that the recipe asks for."""
        logits = network.head.all_pairs(*self._features(network, inputs, autocast))
        loss = correspondence_loss(logits, self.recipe.pairs)
        if self.recipe.contrast:
            loss = loss + self.recipe.contrast * contrast(logits)
        return loss

    @staticmethod
    def _features(network: Network, inputs: Inputs, autocast: AbstractContextManager) -> Inputs:
        with autocast:
            frame, audio = network.frame(inputs[0]), network.audio(inputs[1])
        return frame.float(), audio.float()


class AlignmentTask:
    """Each window with its own sound, and with sound from elsewhere in the same recording.

    The first steps, if the recipe wants any, are those of `motion`.
    """

    memory_format = torch.channels_last_3d
    least_batch = 1

    def __init__(self, stretch_set: StretchSet, recipe: Recipe, form: Form) -> None:
        stretches = stretch_set.split("train")
        refuse_stills(stretches)
        self.batches = WindowBatches(stretches, recipe, form)
        self.validate = WindowValidation(examples(stretch_set.split("validation"), form), form)
        self.recipe = recipe
        self.count = len(self.batches.stretches)
        self.epoch = self.batches.epoch

    def batch(self, step: int) -> Inputs:
        """Windows with two sounds, or in the first steps with a piece of sound around each."""
        if step < self.recipe.motion_steps:
            # At first nothing to choose from: signals have to be told before they are compared.
            early = step < motion.SIGNALS_SHARE * self.recipe.motion_steps
            return self.batches.pieces_at(step, 0 if early else motion.DISTRACTORS)
        return self.batches.at(step)

    def part(self, inputs: Inputs, size: int) -> Inputs:
        """The first windows, each with all of its sounds."""
        if len(inputs) == 3:
            return tuple(part[:size] for part in inputs)
        aligned, misaligned = inputs[1].chunk(2)
        return inputs[0][:size], torch.cat([aligned[:size], misaligned[:size]])

    def start(self, network: Network, inputs: Inputs, autocast: AbstractContextManager) -> None:
        """Prepare for what the first steps teach."""
        if self.recipe.motion_steps:
            motion.start(network)

    def loss(self, network: Network, inputs: Inputs, autocast: AbstractContextManager) -> Tensor:
        """Over as many misaligned windows as aligned ones; most of the work is in the head."""
        if len(inputs) == 3:
            return self._motion_loss(network, inputs, autocast)
        with autocast:
            frame, audio = network.frame(inputs[0]), network.audio(inputs[1])
            logits = network.head.logits(torch.cat([frame, frame]), audio)
        return alignment_loss(logits)

    @staticmethod
    def _motion_loss(network: Network, inputs: Inputs, autocast: AbstractContextManager) -> Tensor:
        pictures, sounds, places = inputs
        with autocast:
            frame, trunk = network.frame(pictures), network.audio[:-1](sounds)
        return motion.loss(network, pictures, sounds, frame.float(), trunk.float(), places)


def refuse_stills(stretches: list[Stretch]) -> None:
    """An error if nothing ever moves: alignment in time could not be seen."""
    if stretches and all(_still(stretch.pictures) for stretch in stretches):
        raise TrainingError(
            f"in none of {len(stretches)} training recordings anything moves, so nothing can be "
            f"seen to go with the sound: extract recordings with moving pictures"
        )


def _still(pictures: np.ndarray) -> bool:
    return all(np.array_equal(pictures[0], other) for other in pictures[1:])
