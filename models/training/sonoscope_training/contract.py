"""The page of JSON in each ONNX file: preprocessing, meaning of outputs, where weights come from.

It mirrors `models/src/contract.rs`, which refuses unknown fields.
"""

import json
from dataclasses import asdict, dataclass

from sonoscope_training import avol, multisensory
from sonoscope_training.networks import MULTISENSORY, Shape
from sonoscope_training.towers import EMBEDDING

METADATA_KEY = "sonoscope.contract"
VERSION = "allthatsound-1"
PARTS = ("frame", "audio", "head")

FRAME_PIXELS = 224
FRAME_MEAN = (0.485, 0.456, 0.406)
FRAME_STD = (0.229, 0.224, 0.225)
SPECTROGRAM_BINS = 257
SPECTROGRAM_FRAMES = 199
# What decibels are divided by.
SPECTROGRAM_DIVISOR = 26.68

FRAME = {
    "width": FRAME_PIXELS,
    "height": FRAME_PIXELS,
    "antialias": True,
    "mean": list(FRAME_MEAN),
    "std": list(FRAME_STD),
}
AUDIO = {"rate_hz": 48_000, "window_samples": 48_000, "full_scale": 32_768.0}
# Multisensory's: the waveform itself, centred on the middle of the second.
WAVEFORM = {
    "rate_hz": multisensory.AUDIO_RATE_HZ,
    "window_samples": multisensory.WINDOW_SAMPLES,
    "full_scale": 1.0,
}
SPECTROGRAM = {
    "tukey_alpha": 0.25,
    "window_samples": 480,
    "hop_samples": 240,
    "fft_samples": 512,
    "bins": SPECTROGRAM_BINS,
    "frames": SPECTROGRAM_FRAMES,
    "floor": 1e-7,
    "divisor": SPECTROGRAM_DIVISOR,
}

UNTRAINED = "seeded, untrained"
WEIGHTS_LICENSE = "MIT OR Apache-2.0"


@dataclass(frozen=True)
class Provenance:
    """Where weights come from."""

    trained_on: str
    width: float
    seed: int
    license: str = WEIGHTS_LICENSE


def outputs(shape: Shape) -> dict:
    """What the head gives. Polarity is resolved at export: high always corresponds."""
    heatmap = embedding = None
    match shape.family:
        case "ave":
            embedding = EMBEDDING
        case "avol":
            heatmap = [avol.CELLS] * 2
        case "l3":
            embedding = shape.pooled_features
        case "multisensory":
            heatmap = [multisensory.form_of(shape.form).cells] * 2
    return {
        "correspondence": "high_corresponds",
        "distance": shape.family == "ave",
        "heatmap": heatmap,
        "embedding": embedding,
    }


def entrance(family: str, part: str) -> str:
    """What the input of a tower is called."""
    if part == "frame":
        return "frame"
    return "waveform" if family == MULTISENSORY else "spectrogram"


def inputs(shape: Shape) -> dict:
    """How pictures and sound become what the towers take."""
    if shape.family != MULTISENSORY:
        return {"frame": FRAME, "audio": AUDIO, "spectrogram": SPECTROGRAM}
    form = multisensory.form_of(shape.form)
    size = {"width": form.pixels, "height": form.pixels}
    clip = {"frames": form.frames, "rate_hz": form.rate_hz}
    return {"frame": FRAME | size | {"clip": clip}, "audio": WAVEFORM}


def contract(name: str, shape: Shape, part: str, provenance: Provenance) -> dict:
    """The whole page for one of the three files."""
    return {
        "version": VERSION,
        "network": name,
        "family": shape.family,
        "part": part,
        **inputs(shape),
        "outputs": outputs(shape),
        "provenance": asdict(provenance),
    }


def to_json(page: dict) -> str:
    """One form for one content, so that the same network gives the same bytes."""
    return json.dumps(page, separators=(",", ":"), ensure_ascii=False)
