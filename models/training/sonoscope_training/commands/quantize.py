"""Write int8 towers beside a network's fp32 files: frame.int8.onnx and audio.int8.onnx."""

import argparse
from pathlib import Path

import numpy as np

from sonoscope_training import inputs, shards, stretches
from sonoscope_training.commands import options
from sonoscope_training.multisensory import form_of, form_with
from sonoscope_training.networks import MULTISENSORY
from sonoscope_training.quantize import contract_of, quantize
from sonoscope_training.tensors import (
    frames_to_tensor,
    spectrograms_to_tensor,
    waveforms_to_tensor,
    windows_to_tensor,
)
from sonoscope_training.window_validation import examples, stored


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("folder", type=Path, help="where `export` wrote the network")
    options.add_shards(parser, required=False)
    parser.add_argument("--samples", type=int, default=64, help="inputs to calibrate on")
    parser.add_argument("--seed", type=int, default=0, help="of made-up inputs without --shards")


def run(arguments: argparse.Namespace) -> None:
    """Quantize, and say what was written."""
    page = contract_of(arguments.folder)
    samples = _windows(arguments, page) if page["family"] == MULTISENSORY else _pairs(arguments)
    for path in quantize(arguments.folder, samples):
        print(f"{path}  {path.stat().st_size} bytes")


def _pairs(arguments: argparse.Namespace) -> dict[str, np.ndarray]:
    frames, spectrograms = _seconds(arguments)
    return {
        "frame": frames_to_tensor(frames).numpy(),
        "audio": spectrograms_to_tensor(spectrograms).numpy(),
    }


def _windows(arguments: argparse.Namespace, page: dict) -> dict[str, np.ndarray]:
    """The same for Multisensory, of windows."""
    form = form_of(form_with(page["frame"]["width"]))
    count, seed = arguments.samples, arguments.seed
    if arguments.shards is None:
        pictures, sounds = inputs.windows(count, form, seed), inputs.waveforms(count, seed)
    else:
        training = stretches.load(arguments.shards, form).split("train")
        pictures, sounds, _ = next(stored(examples(training, form, most=count), form, count))
    return {
        "frame": windows_to_tensor(pictures, form.pixels).numpy(),
        "audio": waveforms_to_tensor(sounds).numpy(),
    }


def _seconds(arguments: argparse.Namespace) -> tuple[np.ndarray, np.ndarray]:
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
