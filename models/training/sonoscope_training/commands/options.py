"""Options that several commands share."""

import argparse
from pathlib import Path

from sonoscope_training.multisensory import FORMS
from sonoscope_training.networks import FAMILIES, MULTISENSORY, Shape


def add_network(parser: argparse.ArgumentParser, *, required: bool) -> None:
    """`--network`, `--width` and `--form`."""
    parser.add_argument("--network", choices=sorted(FAMILIES), required=required)
    parser.add_argument(
        "--width", type=float, default=None, help="share of the published width (default 1)"
    )
    parser.add_argument(
        "--form",
        choices=sorted(FORMS),
        help=f"of {MULTISENSORY}: how large its window is (default reduced)",
    )


def shape(arguments: argparse.Namespace, *, batch_norm: bool = True) -> Shape:
    """The network that they ask for."""
    width = arguments.width or 1.0
    if arguments.network == MULTISENSORY:
        return Shape(MULTISENSORY, width, form=arguments.form or "reduced")
    return Shape(arguments.network, width, batch_norm=batch_norm)


def add_shards(parser: argparse.ArgumentParser, *, required: bool) -> None:
    """`--shards`."""
    parser.add_argument(
        "--shards",
        type=Path,
        required=required,
        metavar="DIR",
        help="folder of tar shards that `sonoscope extract` wrote",
    )
