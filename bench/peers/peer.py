"""What the two peers have in common: all but how they come by the pictures."""

import argparse
import json
import resource
import sys
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from sonoscope_training.networks import Network, Shape, seeded
from sonoscope_training.settle import settle
from torch import Tensor

import features
import sound
from stages import Stages

BATCH_SECONDS = 16

# A second and its picture `[height, width, 3]`, in order.
Pictures = Iterator[tuple[int, NDArray[np.uint8]]]
# How a peer gets them: recording, number of seconds, threads it may use.
PictureReader = Callable[[Path, int, int], Pictures]


def main(read_pictures: PictureReader, description: str) -> None:
    """Score every second of a recording; rows to stdout, times to stderr."""
    options = _options(description)
    torch.set_num_threads(options.threads)
    network = untrained(Shape(options.network, options.width), options.seed)
    stages = Stages()
    for row in rows(options.video, network, read_pictures, options.threads, stages):
        print(json.dumps(row))
    summary = stages.summary() | {
        "peak_memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    }
    print(json.dumps(summary), file=sys.stderr)


def untrained(shape: Shape, seed: int) -> Network:
    """The same network that `sonoscope_training export --seed` writes."""
    network = seeded(shape, seed)
    settle(network, seed)
    return network.eval()


def rows(
    video: Path, network: Network, read_pictures: PictureReader, threads: int, stages: Stages
) -> Iterator[dict[str, float]]:
    """One row a second, as the network scores it in batches of `BATCH_SECONDS`."""
    with stages.of("decode"):
        samples = sound.read_mono(video)
        pictures = read_pictures(video, whole_seconds(samples), threads)
    while True:
        with stages.of("decode"):
            batch = list(islice(pictures, BATCH_SECONDS))
        if not batch:
            return
        with stages.of("features"):
            frames = torch.stack([features.picture(rgb) for _, rgb in batch])
            sounds = [sound.second_of(samples, second) for second, _ in batch]
            spectrograms = torch.stack([features.spectrogram(one) for one in sounds])
        with stages.of("network"):
            scores = _score(network, frames, spectrograms)
        for index, (second, _) in enumerate(batch):
            yield {"second": second} | {name: float(of[index]) for name, of in scores.items()}


def whole_seconds(samples: NDArray[np.float32]) -> int:
    """Seconds of which at least half is there."""
    return round(len(samples) / features.SAMPLE_RATE_HZ)


@torch.no_grad()
def _score(network: Network, frames: Tensor, spectrograms: Tensor) -> dict[str, Tensor]:
    """The scores that are one number a second; a heatmap is left out."""
    scores = network(frames, spectrograms)
    return {name: of for name, of in scores.items() if of.dim() == 1}


def _options(description: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("video", type=Path, help="a recording with pictures and sound")
    parser.add_argument("--network", default="ave", choices=("ave", "avol", "l3"))
    parser.add_argument("--width", type=float, default=1.0, help="share of the published width")
    parser.add_argument("--seed", type=int, default=1, help="of the network's weights")
    parser.add_argument("--threads", type=int, default=2, help="for decoding and the network each")
    return parser.parse_args()
