"""int8 towers stay close to fp32 ones, and are int8."""

import numpy as np
import onnx
import onnxruntime
import pytest

from sonoscope_training.errors import TrainingError
from sonoscope_training.quantize import quantize

TOWERS = {"frame": "frame", "audio": "spectrogram"}


def features(path, entrance, batch):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return session.run(None, {entrance: batch.numpy()})[0].reshape(len(batch), -1)


def test_int8_is_close(exported, samples):
    for part, entrance in TOWERS.items():
        fp32 = features(exported / f"{part}.onnx", entrance, samples[part])
        int8 = features(exported / f"{part}.int8.onnx", entrance, samples[part])
        lengths = np.linalg.norm(fp32, axis=1) * np.linalg.norm(int8, axis=1)
        assert ((fp32 * int8).sum(axis=1) / lengths).min() > 0.95
        assert not np.array_equal(fp32, int8)


def test_every_convolution_is_quantized_and_no_relu_is_left_between(exported):
    for part in TOWERS:
        nodes = onnx.load(exported / f"{part}.int8.onnx").graph.node
        makers = {output: node for node in nodes for output in node.output}
        convolutions = [node for node in nodes if node.op_type == "Conv"]
        assert len(convolutions) >= 8
        for node in convolutions:
            assert {makers[name].op_type for name in node.input} == {"DequantizeLinear"}
        last_convolution = max(i for i, node in enumerate(nodes) if node.op_type == "Conv")
        assert "Relu" not in [node.op_type for node in nodes[:last_convolution]]


def test_a_second_time_gives_the_same_bytes(exported, samples):
    before = {part: (exported / f"{part}.int8.onnx").read_bytes() for part in TOWERS}
    quantize(exported, {part: batch.numpy() for part, batch in samples.items()})
    for part, content in before.items():
        assert (exported / f"{part}.int8.onnx").read_bytes() == content


def test_a_folder_without_a_network_is_refused(tmp_path, samples):
    with pytest.raises(TrainingError, match="export the network"):
        quantize(tmp_path, {part: batch.numpy() for part, batch in samples.items()})
