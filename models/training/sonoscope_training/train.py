"""The training loop. A folder holds one run: `last.pt`, `best.pt`, `log.jsonl`, TensorBoard events.

Started again on the same folder, a run goes on from `last.pt` as if it had never stopped.
"""

import math
import os
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from sonoscope_training import checkpoint, memory
from sonoscope_training.checkpoint import Checkpoint
from sonoscope_training.contract import Provenance
from sonoscope_training.errors import TrainingError
from sonoscope_training.networks import Network
from sonoscope_training.prefetch import Prefetch
from sonoscope_training.recipe import Recipe
from sonoscope_training.run_log import RunLog
from sonoscope_training.tasks import Inputs, Task

LAST, BEST = "last.pt", "best.pt"

# A GPU takes batches faster than one thread makes them.
CUDA_THREADS_MAX = 8


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
        task: Task,
        recipe: Recipe,
        *,
        provenance: Provenance,
        folder: Path,
        device: str = "cpu",
        keep_head: bool = False,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.network = network.to(device, memory_format=task.memory_format).train()
        self.task = task
        self.recipe = recipe
        self.provenance = provenance
        self.folder = folder
        self.log = RunLog(folder)
        self.device = device
        self.keep_head = keep_head
        self.progress = Progress()
        self.optimizer = torch.optim.Adam(
            network.parameters(), weight_decay=recipe.weight_decay, fused=True
        )

    def train(self, until: int | None = None) -> Path:
        """Train to the recipe's last step, or `until` one before; returns the best checkpoint."""
        last = self.recipe.steps if until is None else min(until, self.recipe.steps)
        if not self._resume():
            self._start()
        with self._prefetch(range(self.progress.step, last)) as batches:
            self._loop(batches, last)
        return self.folder / BEST

    def _loop(self, batches: Prefetch, last: int) -> None:
        losses, started = [], time.monotonic()
        while self.progress.step < last:
            losses.append(self._step(batches.take()))
            self.progress.step += 1
            step = self.progress.step
            if step % self.recipe.validate_every == 0 or step == self.recipe.steps:
                loss = torch.stack(losses).mean().item()
                self._report(loss, time.monotonic() - started, batches.idle_s)
                losses, started, batches.idle_s = [], time.monotonic(), 0.0

    def _step(self, inputs: Inputs) -> torch.Tensor:
        """One step of the optimizer; returns the loss, which the device may yet be computing."""
        step = self.progress.step
        for group in self.optimizer.param_groups:
            group["lr"] = self.recipe.learning_rate_at(step, self.task.epoch(step))
        try:
            return self._descend(inputs)
        except RuntimeError as error:
            if not memory.is_exhausted(error):
                raise
        # Outside of `except`, whose traceback would hold on to what has to be freed.
        raise self._out_of_memory(inputs)

    def _descend(self, inputs: Inputs) -> torch.Tensor:
        inputs = tuple(part.to(self.device, non_blocking=True) for part in inputs)
        loss = self.task.loss(self.network, inputs, self._autocast())
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        return loss.detach()

    def _out_of_memory(self, inputs: Inputs) -> TrainingError:
        """Tries parts of the same batch; the run ends here, so what they do to weights is lost."""

        def attempt(size: int) -> None:
            self.optimizer.zero_grad(set_to_none=True)
            self._descend(self.task.part(inputs, size))

        fits = memory.largest_fitting(attempt, self.recipe.batch, self.task.least_batch)
        return memory.out_of_memory(self.device, self.recipe.batch, fits)

    def _prefetch(self, steps: range) -> Prefetch:
        if self.device == "cpu":
            return Prefetch(self.task.batch, steps, threads=1)
        cores = os.cpu_count() or 1
        return Prefetch(
            lambda step: tuple(part.pin_memory() for part in self.task.batch(step)),
            steps,
            threads=max(1, min(CUDA_THREADS_MAX, cores - 1)),
            until_idle=torch.cuda.synchronize,
        )

    def _autocast(self) -> AbstractContextManager:
        return torch.autocast(self.device, torch.bfloat16, enabled=self.recipe.bfloat16)

    @torch.no_grad()
    def _start(self) -> None:
        self.log.rewind(0)
        if self.keep_head:
            return
        inputs = tuple(part.to(self.device) for part in self.task.batch(0))
        self.task.start(self.network, inputs, self._autocast())

    def _report(self, loss: float, seconds: float, idle_s: float) -> None:
        """Validate, keep what is worth keeping, say where the run stands."""
        if not math.isfinite(loss):
            raise TrainingError(
                f"the loss is {loss} at step {self.progress.step}: lower --learning-rate, and "
                f"start anew in another --out"
            )
        validation_loss, accuracy = self.task.validate(self.network, self._autocast())
        best = validation_loss < self.progress.best_loss
        self.progress.best_loss = min(validation_loss, self.progress.best_loss)
        figures = {
            "step": self.progress.step,
            "loss": round(loss, 5),
            "validation_loss": round(validation_loss, 5),
            "validation_accuracy": round(accuracy, 5),
            "learning_rate": self.optimizer.param_groups[0]["lr"],
            "seconds": round(seconds, 1),
            "idle_share": round(idle_s / max(seconds, 1e-9), 4),
            "unix_s": round(time.time(), 1),
        }
        # Before the checkpoint: what was written beyond it is dropped when the run goes on.
        self.log.append(figures)
        self._keep(validation_loss, best=best)
        print(f"{_line(figures, self.recipe.steps)}{'  best' if best else ''}", flush=True)

    def _keep(self, validation_loss: float, *, best: bool) -> None:
        kept = self._checkpoint(validation_loss)
        if best:
            checkpoint.save(kept, self.folder / BEST)
        checkpoint.save(replace(kept, training=self._training_state()), self.folder / LAST)

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
            "clips": self.task.count,
            "best_loss": self.progress.best_loss,
            "optimizer": self.optimizer.state_dict(),
        }

    def _resume(self) -> bool:
        """Go on from `last.pt` if there is one, and if it is of this very run."""
        path = self.folder / LAST
        if not path.exists():
            return False
        kept = checkpoint.load(path)
        ours = (self.network.shape, self.recipe.as_dict(), self.task.count)
        if (kept.shape, kept.training["recipe"], kept.training["clips"]) != ours:
            raise TrainingError(
                f"{path} is of a run with another network, recipe or training set: choose "
                f"another --out, or remove it to start anew"
            )
        self.network.load_state_dict(kept.weights)
        self.optimizer.load_state_dict(kept.training["optimizer"])
        self.progress = Progress(kept.step, kept.training["best_loss"])
        self.log.rewind(kept.step)
        print(f"resumed at step {kept.step}", flush=True)
        return True


def _line(figures: dict, steps: int) -> str:
    """For a person who watches."""
    return (
        f"step {figures['step']:>5}/{steps}  loss {figures['loss']:.4f}  "
        f"validation loss {figures['validation_loss']:.4f} "
        f"accuracy {figures['validation_accuracy']:.3f}  {figures['seconds']:.0f} s, "
        f"{100 * figures['idle_share']:.1f} % of them waiting for input"
    )
