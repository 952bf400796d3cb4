"""Things that several tests need: a made-up learnable set, settled networks, exported files."""

import io
import json
import tarfile
from pathlib import Path

import numpy as np
import pytest
import torch

from sonoscope_training import inputs, quantize
from sonoscope_training.contract import UNTRAINED, Provenance
from sonoscope_training.export import export
from sonoscope_training.networks import Shape, seeded
from sonoscope_training.settle import settle
from sonoscope_training.tensors import frames_to_tensor, spectrograms_to_tensor

WIDTH = 0.125
SEED = 3
COLOURS = ((230, 40, 40), (40, 200, 60), (50, 80, 240), (230, 220, 50))


@pytest.fixture(autouse=True, scope="session")
def _one_thread():
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def samples():
    """Tower inputs, four of each."""
    return {
        "frame": frames_to_tensor(inputs.frames(4, SEED)),
        "audio": spectrograms_to_tensor(inputs.spectrograms(4, SEED)),
    }


@pytest.fixture(scope="session", params=["ave", "avol", "l3"])
def network(request):
    """Each network, narrow, untrained, with statistics in its batch normalisations."""
    network = seeded(Shape(request.param, WIDTH), SEED)
    settle(network, SEED)
    return network


@pytest.fixture(scope="session")
def exported(network, samples, tmp_path_factory):
    """Its files, int8 too."""
    folder = tmp_path_factory.mktemp(network.shape.family)
    export(network, "tiny", Provenance(UNTRAINED, WIDTH, SEED), folder)
    quantize.quantize(folder, {part: batch.numpy() for part, batch in samples.items()})
    return folder


def made_up_clip(number: int, seconds: int = 3) -> dict[str, bytes]:
    """One of four classes: a square of its colour somewhere, tones at its height.

    The second at the clip's start is silent, and every eighth clip has its square off screen.
    """
    random = np.random.default_rng(number)
    kind, off_screen = number % len(COLOURS), number % 8 == 7
    frames = random.integers(90, 130, (seconds, 256, 256, 3)).astype(np.uint8)
    sounds = random.normal(-1, 0.1, (seconds, 257, 199)).astype(np.float16)
    truths = []
    for second in range(seconds):
        x, y = random.integers(0, 156, 2)
        if not off_screen:
            frames[second, y : y + 100, x : x + 100] = COLOURS[kind]
        if second > 0:
            sounds[second, 20 + 50 * kind : 50 + 50 * kind] += 2
        truths.append(
            {
                "second": second,
                "box": None if off_screen else [int(x), int(y), int(x) + 100, int(y) + 100],
                "silent": second == 0,
                "off_screen": off_screen,
            }
        )
    truth = {"class": f"kind-{kind}", "width": 256, "height": 256, "seconds": truths}
    about = {"source": f"clip-{number}", "segments": list(range(seconds)), "truth": truth}
    return {
        "frames.npy": npy(frames),
        "spectrograms.npy": npy(sounds),
        "json": json.dumps(about).encode(),
    }


def npy(array: np.ndarray) -> bytes:
    """As a file of numpy's."""
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def write_shard(path: Path, numbers: range) -> None:
    """A shard of made-up clips."""
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as archive:
        for number in numbers:
            for suffix, content in made_up_clip(number).items():
                member = tarfile.TarInfo(f"clip-{number}.{suffix}")
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))


@pytest.fixture(scope="session")
def made_up(tmp_path_factory) -> Path:
    """A folder of two shards."""
    folder = tmp_path_factory.mktemp("shards")
    write_shard(folder / "0.tar", range(60))
    write_shard(folder / "1.tar", range(60, 120))
    return folder
