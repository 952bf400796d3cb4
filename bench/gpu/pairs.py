"""Pairs of a set for infer-bench: pictures.u8 and sounds.f32, one after the other.

pairs.py SET FOLDER

SET is what `sonoscope extract` wrote. Every other picture gets the sound of the clip after the
next, so that networks have something to decide. It needs nothing but Python.
"""

import json
import math
import struct
import sys
import tarfile
from array import array
from pathlib import Path

SIDE = 224


def npy(content: bytes) -> tuple[list[int], bytes]:
    """The shape of a stored array, and its numbers."""
    (length,) = struct.unpack("<H", content[8:10])
    header = content[10 : 10 + length].decode()
    shape = header.split("'shape':")[1].split("(")[1].split(")")[0]
    return [int(side) for side in shape.split(",") if side.strip()], content[10 + length :]


def items(shape: list[int], numbers: bytes) -> list[bytes]:
    """The parts along the first axis."""
    size = len(numbers) // shape[0]
    return [numbers[at : at + size] for at in range(0, len(numbers), size)]


def shrunk(picture: bytes, side: int) -> bytes:
    """A square picture of `side` columns as one of SIDE, by its nearest pixels."""
    near = [(2 * at + 1) * side // (2 * SIDE) for at in range(SIDE)]
    rows = [picture[3 * side * row : 3 * side * (row + 1)] for row in near]
    return b"".join(row[3 * column : 3 * column + 3] for row in rows for column in near)


def widened(sound: bytes) -> bytes:
    """Halves as floats."""
    return array("f", struct.unpack(f"<{len(sound) // 2}e", sound)).tobytes()


def samples(folder: Path):
    """The pictures and sounds of each clip."""
    for shard in sorted(folder.glob("shard-*.tar")):
        held: dict[str, list[bytes]] = {}
        with tarfile.open(shard) as tar:
            for member in tar:
                kind = member.name.rsplit(".", 2)[-2]
                if kind not in ("frames", "spectrograms"):
                    continue
                shape, numbers = npy(tar.extractfile(member).read())
                if kind == "frames":
                    held[kind] = [shrunk(one, shape[1]) for one in items(shape, numbers)]
                else:
                    held[kind] = [widened(one) for one in items(shape, numbers)]
                if len(held) == 2:
                    yield held.pop("frames"), held.pop("spectrograms")


def main() -> None:
    """Write both files, and what they are."""
    source, target = map(Path, sys.argv[1:])
    clips = list(samples(source))
    pictures = [picture for seen, _ in clips for picture in seen]
    sounds = [sound for _, heard in clips for sound in heard]
    most = max((len(seen) for seen, _ in clips), default=0)
    others = [sounds[(at + 2 * most) % len(sounds)] for at in range(len(sounds))]
    mixed = [(sounds, others)[at % 2][at] for at in range(len(sounds))]
    target.mkdir(parents=True, exist_ok=True)
    (target / "pictures.u8").write_bytes(b"".join(pictures))
    (target / "sounds.f32").write_bytes(b"".join(mixed))
    about = {"pairs": len(pictures), "mismatched": math.floor(len(pictures) / 2)}
    print(json.dumps(about))


if __name__ == "__main__":
    main()
