"""Tell how far figures spread over trainings of the same networks by several seeds; Markdown."""

import argparse
import json
from pathlib import Path

from sonoscope_training.errors import TrainingError
from sonoscope_training.spread import table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument(
        "reports",
        type=Path,
        nargs="+",
        metavar="JSON",
        help="the eval.json of each run; runs of one network are those of the same name",
    )


def run(arguments: argparse.Namespace) -> None:
    """Print the table."""
    print(table([_read(path) for path in arguments.reports]))


def _read(path: Path) -> dict:
    try:
        evaluation = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise TrainingError(f"{path} cannot be read: {error}") from error
    if not isinstance(evaluation, dict) or "networks" not in evaluation:
        raise TrainingError(f"{path} is not what `sonoscope eval` wrote")
    return evaluation
