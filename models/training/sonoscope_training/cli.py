"""The command line: `python -m sonoscope_training COMMAND`."""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

from sonoscope_training.commands import SUMMARIES
from sonoscope_training.errors import TrainingError

PROGRAM = "sonoscope_training"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    name = _parser().parse_args(arguments[:1]).command
    try:
        command = import_module(f"{PROGRAM}.commands.{name}")
        parser = argparse.ArgumentParser(prog=f"{PROGRAM} {name}", description=command.__doc__)
        command.add_arguments(parser)
        command.run(parser.parse_args(arguments[1:]))
    except ModuleNotFoundError as error:
        print(f"error: {name} needs {error.name}: install requirements.lock", file=sys.stderr)
        return 1
    except TrainingError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    """Knows the commands' names; each parses its own options."""
    commands = "\n".join(f"  {name:10}{summary}" for name, summary in SUMMARIES.items())
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description="Networks of sonoscope: training, evaluation, export, quantization.",
        epilog=f"commands:\n{commands}\n\nCOMMAND --help says more of each.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", choices=list(SUMMARIES), metavar="COMMAND")
    return parser
