"""What the measuring programs of this folder share: a command measured, figures written down."""

import datetime
import json
import os
import platform
import resource
import socket
import statistics
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Cost:
    """What a command took, with all that it started."""

    wall_seconds: float
    cpu_seconds: float


def cost(command: list[str]) -> Cost:
    """Run a command, which must do well, and say what it took."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    wall_seconds = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        raise SystemExit(f"{command[0]} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    user, system = after.ru_utime - before.ru_utime, after.ru_stime - before.ru_stime
    return Cost(wall_seconds, user + system)


def in_turn(commands: dict[str, list[str]], rounds: int) -> dict[str, list[Cost]]:
    """Everyone once a round, so that a machine that slows down does so for all."""
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            costs[name].append(cost(command))
    return costs


def medians(costs: dict[str, list[Cost]], field: str) -> dict[str, float]:
    """The middle one of each command's rounds."""
    of = {name: [getattr(one, field) for one in rounds] for name, rounds in costs.items()}
    return {name: round(statistics.median(values), 3) for name, values in of.items()}


def cut(video: Path, seconds: int, path: Path) -> None:
    """As many seconds of a recording, over and over, without encoding it again."""
    command = ["ffmpeg", "-nostdin", "-v", "error", "-stream_loop", "-1", "-i", str(video)]
    command += ["-t", str(seconds), "-c", "copy", "-movflags", "+faststart", str(path)]
    subprocess.run(command, check=True)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def write(result: dict, folder: Path, name: str) -> None:
    """Write figures to `folder/DATE-HOST-name.json`, with date and load, and show them."""
    date = datetime.date.today().isoformat()
    result = {"date": date, "cores": os.cpu_count(), "load": os.getloadavg()} | result
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(result, indent=2)
    (folder / f"{date}-{platform.node()}-{name}.json").write_text(text + "\n")
    print(text)
