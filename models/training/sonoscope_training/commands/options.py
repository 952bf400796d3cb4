"""Options that several commands share."""

import argparse
from pathlib import Path

from sonoscope_training.networks import BUILDERS


def add_network(parser: argparse.ArgumentParser, *, required: bool) -> None:
    """`--network` and `--width`."""
    parser.add_argument("--network", choices=sorted(BUILDERS), required=required)
    parser.add_argument(
        "--width", type=float, default=None, help="share of the published width (default 1)"
    )


def add_shards(parser: argparse.ArgumentParser, *, required: bool) -> None:
    """`--shards`."""
    parser.add_argument(
        "--shards",
        type=Path,
        required=required,
        metavar="DIR",
        help="folder of tar shards that `sonoscope extract` wrote",
    )
