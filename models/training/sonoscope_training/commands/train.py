"""Train a network on tar shards; started again on the same folder, it goes on."""

import argparse
from dataclasses import replace
from pathlib import Path

import torch

from sonoscope_training import checkpoint, shards
from sonoscope_training.commands import options
from sonoscope_training.contract import Provenance
from sonoscope_training.networks import Network, Shape, seeded, start_from
from sonoscope_training.recipe import PUBLISHED, SCRATCH, WARM, Recipe
from sonoscope_training.train import Run


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    options.add_shards(parser, required=True)
    options.add_network(parser, required=True)
    parser.add_argument("--init", type=Path, metavar="CKPT", help="start from its weights")
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
    shard_set = shards.load(arguments.shards)
    shape = Shape(arguments.network, arguments.width or 1.0, batch_norm=not arguments.published)
    count = len(shard_set.split("train"))
    print(f"{shape.family} of width {shape.width:g}, {count} training clips", flush=True)
    about = arguments.trained_on or f"recordings in {arguments.shards.resolve().name}"
    network, keep_head = _network(shape, arguments)
    training = Run(
        network,
        shard_set,
        _recipe(arguments),
        provenance=Provenance(f"{about} ({count} clips)", shape.width, arguments.seed),
        folder=arguments.out,
        device=arguments.device,
        keep_head=keep_head,
    )
    print(f"best checkpoint: {training.train()}")


def _network(shape: Shape, arguments: argparse.Namespace) -> tuple[Network, bool]:
    """The network to begin with, and whether its head is one that has learned."""
    network = seeded(shape, arguments.seed)
    if arguments.init is None:
        return network, False
    taken = start_from(network, checkpoint.load(arguments.init).network())
    print(f"{len(taken)} tensors from {arguments.init}", flush=True)
    return network, any(name.startswith("head.") for name in taken)


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
