"""Write a network as frame.onnx, audio.onnx and head.onnx.

From a checkpoint of `train`, whose width then holds, seeded and untrained, or as published.
"""

import argparse
from pathlib import Path
from typing import get_args

from sonoscope_training import checkpoint, published
from sonoscope_training.commands import options
from sonoscope_training.contract import UNTRAINED, Provenance
from sonoscope_training.errors import TrainingError
from sonoscope_training.export import export
from sonoscope_training.graph import Weights
from sonoscope_training.networks import Network, seeded
from sonoscope_training.settle import settle


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    options.add_network(parser, required=True)
    parser.add_argument("--name", required=True, help="the network's name, such as ave-small")
    origin = parser.add_mutually_exclusive_group(required=True)
    origin.add_argument("--checkpoint", type=Path, help="weights that `train` wrote")
    origin.add_argument("--seed", type=int, help="untrained weights of this seed")
    origin.add_argument("--published", type=Path, help="a state dict that the authors published")
    parser.add_argument("--trained-on", help="with --published: what on, in a sentence")
    parser.add_argument("--license", help="with --published: the licence of the weights")
    parser.add_argument(
        "--weights",
        choices=get_args(Weights),
        default="fp32",
        help="how they are stored: fp16 halves the files, and is loaded as fp32",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")


def run(arguments: argparse.Namespace) -> None:
    """Export, and say what was written."""
    network, provenance = _network(arguments)
    written = export(network, arguments.name, provenance, arguments.out, weights=arguments.weights)
    for path in written:
        print(f"{path}  {path.stat().st_size} bytes")


def _network(arguments: argparse.Namespace) -> tuple[Network, Provenance]:
    if arguments.seed is not None:
        return _seeded(arguments)
    if arguments.published is not None:
        return _published(arguments)
    loaded = checkpoint.load(arguments.checkpoint)
    wanted = (arguments.network, arguments.width or loaded.shape.width)
    if wanted != (loaded.shape.family, loaded.shape.width):
        raise TrainingError(
            f"{arguments.checkpoint} holds {loaded.shape.family} of width {loaded.shape.width}, "
            f"not {wanted[0]} of width {wanted[1]}: change --network or --width"
        )
    return loaded.network(), loaded.provenance


def _seeded(arguments: argparse.Namespace) -> tuple[Network, Provenance]:
    shape = options.shape(arguments)
    network = seeded(shape, arguments.seed)
    settle(network, arguments.seed)
    return network, Provenance(UNTRAINED, shape.width, arguments.seed)


def _published(arguments: argparse.Namespace) -> tuple[Network, Provenance]:
    if not arguments.trained_on or not arguments.license:
        raise TrainingError("--published needs --trained-on and --license: the file tells neither")
    network = published.load(arguments.published, arguments.network)
    return network, Provenance(arguments.trained_on, 1.0, 0, arguments.license)
