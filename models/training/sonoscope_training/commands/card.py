"""Write CARD.md into a network's folder, from its contract and its evaluations."""

import argparse
import json
from pathlib import Path

import onnx

from sonoscope_training import run_log
from sonoscope_training.card import card
from sonoscope_training.contract import METADATA_KEY
from sonoscope_training.errors import TrainingError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("folder", type=Path, help="where `export` wrote the network")
    parser.add_argument(
        "--evaluation",
        type=Path,
        action="append",
        default=[],
        metavar="JSON",
        help="what `evaluate` printed; may be given again",
    )
    parser.add_argument(
        "--report",
        action="append",
        default=[],
        metavar="LABEL=JSON",
        help="the eval.json that `sonoscope eval` wrote, and what it is of; may be given again",
    )
    parser.add_argument(
        "--log",
        type=Path,
        metavar="FILE",
        help="the run's log.jsonl, for the learning curve; copied into the folder, for `eval`",
    )
    parser.add_argument("--commit", help="that of sonoscope by which it was trained")
    parser.add_argument(
        "--note",
        action="append",
        default=[],
        metavar="TEXT",
        help="a limit of this network's own; may be given again",
    )


def run(arguments: argparse.Namespace) -> None:
    """Write the card, and say where."""
    try:
        head = onnx.load(arguments.folder / "head.onnx")
        evaluations = [json.loads(path.read_text()) for path in arguments.evaluation]
        reported = [_report(words) for words in arguments.report]
    except (OSError, ValueError) as error:
        raise TrainingError(f"no card for {arguments.folder}: {error}") from error
    contracts = [prop.value for prop in head.metadata_props if prop.key == METADATA_KEY]
    if not contracts:
        raise TrainingError(f"{arguments.folder}/head.onnx has no {METADATA_KEY}: export it anew")
    log = _log(arguments.log)
    if log:
        run_log.write(arguments.folder / run_log.NAME, log)
    path = arguments.folder / "CARD.md"
    page = card(
        json.loads(contracts[0]),
        evaluations,
        arguments.note,
        log,
        reported,
        arguments.commit,
    )
    path.write_text(page)
    print(path)


def _report(words: str) -> tuple[str, dict]:
    label, separator, path = words.rpartition("=")
    if not separator:
        raise TrainingError(f"--report {words}: must be LABEL=JSON")
    return label, json.loads(Path(path).read_text())


def _log(path: Path | None) -> list[dict]:
    if path is None:
        return []
    if not path.exists():
        raise TrainingError(f"{path}: no such log; `train` writes it beside its checkpoints")
    return run_log.read(path)
