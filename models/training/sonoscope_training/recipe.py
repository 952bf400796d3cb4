"""How a network is trained: every number of a run, in one place.

The shipped recipes are the files of `configurations`. The defaults are those of `default.toml`,
found by measuring on two cores. Three things carry a network off its plateau at ln 2: every
picture of a batch is compared with every sound of it, batch normalisation stands behind the FCs,
and the head starts with its border at the towers' actual initial distance.
"""

import math
from dataclasses import asdict, dataclass
from typing import Literal


@dataclass(frozen=True)
class Recipe:
    """One run's numbers. A run can only be resumed with the same ones."""

    steps: int = 1700
    batch: int = 32
    # "all": every picture with every sound of the batch. "two": each picture with its own sound
    # and with one other, as published.
    pairs: Literal["all", "two"] = "all"
    # Weight of the contrastive cross-entropy beside the loss of the pairs.
    contrast: float = 0.3
    learning_rate: float = 1e-3
    schedule: Literal["cosine", "stairs"] = "cosine"
    warmup_steps: int = 100
    weight_decay: float = 1e-5
    gain_jitter_db: float = 4.8
    colour_jitter: float = 0.1
    bfloat16: bool = True
    # Of AVE-Net and AVOL-Net: batch normalisation behind the FCs.
    batch_norm: bool = True
    # "measured": the head's border starts at the distance that the towers give. "fixed": at a
    # distance that follows from nothing but what distances there can be.
    head_start: Literal["measured", "fixed"] = "measured"
    # Of Multisensory: this share of the steps first teaches the towers what moves and what sounds.
    motion_share: float = 0.0
    validate_every: int = 100
    seed: int = 0

    @property
    def motion_steps(self) -> int:
        """Steps before the towers are merged."""
        return int(self.motion_share * self.steps)

    def learning_rate_at(self, step: int, epoch: int) -> float:
        """Of a step, counted from 0."""
        warm = min(1.0, (step + 1) / max(1, self.warmup_steps))
        return self.learning_rate * warm * self._decay(step, epoch)

    def _decay(self, step: int, epoch: int) -> float:
        """Half a cosine down to 1 %, or 6 % lower every 16 epochs."""
        if self.schedule == "stairs":
            return 0.94 ** (epoch // 16)
        after = max(0, step - self.warmup_steps) / max(1, self.steps - self.warmup_steps)
        return LAST_SHARE + (1 - LAST_SHARE) * 0.5 * (1 + math.cos(math.pi * after))

    def as_dict(self) -> dict:
        """For checkpoints."""
        return asdict(self)


# Share of the learning rate that the cosine ends at.
LAST_SHARE = 0.01

SCRATCH = Recipe()
