"""Training sets: tar shards as `sonoscope extract` writes them, whole in memory.

A clip is three members of a shard: `<id>.frames.npy` (uint8 `[n, 256, 256, 3]`),
`<id>.spectrograms.npy` (float16 `[n, 257, 199]`, as the network wants them) and `<id>.json`.
"""

import io
import json
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np

from sonoscope_training.contract import SPECTROGRAM_BINS, SPECTROGRAM_FRAMES
from sonoscope_training.errors import TrainingError

STORED_PIXELS = 256
SUFFIXES = ("frames.npy", "spectrograms.npy", "json")
TRUTH_KEYS = {"class", "width", "height", "seconds"}
# A tar file that was finished ends in two empty blocks.
END_OF_ARCHIVE = bytes(1024)

# Of a hundred clips, those under the first bound are for training, and so on.
SPLIT_BOUNDS = {"train": 80, "validation": 90, "test": 100}


@dataclass
class Clip:
    """Some seconds of one recording; row `i` of both arrays is second `segments[i]`."""

    id: str
    frames: np.ndarray
    spectrograms: np.ndarray
    segments: list[int]
    truth: dict | None
    # The split that the recordings' folders or list say; without it, the id decides.
    published_split: str | None = None

    @property
    def split(self) -> str:
        """`train`, `validation` or `test`."""
        return self.published_split or split_of(self.id)

    def middle(self) -> int:
        """Row of the second nearest the middle in which something seen is heard."""
        centre = len(self.segments) // 2
        return min(self.pairs(), key=lambda row: abs(row - centre), default=centre)

    def pairs(self) -> list[int]:
        """Rows in which picture and sound belong together, as far as is known.

        That is where no truth says that the second is silent or its source off screen.
        """
        if self.truth is None:
            return list(range(len(self.segments)))
        apart = {s["second"] for s in self.truth["seconds"] if s["silent"] or s["off_screen"]}
        return [row for row, segment in enumerate(self.segments) if segment not in apart]


@dataclass
class ShardSet:
    """All clips of a folder, in the order of their ids."""

    folder: Path
    clips: list[Clip]

    def split(self, name: str) -> list[Clip]:
        """`train`, `validation` or `test`, as the clips' folders or list say, or else their ids.

        Clips in which nothing seen is heard are left out.
        """
        chosen = [clip for clip in self.clips if clip.split == name and clip.pairs()]
        if not chosen:
            raise TrainingError(
                f"{self.folder}: none of {len(self.clips)} clips falls in the {name} split: "
                f"extract more recordings"
            )
        return chosen


def split_of(clip_id: str) -> str:
    """80/10/10 by a hash of the id, the same on every machine and for ever."""
    place = int.from_bytes(sha256(clip_id.encode()).digest()[:8], "big") % 100
    return next(name for name, bound in SPLIT_BOUNDS.items() if place < bound)


def load(folder: Path) -> ShardSet:
    """Read every `*.tar` of a folder."""
    paths = sorted(folder.glob("*.tar"))
    if not paths:
        raise TrainingError(f"{folder} holds no *.tar: write some with `sonoscope extract`")
    clips = {}
    for path in paths:
        for clip in _read(path):
            if clip.id in clips:
                raise TrainingError(f"{path}: clip {clip.id} is in another shard too")
            clips[clip.id] = clip
    return ShardSet(folder, [clips[clip_id] for clip_id in sorted(clips)])


def _read(path: Path) -> Iterator[Clip]:
    """The clips of one shard, which must have been written to its end."""
    _check_finished(path)
    waiting: dict[str, dict[str, bytes]] = {}
    try:
        with tarfile.open(path, "r:") as archive:
            for member in archive:
                clip_id, suffix = _parse_name(path, member.name)
                parts = waiting.setdefault(clip_id, {})
                parts[suffix] = archive.extractfile(member).read()
                if len(parts) == len(SUFFIXES):
                    yield _clip(path, clip_id, waiting.pop(clip_id))
    except tarfile.ReadError as error:
        raise _cut_off(path, str(error)) from error
    if waiting:
        raise _cut_off(path, f"clip {min(waiting)} is incomplete")


def _check_finished(path: Path) -> None:
    with path.open("rb") as file:
        size = file.seek(0, io.SEEK_END)
        file.seek(max(0, size - len(END_OF_ARCHIVE)))
        if file.read() != END_OF_ARCHIVE:
            raise _cut_off(path, "its end is missing")


def _cut_off(path: Path, what: str) -> TrainingError:
    return TrainingError(
        f"{path} is damaged or was cut off ({what}): extract again, or remove the file to "
        f"go on without its clips"
    )


def _parse_name(path: Path, name: str) -> tuple[str, str]:
    for suffix in SUFFIXES:
        if name.endswith(f".{suffix}"):
            return name.removesuffix(f".{suffix}"), suffix
    raise TrainingError(f"{path}: unexpected member {name}: is this a shard of sonoscope's?")


def _clip(path: Path, clip_id: str, parts: dict[str, bytes]) -> Clip:
    try:
        about = json.loads(parts["json"])
        frames = np.load(io.BytesIO(parts["frames.npy"]), allow_pickle=False)
        spectrograms = np.load(io.BytesIO(parts["spectrograms.npy"]), allow_pickle=False)
        split = _split(about)
        clip = Clip(clip_id, frames, spectrograms, list(about["segments"]), _truth(about), split)
    except (ValueError, KeyError) as error:
        raise TrainingError(f"{path}: clip {clip_id} cannot be read: {error}") from error
    _check_arrays(path, clip)
    return clip


def _truth(about: dict) -> dict | None:
    """The world's truth about the clip; JSON of another kind beside a recording is not one."""
    truth = about["truth"]
    return truth if isinstance(truth, dict) and truth.keys() >= TRUTH_KEYS else None


def _split(about: dict) -> str | None:
    """What the set says of the clip's split; sets that were written before say nothing."""
    split = about.get("split")
    if split is not None and split not in SPLIT_BOUNDS:
        raise ValueError(f"there is no split {split!r}")
    return split


def _check_arrays(path: Path, clip: Clip) -> None:
    seconds = len(clip.segments)
    wanted = {
        "frames": (clip.frames, (seconds, STORED_PIXELS, STORED_PIXELS, 3), np.uint8),
        "spectrograms": (
            clip.spectrograms,
            (seconds, SPECTROGRAM_BINS, SPECTROGRAM_FRAMES),
            np.float16,
        ),
    }
    for name, (array, shape, kind) in wanted.items():
        if array.shape != shape or array.dtype != kind or seconds == 0:
            raise TrainingError(
                f"{path}: clip {clip.id}: {name} are {array.dtype} {array.shape}, "
                f"not {np.dtype(kind)} {shape} (and at least one second)"
            )
