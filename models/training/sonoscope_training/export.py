"""A network as three ONNX files, each with the contract in its metadata."""

from pathlib import Path

import onnx

from sonoscope_training import contract, graph, heads, multisensory
from sonoscope_training.contract import Provenance
from sonoscope_training.folding import fold
from sonoscope_training.graph import Graph, Weights
from sonoscope_training.networks import MULTISENSORY, Network, Shape
from sonoscope_training.towers import AUDIO_CHANNELS, EMBEDDING, FRAME_CHANNELS

FRAME_SHAPE = [FRAME_CHANNELS, contract.FRAME_PIXELS, contract.FRAME_PIXELS]
SPECTROGRAM_SHAPE = [
    AUDIO_CHANNELS,
    contract.SPECTROGRAM_BINS,
    contract.SPECTROGRAM_FRAMES,
]


def export(
    network: Network, name: str, provenance: Provenance, folder: Path, *, weights: Weights = "fp32"
) -> list[Path]:
    """Write `frame.onnx`, `audio.onnx`, `head.onnx`; returns their paths.

    With `weights` in fp16 they are half as large, and cast to single precision when loaded.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for part, model in models(network, name, provenance, weights).items():
        path = folder / f"{part}.onnx"
        path.write_bytes(graph.to_bytes(model))
        written.append(path)
    return written


def models(
    network: Network, name: str, provenance: Provenance, weights: Weights = "fp32"
) -> dict[str, onnx.ModelProto]:
    """The three models, by part."""
    frame_features, audio_features = feature_shapes(network.shape)
    frame_shape, audio_shape = input_shapes(network.shape)
    sound = contract.entrance(network.shape.family, "audio")
    metadata = {
        part: {
            contract.METADATA_KEY: contract.to_json(
                contract.contract(name, network.shape, part, provenance)
            )
        }
        for part in contract.PARTS
    }

    frame = Graph(f"{name}.frame", weights)
    frame.tower(fold(network.frame), "frame", "features")
    audio = Graph(f"{name}.audio", weights)
    audio.tower(fold(network.audio), sound, "features")
    head = Graph(f"{name}.head", weights)
    scores = heads.write(head, network.head)
    return {
        "frame": frame.model(
            {"frame": frame_shape}, {"features": frame_features}, metadata["frame"]
        ),
        "audio": audio.model({sound: audio_shape}, {"features": audio_features}, metadata["audio"]),
        "head": head.model(
            {heads.FRAME: frame_features, heads.AUDIO: audio_features}, scores, metadata["head"]
        ),
    }


def input_shapes(shape: Shape) -> tuple[list[int], list[int]]:
    """What the frame tower and the audio tower take, without the batch dimension."""
    if shape.family == MULTISENSORY:
        form = multisensory.form_of(shape.form)
        pictures = [FRAME_CHANNELS, form.frames, form.pixels, form.pixels]
        return pictures, [AUDIO_CHANNELS, multisensory.WINDOW_SAMPLES]
    return FRAME_SHAPE, SPECTROGRAM_SHAPE


def feature_shapes(shape: Shape) -> tuple[list[int], list[int]]:
    """What the frame tower and the audio tower give, without the batch dimension."""
    match shape.family:
        case "avol":
            cells = contract.outputs(shape)["heatmap"]
            return [EMBEDDING, *cells], [EMBEDDING]
        case "l3":
            return [shape.pooled_features], [shape.pooled_features]
        case "multisensory":
            return multisensory.feature_shapes(multisensory.form_of(shape.form), shape.width)
        case _:
            return [EMBEDDING], [EMBEDDING]
