"""Weights stored in half precision: half the file, nearly the same features, int8 as before."""

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from sonoscope_training.contract import UNTRAINED, Provenance
from sonoscope_training.errors import TrainingError
from sonoscope_training.export import export
from sonoscope_training.graph import Graph
from sonoscope_training.halves import widened
from sonoscope_training.networks import Shape, seeded
from sonoscope_training.quantize import quantize
from sonoscope_training.settle import settle

ENTRANCES = {"frame": "frame", "audio": "spectrogram"}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    network = seeded(Shape("ave", 0.25), 3)
    settle(network, 3)
    found = {}
    for weights in ("fp32", "fp16"):
        found[weights] = tmp_path_factory.mktemp(weights)
        provenance = Provenance(UNTRAINED, 0.25, 3)
        export(network, "tiny", provenance, found[weights], weights=weights)
    return found


def run(path, entrance, batch):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    assert session.get_inputs()[0].type == session.get_outputs()[0].type == "tensor(float)"
    return session.run(None, {entrance: batch.numpy()})[0]


def test_files_are_half_as_large(folders):
    for part in ENTRANCES:
        sizes = {name: (folder / f"{part}.onnx").stat().st_size for name, folder in folders.items()}
        assert sizes["fp16"] < 0.53 * sizes["fp32"]


def test_features_hardly_change(folders, samples):
    for part, entrance in ENTRANCES.items():
        fp32, fp16 = (
            run(folders[name] / f"{part}.onnx", entrance, samples[part]) for name in folders
        )
        assert not np.array_equal(fp32, fp16)
        assert (fp32 * fp16).sum(axis=1).min() > 0.9999


def test_widened_again_they_are_plain(folders):
    stored = onnx.load(folders["fp16"] / "frame.onnx")
    plain = widened(stored)
    assert "Cast" in {node.op_type for node in stored.graph.node}
    assert "Cast" not in {node.op_type for node in plain.graph.node}
    onnx.checker.check_model(plain, full_check=True)


def test_int8_towers_are_made_of_them(folders, samples, tmp_path):
    quantize(folders["fp16"], {part: batch.numpy() for part, batch in samples.items()})
    nodes = onnx.load(folders["fp16"] / "frame.int8.onnx").graph.node
    makers = {output: node for node in nodes for output in node.output}
    convolutions = [node for node in nodes if node.op_type == "Conv"]
    assert len(convolutions) == 8
    for node in convolutions:
        assert {makers[name].op_type for name in node.input} == {"DequantizeLinear"}


def test_values_too_large_for_half_precision_are_refused():
    with pytest.raises(TrainingError, match="too large for half precision"):
        Graph("tiny", "fp16").constant("weight", torch.full((1024,), 1e5))
