"""`log.jsonl`: a line for each time that a run was validated, and the learning curve from it."""

import json
from pathlib import Path

from sonoscope_training.errors import TrainingError


def append(path: Path, figures: dict) -> None:
    """Add a line."""
    with path.open("a") as log:
        log.write(json.dumps(figures) + "\n")


def rewind(path: Path, step: int) -> list[dict]:
    """Drop what a killed run wrote beyond the step it goes on from; returns what is left."""
    kept = [figures for figures in read(path) if figures["step"] <= step]
    unfinished = path.with_suffix(".tmp")
    unfinished.write_text("".join(json.dumps(figures) + "\n" for figures in kept))
    unfinished.replace(path)
    return kept


def read(path: Path) -> list[dict]:
    """All whole lines; a run that was killed may have left half of one at the end."""
    if not path.exists():
        return []
    lines = path.read_text().split("\n")[:-1]
    try:
        return [json.loads(line) for line in lines]
    except ValueError as error:
        raise TrainingError(f"{path} is not the log of a training: {error}") from error
