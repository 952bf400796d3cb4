"""OpenL3: the towers of an L3-Net as Cramer et al. published them, for embeddings and no more.

Their files are weights of Keras, one for sound and one for picture. What tells a file of one kind
of spectrogram from that of another is its name alone, so it has to be said.
"""

from collections import OrderedDict
from dataclasses import asdict, dataclass
from pathlib import Path

import onnx
from torch import Tensor, nn

from sonoscope_training import contract, graph, keras, state_dict
from sonoscope_training.contract import Provenance
from sonoscope_training.errors import TrainingError
from sonoscope_training.folding import fold
from sonoscope_training.graph import Graph, Weights
from sonoscope_training.layers import GlobalMaxPool
from sonoscope_training.towers import AUDIO_CHANNELS, FRAME_CHANNELS, PUBLISHED_CHANNELS

FAMILY = "openl3"
PARTS = ("frame", "audio")
# Features are the highest value of each channel: the published embedding of 512.
EMBEDDING = PUBLISHED_CHANNELS[-1]

# What the two files, and the last layers in them, are called.
PUBLISHED_AS = {"frame": "image", "audio": "audio"}
LAST_LAYERS = {"frame": "vision_embedding_layer", "audio": "audio_embedding_layer"}

# Keras' own; PyTorch's differs.
NORM_EPSILON = 1e-3

# What a layer's weights are called in Keras, and here.
RENAMES: dict[type[nn.Module], dict[str, str]] = {
    nn.Conv2d: {"kernel": "weight", "bias": "bias"},
    nn.BatchNorm2d: {
        "gamma": "weight",
        "beta": "bias",
        "moving_mean": "running_mean",
        "moving_variance": "running_var",
    },
}

FRAME = {
    "width": contract.FRAME_PIXELS,
    "height": contract.FRAME_PIXELS,
    "shorter_side": 256,
    "antialias": True,
    "mean": [0.5, 0.5, 0.5],
    "std": [0.5, 0.5, 0.5],
}
AUDIO = {"rate_hz": 48_000, "window_samples": 48_000, "full_scale": 1.0}

# How the networks heard when they were trained (OpenL3 up to 0.3). OpenL3 0.4 hears the same
# weights' sound by other filters, which gives other embeddings.
LEVELS = {"hop_samples": 242, "floor": 1e-10, "reference": "loudest", "range_db": 80.0}
MEL = LEVELS | {
    "fft_samples": 2048,
    "pad_samples": [982, 982],
    "power": 2,
    "filters": {"scale": "htk", "norm": "slaney", "min_hz": 0.0, "max_hz": 24_000.0},
    "root": True,
    "frames": 199,
}
HEARS = {
    "linear": LEVELS
    | {
        "fft_samples": 512,
        "pad_samples": [0, 0],
        "power": 1,
        "filters": None,
        "root": False,
        "bins": 257,
        "frames": 197,
    },
    "mel128": MEL | {"bins": 128},
    "mel256": MEL | {"bins": 256},
}


@dataclass(frozen=True)
class OpenL3:
    """Both towers by part, and which of `HEARS` the audio tower hears."""

    towers: dict[str, nn.Sequential]
    hears: str


def load(audio: Path, image: Path, hears: str) -> OpenL3:
    """The network of two files, in evaluation mode. Every weight must find its place.

    Raises:
        TrainingError: A file is not what it should be.
    """
    if hears not in HEARS:
        raise TrainingError(f"no spectrogram '{hears}': choose one of {sorted(HEARS)}")
    files = {"audio": audio, "frame": image}
    towers = {part: filled(part, keras.read(path), str(path)) for part, path in files.items()}
    return OpenL3(towers, hears)


def tower(part: str) -> nn.Sequential:
    """Four blocks of two 3x3 convolutions, pools between, and the highest value of each channel.

    The input is normalised before the first convolution. In the published picture network the first
    block's second normalisation comes behind the ReLU; everywhere else it comes before.
    """
    previous = {"frame": FRAME_CHANNELS, "audio": AUDIO_CHANNELS}[part]
    layers: OrderedDict[str, nn.Module] = OrderedDict(bn=_norm(previous))
    for block, count in enumerate(PUBLISHED_CHANNELS, start=1):
        for place in (1, 2):
            layers[f"conv{block}_{place}"] = nn.Conv2d(previous, count, 3, padding=1)
            previous = count
            if (block, place) == (len(PUBLISHED_CHANNELS), 2):
                break
            behind = [(f"bn{block}_{place}", _norm(count)), (f"relu{block}_{place}", nn.ReLU())]
            turned = part == "frame" and (block, place) == (1, 2)
            layers.update(reversed(behind) if turned else behind)
        if block < len(PUBLISHED_CHANNELS):
            layers[f"pool{block}"] = nn.MaxPool2d(2, 2)
    layers[f"pool{len(PUBLISHED_CHANNELS)}"] = GlobalMaxPool()
    return nn.Sequential(layers).eval()


def filled(part: str, layers: list[keras.Layer], origin: str) -> nn.Sequential:
    """The tower with the weights of a file, whose layers are told by their order."""
    complaint = f"{origin} does not hold the published {PUBLISHED_AS[part]} network of OpenL3"
    # Files of before 0.4 also hold the filters of the spectrogram, which are in the contract here.
    layers = [layer for layer in layers if "spectrogram" not in layer.name]
    built = tower(part)
    places = [(name, layer) for name, layer in built.named_children() if type(layer) in RENAMES]
    if len(layers) != len(places):
        raise TrainingError(f"{complaint}: it has {len(layers)} layers, expected {len(places)}")
    found = {
        f"{layer.name}/{name}": value for layer in layers for name, value in layer.weights.items()
    }
    names = [layer.name for layer in layers[:-1]] + [LAST_LAYERS[part]]
    own = built.state_dict()
    sources = {
        f"{place}.{ours}": f"{name}/{theirs}"
        for name, (place, layer) in zip(names, places, strict=True)
        for theirs, ours in RENAMES[type(layer)].items()
    }
    expected = {theirs: _as_keras(own[ours]) for ours, theirs in sources.items()}
    state_dict.check(found, expected, complaint)
    weights = {ours: _as_ours(found[theirs]) for ours, theirs in sources.items()}
    built.load_state_dict(own | weights)
    return built


def export(
    network: OpenL3, name: str, provenance: Provenance, folder: Path, *, weights: Weights = "fp32"
) -> list[Path]:
    """Write `frame.onnx` and `audio.onnx`; returns their paths. There is no head."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for part in PARTS:
        path = folder / f"{part}.onnx"
        model = _model(network, part, name, provenance, weights)
        path.write_bytes(graph.to_bytes(model))
        written.append(path)
    return written


def page(name: str, hears: str, part: str, provenance: Provenance) -> dict:
    """The contract of one of the two files."""
    return {
        "version": contract.VERSION,
        "network": name,
        "family": FAMILY,
        "part": part,
        "frame": FRAME,
        "audio": AUDIO,
        "mel": HEARS[hears],
        "outputs": {
            "correspondence": None,
            "distance": False,
            "heatmap": None,
            "embedding": EMBEDDING,
        },
        "provenance": asdict(provenance),
    }


def _model(
    network: OpenL3, part: str, name: str, provenance: Provenance, weights: Weights
) -> onnx.ModelProto:
    sound = HEARS[network.hears]
    entrance, shape = {
        "frame": ("frame", [FRAME_CHANNELS, FRAME["height"], FRAME["width"]]),
        "audio": ("spectrogram", [AUDIO_CHANNELS, sound["bins"], sound["frames"]]),
    }[part]
    written = Graph(f"{name}.{part}", weights)
    written.tower(fold(network.towers[part]), entrance, "features")
    metadata = contract.to_json(page(name, network.hears, part, provenance))
    return written.model(
        {entrance: shape}, {"features": [EMBEDDING]}, {contract.METADATA_KEY: metadata}
    )


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=NORM_EPSILON)


def _as_keras(value: Tensor) -> Tensor:
    """Keras has a kernel as rows, columns, inputs, outputs."""
    return value.permute(2, 3, 1, 0) if value.dim() == 4 else value


def _as_ours(value: Tensor) -> Tensor:
    return value.permute(3, 2, 0, 1) if value.dim() == 4 else value
