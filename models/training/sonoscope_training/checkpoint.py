"""Checkpoints: a network's weights, what is needed to build it again, and where it comes from."""

import os
import pickle
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch

from sonoscope_training.contract import Provenance
from sonoscope_training.errors import TrainingError
from sonoscope_training.networks import Network, Shape

FORMAT = 1


@dataclass
class Checkpoint:
    """What one file holds. `training` is what a run needs to go on, and empty otherwise."""

    shape: Shape
    weights: dict[str, torch.Tensor]
    provenance: Provenance
    step: int = 0
    validation_loss: float | None = None
    training: dict = field(default_factory=dict)

    def network(self) -> Network:
        """The network with these weights, in evaluation mode."""
        network = Network(self.shape)
        network.load_state_dict(self.weights)
        return network.eval()


def save(checkpoint: Checkpoint, path: Path) -> None:
    """Write whole or not at all: a run that is killed leaves the former file."""
    content = {
        "format": FORMAT,
        "shape": checkpoint.shape.as_dict(),
        "weights": checkpoint.weights,
        "provenance": asdict(checkpoint.provenance),
        "step": checkpoint.step,
        "validation_loss": checkpoint.validation_loss,
        "training": checkpoint.training,
    }
    unfinished = path.with_suffix(".tmp")
    with unfinished.open("wb") as file:
        torch.save(content, file)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)


def load(path: Path) -> Checkpoint:
    """Read one that `save` wrote. Only plain values and tensors are read, never code."""
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise TrainingError(f"{path}: no such checkpoint") from error
    except (pickle.UnpicklingError, RuntimeError, EOFError) as error:
        raise TrainingError(f"{path} is not a checkpoint, or is damaged: {error}") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise TrainingError(f"{path} is not a checkpoint of format {FORMAT} of this package")
    return Checkpoint(
        shape=Shape(**content["shape"]),
        weights=content["weights"],
        provenance=Provenance(**content["provenance"]),
        step=content["step"],
        validation_loss=content["validation_loss"],
        training=content["training"],
    )
