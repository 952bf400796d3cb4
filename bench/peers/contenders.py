"""Who runs against whom, and with which command line."""

from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]
PYTHON = REPOSITORY / ".runtime/bench-python/bin/python"
TRAINING = REPOSITORY / "models/training"

# The names that the report speaks of.
SEEK = "peer: seek"
DECODE = "peer: decode"


@dataclass(frozen=True)
class Combination:
    """A way in which the program is run."""

    # Nothing for the peers' network.
    network: str | None
    precision: str
    frames: str
    # How many times as fast as the reference authors' way it is asked to be at least.
    asked: float


OURS = {
    "sonoscope fp32": Combination(None, "fp32", "exact", 3.0),
    "sonoscope int8": Combination(None, "int8", "exact", 5.0),
    "sonoscope int8, key frames": Combination(None, "int8", "keyframe", 12.0),
    "ave-small": Combination("ave-small", "fp32", "exact", 7.0),
    "ave-small, key frames": Combination("ave-small", "fp32", "keyframe", 25.0),
}

# What runs the peers' network, so that its answers can be held to theirs.
SAME_NETWORK = (*(name for name, one in OURS.items() if one.network is None), SEEK)


@dataclass(frozen=True)
class Contender:
    """A command that writes one JSON line a second to stdout."""

    name: str
    command: tuple[str, ...]
    # Where a row says which second it is.
    second_field: str
    # Whether its last line on stderr is a JSON object with the times of its stages.
    tells_stages: bool = False


def contenders(
    program: Path, network: Path, video: Path, *, threads: int, seed: int
) -> list[Contender]:
    """All of ours and both peers, on the same recording."""
    return [
        *(sonoscope(program, network, video, name, threads) for name in OURS),
        peer(SEEK, "peer_seek.py", video, threads, seed),
        peer(DECODE, "peer_decode.py", video, threads, seed),
    ]


def sonoscope(program: Path, network: Path, video: Path, name: str, threads: int) -> Contender:
    """The program, whole: from its start to its end."""
    how = OURS[name]
    options = {"--network": how.network or network, "--device": "cpu", "--precision": how.precision}
    options |= {"--frames": how.frames, "--threads": threads, "--sink": "jsonl:-"}
    given = (str(word) for option in options.items() for word in option)
    return Contender(name, (str(program), "run", *given, str(video)), "segment")


def peer(name: str, script: str, video: Path, threads: int, seed: int) -> Contender:
    """One of the Python programs beside this file, on the network of that seed."""
    options = {"--network": "ave", "--width": 1.0, "--seed": seed, "--threads": threads}
    given = (str(word) for option in options.items() for word in option)
    command = (str(PYTHON), str(HERE / script), *given, str(video))
    return Contender(name, command, "second", tells_stages=True)
