"""What a run leaves of its course: `log.jsonl`, a line for each validation, and event files."""

import json
from pathlib import Path

from sonoscope_training import events
from sonoscope_training.errors import TrainingError

NAME = "log.jsonl"


class RunLog:
    """The log of a run's folder, and the same for TensorBoard."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self.events = folder / events.NAME

    def rewind(self, step: int) -> None:
        """Drop what a killed run wrote beyond the step it goes on from."""
        kept = [figures for figures in read(self.path) if figures["step"] <= step]
        unfinished = self.path.with_suffix(".tmp")
        write(unfinished, kept)
        unfinished.replace(self.path)
        events.rewrite(self.events, kept)

    def append(self, figures: dict) -> None:
        """Add a line of figures; `step` and `unix_s` are among them."""
        with self.path.open("a") as log:
            log.write(_line(figures))
        events.append(self.events, figures)


def read(path: Path) -> list[dict]:
    """All whole lines; a run that was killed may have left half of one at the end."""
    if not path.exists():
        return []
    try:
        return [json.loads(line) for line in path.read_text().split("\n")[:-1]]
    except ValueError as error:
        raise TrainingError(f"{path} is not the log of a training: {error}") from error


def write(path: Path, lines: list[dict]) -> None:
    """A log of these lines."""
    path.write_text("".join(map(_line, lines)))


def _line(figures: dict) -> str:
    return json.dumps(figures) + "\n"
