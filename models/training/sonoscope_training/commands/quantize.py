"""Write int8 towers beside a network's fp32 files: frame.int8.onnx and audio.int8.onnx."""

import argparse
from pathlib import Path

import numpy as np

from sonoscope_training import inputs, shards
from sonoscope_training.commands import options
from sonoscope_training.quantize import quantize
from sonoscope_training.tensors import frames_to_tensor, spectrograms_to_tensor


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("folder", type=Path, help="where `export` wrote the network")
    options.add_shards(parser, required=False)
    parser.add_argument("--samples", type=int, default=64, help="inputs to calibrate on")
    parser.add_argument("--seed", type=int, default=0, help="of made-up inputs without --shards")


def run(arguments: argparse.Namespace) -> None:
    """Quantize, and say what was written."""
    frames, spectrograms = _samples(arguments)
    samples = {
        "frame": frames_to_tensor(frames).numpy(),
        "audio": spectrograms_to_tensor(spectrograms).numpy(),
    }
    for path in quantize(arguments.folder, samples):
        print(f"{path}  {path.stat().st_size} bytes")


def _samples(arguments: argparse.Namespace) -> tuple[np.ndarray, np.ndarray]:
    """From the training split, never from what an evaluation sees."""
    if arguments.shards is None:
        count, seed = arguments.samples, arguments.seed
        return inputs.frames(count, seed), inputs.spectrograms(count, seed)
    clips = shards.load(arguments.shards).split("train")[: arguments.samples]
    seconds = [clip.middle() for clip in clips]
    return (
        np.stack([clip.frames[k] for clip, k in zip(clips, seconds, strict=True)]),
        np.stack([clip.spectrograms[k] for clip, k in zip(clips, seconds, strict=True)]),
    )
