"""Tar shards, member by member, without reading what is not asked for."""

import io
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sonoscope_training.errors import TrainingError

# A tar file that was finished ends in two empty blocks.
END_OF_ARCHIVE = bytes(1024)
# A header of NumPy's format 1.0 is shorter.
HEADER_MAX = 1 << 17


@dataclass(frozen=True)
class Member:
    """Some bytes of a shard, which stays on disk: they are read when they are looked at."""

    shard: np.memmap
    offset: int
    size: int

    def bytes(self) -> bytes:
        """A copy of them."""
        return self._content().tobytes()

    def array(self) -> np.ndarray:
        """The NumPy file that they are, in place and read-only.

        Its parts are read from disk when they are looked at, so that a set may be larger than
        memory, and runs that train on the same set share what is cached of it.
        """
        header = io.BytesIO(self._content()[:HEADER_MAX].tobytes())
        if np.lib.format.read_magic(header) != (1, 0):
            raise ValueError("not a NumPy array of format 1.0")
        shape, fortran, kind = np.lib.format.read_array_header_1_0(header)
        values = self._content()[header.tell() :]
        if fortran or kind.hasobject or values.size != np.prod(shape) * kind.itemsize:
            raise ValueError(f"its values are not {kind} {shape}")
        return values.view(kind).reshape(shape)

    def _content(self) -> np.ndarray:
        return np.asarray(self.shard)[self.offset : self.offset + self.size]


def groups(path: Path, suffixes: Sequence[str]) -> Iterator[tuple[str, dict[str, Member]]]:
    """Members of a shard by clip id, a member for each suffix; whole clips or an error."""
    _check_finished(path)
    # One mapping a shard: each holds a file open, and there are many members.
    shard = np.memmap(path, np.uint8, "r")
    waiting: dict[str, dict[str, Member]] = {}
    try:
        with tarfile.open(path, "r:") as archive:
            for info in archive:
                clip_id, suffix = _parse_name(path, info.name, suffixes)
                parts = waiting.setdefault(clip_id, {})
                parts[suffix] = Member(shard, info.offset_data, info.size)
                if len(parts) == len(suffixes):
                    yield clip_id, waiting.pop(clip_id)
    except tarfile.ReadError as error:
        raise _cut_off(path, str(error)) from error
    if waiting:
        raise _cut_off(path, f"clip {min(waiting)} is incomplete")


def shards(folder: Path) -> list[Path]:
    """The `*.tar` of a folder, in order."""
    paths = sorted(folder.glob("*.tar"))
    if not paths:
        raise TrainingError(f"{folder} holds no *.tar: write some with `sonoscope extract`")
    return paths


def holds(folder: Path, suffix: str) -> bool:
    """Whether the first shard of a folder has a member of this kind among its first ones."""
    try:
        with tarfile.open(shards(folder)[0], "r:") as archive:
            first = [archive.next() for _ in range(3)]
    except tarfile.ReadError:
        return False
    return any(info is not None and info.name.endswith(f".{suffix}") for info in first)


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


def _parse_name(path: Path, name: str, suffixes: Sequence[str]) -> tuple[str, str]:
    for suffix in suffixes:
        if name.endswith(f".{suffix}"):
            return name.removesuffix(f".{suffix}"), suffix
    raise TrainingError(f"{path}: unexpected member {name}: is this a shard of sonoscope's?")
