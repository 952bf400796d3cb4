"""Train a network on tar shards; started again on the same folder, it goes on."""

import argparse
from dataclasses import replace
from pathlib import Path

import torch

from sonoscope_training import checkpoint, configuration, shards, stretches
from sonoscope_training.commands import options
from sonoscope_training.contract import Provenance
from sonoscope_training.errors import TrainingError
from sonoscope_training.multisensory import form_of
from sonoscope_training.networks import MULTISENSORY, Network, Shape, seeded, start_from
from sonoscope_training.recipe import Recipe
from sonoscope_training.tasks import AlignmentTask, PairTask, Task
from sonoscope_training.train import Run

# The configurations of networks that learn otherwise than by `default`.
OWN = {"l3": "l3", MULTISENSORY: "multisensory"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    options.add_shards(parser, required=True)
    options.add_network(parser, required=True)
    parser.add_argument("--init", type=Path, metavar="CKPT", help="start from its weights")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument(
        "--configuration",
        metavar="NAME|FILE",
        help=f"the recipe: {', '.join(configuration.names())}, or a TOML file (default: that of "
        f"the network, warm with --init); the options below go before it",
    )
    parser.add_argument("--steps", type=int)
    parser.add_argument("--batch", type=int)
    parser.add_argument("--learning-rate", type=float)
    parser.add_argument("--validate-every", type=int, metavar="STEPS")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--threads", type=int, help="processor threads (default: all cores)")
    parser.add_argument("--trained-on", help="what the clips are, in a sentence, for the card")


def run(arguments: argparse.Namespace) -> None:
    """Train, and say where the best checkpoint is."""
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    _check_device(arguments.device)
    recipe = _recipe(arguments)
    shape = options.shape(arguments, batch_norm=recipe.batch_norm)
    task = _task(shape, recipe, arguments.shards)
    print(f"{shape.family} of width {shape.width:g}, {task.count} training clips", flush=True)
    about = arguments.trained_on or f"recordings in {arguments.shards.resolve().name}"
    network, keep_head = _network(shape, recipe.seed, arguments.init)
    training = Run(
        network,
        task,
        recipe,
        provenance=Provenance(f"{about} ({task.count} clips)", shape.width, recipe.seed),
        folder=arguments.out,
        device=arguments.device,
        keep_head=keep_head,
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
    shard_set = shards.load(folder)
    for reason, count in shard_set.left_out().items():
        print(f"left out: {count} seconds whose sound is {reason}", flush=True)
    return PairTask(shard_set, recipe)


def _network(shape: Shape, seed: int, init: Path | None) -> tuple[Network, bool]:
    """The network to begin with, and whether its head is one that has learned."""
    network = seeded(shape, seed)
    if init is None:
        return network, False
    taken = start_from(network, checkpoint.load(init).network())
    print(f"{len(taken)} tensors from {init}", flush=True)
    return network, any(name.startswith("head.") for name in taken)


def _recipe(arguments: argparse.Namespace) -> Recipe:
    default = OWN.get(arguments.network, "default")
    if arguments.init is not None and arguments.network != MULTISENSORY:
        default = "warm"
    recipe = configuration.load(arguments.configuration or default)
    changes = {
        name: value
        for name in ("steps", "batch", "learning_rate", "validate_every", "seed")
        if (value := getattr(arguments, name)) is not None
    }
    return replace(recipe, **changes)
