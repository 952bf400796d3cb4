"""The training loop. A folder holds one run: `last.pt`, `best.pt`, `log.jsonl`.

Started again on the same folder, a run goes on from `last.pt` as if it had never stopped.
"""

import json
import math
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from sonoscope_training import checkpoint
from sonoscope_training.batches import Batches
from sonoscope_training.checkpoint import Checkpoint
from sonoscope_training.contract import Provenance
from sonoscope_training.errors import TrainingError
from sonoscope_training.losses import contrast, correspondence_loss
from sonoscope_training.networks import Network
from sonoscope_training.recipe import Recipe
from sonoscope_training.shards import ShardSet
from sonoscope_training.validation import Validation

LAST, BEST, LOG = "last.pt", "best.pt", "log.jsonl"


@dataclass
class Progress:
    """Where a run stands."""

    step: int = 0
    best_loss: float = float("inf")


class Run:
    """One network in training."""

    def __init__(
        self,
        network: Network,
        shard_set: ShardSet,
        recipe: Recipe,
        *,
        provenance: Provenance,
        folder: Path,
        device: str = "cpu",
        keep_head: bool = False,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.network = network.to(device, memory_format=torch.channels_last).train()
        self.batches = Batches(shard_set.split("train"), recipe)
        self.validation = Validation.of(shard_set.split("validation"))
        self.recipe = recipe
        self.provenance = provenance
        self.folder = folder
        self.device = device
        self.keep_head = keep_head
        self.progress = Progress()
        self.optimizer = torch.optim.Adam(
            network.parameters(), weight_decay=recipe.weight_decay, fused=True
        )

    def train(self, until: int | None = None) -> Path:
        """Train to the recipe's last step, or `until` one before; returns the best checkpoint."""
        last = self.recipe.steps if until is None else min(until, self.recipe.steps)
        if not self._resume() and not self.keep_head:
            self._start_head()
        losses, started = [], time.monotonic()
        while self.progress.step < last:
            losses.append(self._step())
            step = self.progress.step
            if step % self.recipe.validate_every == 0 or step == self.recipe.steps:
                self._report(torch.stack(losses).mean().item(), time.monotonic() - started)
                losses, started = [], time.monotonic()
        return self.folder / BEST

    def _step(self) -> torch.Tensor:
        step = self.progress.step
        for group in self.optimizer.param_groups:
            group["lr"] = self.recipe.learning_rate_at(step, self.batches.epoch(step))
        logits = self.network.head.all_pairs(*self._features(step))
        loss = correspondence_loss(logits, self.recipe.pairs)
        total = loss
        if self.recipe.contrast:
            total = loss + self.recipe.contrast * contrast(logits)
        self.optimizer.zero_grad(set_to_none=True)
        total.backward()
        self.optimizer.step()
        self.progress.step += 1
        return loss.detach()

    def _features(self, step: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Of a step's batch. Towers in bfloat16 where the recipe says so; heads never are."""
        frames, spectrograms = (part.to(self.device) for part in self.batches.at(step))
        with self._autocast():
            frame = self.network.frame(frames)
            audio = self.network.audio(spectrograms)
        return frame.float(), audio.float()

    def _autocast(self) -> AbstractContextManager:
        return torch.autocast(self.device, torch.bfloat16, enabled=self.recipe.bfloat16)

    @torch.no_grad()
    def _start_head(self) -> None:
        """Fit the head's border to what the towers give for the first batch."""
        self.network.head.start(*self._features(0))

    def _report(self, loss: float, seconds: float) -> None:
        """Validate, keep what is worth keeping, say where the run stands."""
        if not math.isfinite(loss):
            raise TrainingError(
                f"the loss is {loss} at step {self.progress.step}: lower --learning-rate, and "
                f"start anew in another --out"
            )
        validation_loss, accuracy = self.validation(self.network, self._autocast())
        best = validation_loss < self.progress.best_loss
        self.progress.best_loss = min(validation_loss, self.progress.best_loss)
        kept = self._checkpoint(validation_loss)
        if best:
            checkpoint.save(kept, self.folder / BEST)
        checkpoint.save(replace(kept, training=self._training_state()), self.folder / LAST)
        figures = {
            "step": self.progress.step,
            "loss": round(loss, 5),
            "validation_loss": round(validation_loss, 5),
            "validation_accuracy": round(accuracy, 5),
            "seconds": round(seconds, 1),
        }
        with (self.folder / LOG).open("a") as log:
            log.write(json.dumps(figures) + "\n")
        print(f"{_line(figures, self.recipe.steps)}{'  best' if best else ''}", flush=True)

    def _checkpoint(self, validation_loss: float) -> Checkpoint:
        weights = {
            name: value.detach().cpu().clone().contiguous()
            for name, value in self.network.state_dict().items()
        }
        return Checkpoint(
            self.network.shape, weights, self.provenance, self.progress.step, validation_loss
        )

    def _training_state(self) -> dict:
        return {
            "recipe": self.recipe.as_dict(),
            "clips": len(self.batches.clips),
            "best_loss": self.progress.best_loss,
            "optimizer": self.optimizer.state_dict(),
        }

    def _resume(self) -> bool:
        """Go on from `last.pt` if there is one, and if it is of this very run."""
        path = self.folder / LAST
        if not path.exists():
            return False
        kept = checkpoint.load(path)
        ours = (self.network.shape, self.recipe.as_dict(), len(self.batches.clips))
        if (kept.shape, kept.training["recipe"], kept.training["clips"]) != ours:
            raise TrainingError(
                f"{path} is of a run with another network, recipe or training set: choose "
                f"another --out, or remove it to start anew"
            )
        self.network.load_state_dict(kept.weights)
        self.optimizer.load_state_dict(kept.training["optimizer"])
        self.progress = Progress(kept.step, kept.training["best_loss"])
        print(f"resumed at step {kept.step}", flush=True)
        return True


def _line(figures: dict, steps: int) -> str:
    """For a person who watches."""
    return (
        f"step {figures['step']:>5}/{steps}  loss {figures['loss']:.4f}  "
        f"validation loss {figures['validation_loss']:.4f} "
        f"accuracy {figures['validation_accuracy']:.3f}  {figures['seconds']:.0f} s"
    )
