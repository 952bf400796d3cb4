"""Train a network on tar shards; started again on the same folder, it goes on."""

import argparse
from dataclasses import replace
from pathlib import Path

import torch

from sonoscope_training import checkpoint, shards, stretches
from sonoscope_training.commands import options
from sonoscope_training.contract import Provenance
from sonoscope_training.errors import TrainingError
from sonoscope_training.multisensory import form_of
from sonoscope_training.networks import MULTISENSORY, Network, Shape, seeded, start_from
from sonoscope_training.recipe import PUBLISHED, SCRATCH, WARM, Recipe
from sonoscope_training.tasks import AlignmentTask, PairTask, Task
from sonoscope_training.train import Run


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    options.add_shards(parser, required=True)
    options.add_network(parser, required=True)
    parser.add_argument("--init", type=Path, metavar="CKPT", help="start from its towers")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--steps", type=int, help=f"(default {SCRATCH.steps})")
    parser.add_argument("--batch", type=int, help=f"(default {SCRATCH.batch})")
    parser.add_argument("--learning-rate", type=float)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--published", action="store_true", help="the recipe as published: far slower"
    )
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--threads", type=int, help="processor threads (default: all cores)")
    parser.add_argument("--trained-on", help="what the clips are, in a sentence, for the card")


def run(arguments: argparse.Namespace) -> None:
    """Train, and say where the best checkpoint is."""
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    _check_device(arguments.device)
    recipe = _recipe(arguments)
    shape = options.shape(arguments, batch_norm=not arguments.published)
    task = _task(shape, recipe, arguments.shards)
    print(f"{shape.family} of width {shape.width:g}, {task.count} training clips", flush=True)
    about = arguments.trained_on or f"recordings in {arguments.shards.resolve().name}"
    training = Run(
        _network(shape, arguments),
        task,
        recipe,
        provenance=Provenance(f"{about} ({task.count} clips)", shape.width, arguments.seed),
        folder=arguments.out,
        device=arguments.device,
    )
    print(f"best checkpoint: {training.train()}")


def _check_device(device: str) -> None:
    if device == "cuda" and not torch.cuda.is_available():
        reason = "is built without CUDA" if torch.version.cuda is None else "finds no GPU"
        raise TrainingError(f"--device cuda: this PyTorch {reason}\ntip: --device cpu")


def _task(shape: Shape, recipe: Recipe, folder: Path) -> Task:
    if shape.family == MULTISENSORY:
        form = form_of(shape.form)
        return AlignmentTask(stretches.load(folder, form), recipe, form)
    return PairTask(shards.load(folder), recipe)


def _network(shape: Shape, arguments: argparse.Namespace) -> Network:
    network = seeded(shape, arguments.seed)
    if arguments.init is not None:
        taken = start_from(network, checkpoint.load(arguments.init).weights)
        print(f"{len(taken)} tower tensors from {arguments.init}", flush=True)
    return network


def _recipe(arguments: argparse.Namespace) -> Recipe:
    recipe = WARM if arguments.init is not None else SCRATCH
    if arguments.published:
        recipe = PUBLISHED
    changes = {
        name: value
        for name in ("steps", "batch", "learning_rate", "seed")
        if (value := getattr(arguments, name)) is not None
    }
    return replace(recipe, **changes)
