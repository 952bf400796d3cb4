"""Recordings in which a square lights up whenever a tone is heard, written as clips shards."""

import io
import json
import tarfile
from pathlib import Path

import numpy as np

RATE_HZ, SIDE, SAMPLES_PER_S = 8, 128, 21_000
SECONDS = 9


def beats(random: np.random.Generator, seconds: int) -> np.ndarray:
    """Which pictures are lit: a tone of half a second somewhere in each two seconds."""
    lit = np.zeros(seconds * RATE_HZ, bool)
    for start in range(0, len(lit) - 16, 16):
        first = start + random.integers(0, 12)
        lit[first : first + 4] = True
    return lit


def members(number: int, seconds: int = SECONDS, *, silent: bool = False) -> dict[str, bytes]:
    """One recording; all that varies follows from its number."""
    random = np.random.default_rng(number)
    lit = beats(random, seconds)
    pictures = np.full((len(lit), SIDE, SIDE, 3), 90, np.uint8)
    y, x = random.integers(0, SIDE - 60, 2)
    pictures[lit, y : y + 60, x : x + 60] = random.integers(170, 256, 3)
    loud = np.repeat(lit, SAMPLES_PER_S // RATE_HZ)
    tone = np.sin(2 * np.pi * 700 / SAMPLES_PER_S * np.arange(len(loud)))
    sound = 8000 * tone * loud + random.normal(0, 40, len(loud))
    truths = [
        {"second": k, "box": [0, 0, 60, 60], "silent": silent, "off_screen": False}
        for k in range(seconds)
    ]
    about = {
        "source": f"beats-{number}",
        "first_segment": 0,
        "seconds": seconds,
        "rate_hz": RATE_HZ,
        "truth": {"class": "beat", "width": SIDE, "height": SIDE, "seconds": truths},
    }
    rest = np.zeros(seconds * SAMPLES_PER_S - len(sound))
    return {
        "pictures.npy": npy(pictures),
        "waveform.npy": npy(np.concatenate([sound, rest]).astype(np.int16)),
        "json": json.dumps(about).encode(),
    }


def npy(array: np.ndarray) -> bytes:
    """As a file of numpy's."""
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def write(path: Path, recordings: dict[str, dict[str, bytes]]) -> None:
    """A shard of recordings, by id."""
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as archive:
        for name, parts in recordings.items():
            for suffix, content in parts.items():
                member = tarfile.TarInfo(f"{name}.{suffix}")
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))


def write_set(folder: Path, count: int) -> None:
    """A folder of one shard."""
    write(folder / "0.tar", {f"beats-{n}": members(n) for n in range(count)})
