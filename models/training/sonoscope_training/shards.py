"""Training sets: tar shards as `sonoscope extract` writes them, read as they are needed.

A clip is three members of a shard: `<id>.frames.npy` (uint8 `[n, 256, 256, 3]`),
`<id>.spectrograms.npy` (float16 `[n, 257, 199]`, as the network wants them) and `<id>.json`.
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path

import numpy as np

from sonoscope_training import archive, checks
from sonoscope_training.archive import Member
from sonoscope_training.contract import SPECTROGRAM_BINS, SPECTROGRAM_FRAMES
from sonoscope_training.errors import TrainingError

STORED_PIXELS = 256
SUFFIXES = ("frames.npy", "spectrograms.npy", "json")
TRUTH_KEYS = {"class", "width", "height", "seconds"}

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
    # Rows whose sound cannot be used, by the reason.
    left_out: dict[str, list[int]] = field(default_factory=dict)

    def middle(self) -> int:
        """Row of the second nearest the middle in which something seen is heard."""
        centre = len(self.segments) // 2
        return min(self.pairs(), key=lambda row: abs(row - centre), default=centre)

    def pairs(self) -> list[int]:
        """Rows in which picture and sound belong together, as far as is known.

        That is where the sound can be used, and no truth says that the second is silent or its
        source off screen.
        """
        useless = {row for rows in self.left_out.values() for row in rows}
        rows = [row for row in range(len(self.segments)) if row not in useless]
        if self.truth is None:
            return rows
        apart = {s["second"] for s in self.truth["seconds"] if s["silent"] or s["off_screen"]}
        return [row for row in rows if self.segments[row] not in apart]


@dataclass
class ShardSet:
    """All clips of a folder, in the order of their ids."""

    folder: Path
    clips: list[Clip]

    def split(self, name: str) -> list[Clip]:
        """`train`, `validation` or `test`; a clip's id alone decides where it belongs.

        Clips in which nothing seen is heard are left out.
        """
        fallen = [clip for clip in self.clips if split_of(clip.id) == name]
        chosen = [clip for clip in fallen if clip.pairs()]
        if not fallen:
            raise TrainingError(
                f"{self.folder}: none of {len(self.clips)} clips falls in the {name} split: "
                f"extract more recordings"
            )
        if not chosen:
            raise TrainingError(
                f"{self.folder}: in none of the {len(fallen)} clips of the {name} split anything "
                f"seen is heard: extract recordings with sound"
            )
        return chosen

    def left_out(self) -> dict[str, int]:
        """How many seconds have a sound that cannot be used, by the reason."""
        reasons = Counter()
        for clip in self.clips:
            reasons.update({reason: len(rows) for reason, rows in clip.left_out.items() if rows})
        return dict(reasons)


def split_of(clip_id: str) -> str:
    """80/10/10 by a hash of the id, the same on every machine and for ever."""
    place = int.from_bytes(sha256(clip_id.encode()).digest()[:8], "big") % 100
    return next(name for name, bound in SPLIT_BOUNDS.items() if place < bound)


def load(folder: Path) -> ShardSet:
    """Read every `*.tar` of a folder."""
    clips = {}
    for path in archive.shards(folder):
        for clip in _read(path):
            if clip.id in clips:
                raise TrainingError(f"{path}: clip {clip.id} is in another shard too")
            clips[clip.id] = clip
    return ShardSet(folder, [clips[clip_id] for clip_id in sorted(clips)])


def _read(path: Path) -> Iterator[Clip]:
    """The clips of one shard, which must have been written to its end."""
    for clip_id, parts in archive.groups(path, SUFFIXES):
        clip = _clip(path, clip_id, parts)
        if clip.segments:
            yield clip


def _clip(path: Path, clip_id: str, parts: dict[str, Member]) -> Clip:
    try:
        about = json.loads(parts["json"].bytes())
        frames = parts["frames.npy"].array()
        spectrograms = parts["spectrograms.npy"].array()
        clip = Clip(clip_id, frames, spectrograms, list(about["segments"]), truth_of(about))
    except (ValueError, KeyError) as error:
        raise TrainingError(f"{path}: clip {clip_id} cannot be read: {error}") from error
    _check_arrays(path, clip)
    return replace(clip, left_out=checks.unusable_sounds(clip.spectrograms))


def truth_of(about: dict) -> dict | None:
    """The world's truth about the clip; JSON of another kind beside a recording is not one."""
    truth = about["truth"]
    return truth if isinstance(truth, dict) and truth.keys() >= TRUTH_KEYS else None


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
        if array.shape != shape or array.dtype != kind:
            raise TrainingError(
                f"{path}: clip {clip.id}: {name} are {array.dtype} {array.shape}, "
                f"not {np.dtype(kind)} {shape}"
            )
