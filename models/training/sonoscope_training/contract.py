"""The page of JSON in each ONNX file: preprocessing, meaning of outputs, where weights come from.

It mirrors `models/src/contract.rs`, which refuses unknown fields.
"""

import json
from dataclasses import asdict, dataclass

from sonoscope_training import avol
from sonoscope_training.networks import Shape
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
    embedding = {"ave": EMBEDDING, "avol": None, "l3": shape.pooled_features}[shape.family]
    return {
        "correspondence": "high_corresponds",
        "distance": shape.family == "ave",
        "heatmap": [avol.CELLS, avol.CELLS] if shape.family == "avol" else None,
        "embedding": embedding,
    }


def contract(name: str, shape: Shape, part: str, provenance: Provenance) -> dict:
    """The whole page for one of the three files."""
    return {
        "version": VERSION,
        "network": name,
        "family": shape.family,
        "part": part,
        "frame": FRAME,
        "audio": AUDIO,
        "spectrogram": SPECTROGRAM,
        "outputs": outputs(shape),
        "provenance": asdict(provenance),
    }


def to_json(page: dict) -> str:
    """One form for one content, so that the same network gives the same bytes."""
    return json.dumps(page, separators=(",", ":"), ensure_ascii=False)
