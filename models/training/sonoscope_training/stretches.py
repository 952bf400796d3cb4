"""Training sets for networks that look at a window of time: shards of kind "clips".

An unbroken stretch of a recording is three members of a shard: `<id>.pictures.npy` (uint8
`[seconds * rate, side, side, 3]`, the pictures on show at `k + (j + 0.5) / rate`),
`<id>.waveform.npy` (int16 `[seconds * 21000]`) and `<id>.json`.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sonoscope_training import archive
from sonoscope_training.archive import Member
from sonoscope_training.errors import TrainingError
from sonoscope_training.multisensory import AUDIO_RATE_HZ, Form
from sonoscope_training.shards import split_of, truth_of

PICTURES = "pictures.npy"
SUFFIXES = (PICTURES, "waveform.npy", "json")


@dataclass
class Stretch:
    """Some whole seconds of one recording; the first of them is second `first_segment`."""

    id: str
    pictures: np.ndarray
    waveform: np.ndarray
    first_segment: int
    seconds: int
    split: str
    truth: dict | None

    def apart(self) -> set[int]:
        """Seconds, counted in the stretch, known to be silent or with their source off screen."""
        if self.truth is None:
            return set()
        return {
            truth["second"] - self.first_segment
            for truth in self.truth["seconds"]
            if truth["silent"] or truth["off_screen"]
        }


@dataclass
class StretchSet:
    """All stretches of a folder, in the order of their ids."""

    folder: Path
    stretches: list[Stretch]

    def split(self, name: str) -> list[Stretch]:
        """`train`, `validation` or `test`; stretches of one recording are never parted."""
        return [stretch for stretch in self.stretches if stretch.split == name]


def load(folder: Path, form: Form) -> StretchSet:
    """Read every `*.tar` of a folder; pictures must be as this form of the network wants them."""
    stretches: dict[str, Stretch] = {}
    for path in archive.shards(folder):
        for stretch_id, parts in archive.groups(path, SUFFIXES):
            if stretch_id in stretches:
                raise TrainingError(f"{path}: {stretch_id} is in another shard too")
            stretches[stretch_id] = _stretch(path, stretch_id, parts, form)
    return StretchSet(folder, [stretches[stretch_id] for stretch_id in sorted(stretches)])


def _stretch(path: Path, stretch_id: str, parts: dict[str, Member], form: Form) -> Stretch:
    try:
        about = json.loads(parts["json"].bytes())
        stretch = Stretch(
            stretch_id,
            parts[PICTURES].array(),
            parts["waveform.npy"].array(),
            int(about["first_segment"]),
            int(about["seconds"]),
            about.get("split") or split_of(about["source"]),
            truth_of(about),
        )
        rate_hz = int(about["rate_hz"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise TrainingError(f"{path}: {stretch_id} cannot be read: {error}") from error
    if rate_hz != form.rate_hz:
        raise TrainingError(
            f"{path}: {stretch_id} has {rate_hz} pictures a second, not {form.rate_hz}: extract "
            f"for this form of the network, or choose another --form"
        )
    _check_arrays(path, stretch, form)
    return stretch


def _check_arrays(path: Path, stretch: Stretch, form: Form) -> None:
    side = form.stored_pixels
    pictures = (stretch.seconds * form.rate_hz, side, side, 3)
    samples = (stretch.seconds * AUDIO_RATE_HZ,)
    for name, array, shape, kind in (
        ("pictures", stretch.pictures, pictures, np.uint8),
        ("waveform", stretch.waveform, samples, np.int16),
    ):
        if array.shape != shape or array.dtype != kind:
            raise TrainingError(
                f"{path}: {stretch.id}: {name} are {array.dtype} {array.shape}, "
                f"not {np.dtype(kind)} {shape}"
            )
