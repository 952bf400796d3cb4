"""Towers in int8: static, QDQ, unsigned activations, signed weights per output channel.

With VNNI instructions (or a GPU) this is some three times as fast as single precision. Older
x86 processors add pairs of int8 products in 16 bits and may saturate: use the fp32 files there.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

from sonoscope_training import contract, graph
from sonoscope_training.errors import TrainingError

TOWERS = {"frame": "frame", "audio": "spectrogram"}
# Where the time goes. FCs stay in single precision: they are small, and accuracy hangs on them.
# A ReLU between them vanishes: its floor becomes the lower end of the quantized range.
OPERATORS = ["Conv", "Relu", "MaxPool"]


class Calibration(CalibrationDataReader):
    """Inputs of one tower, one at a time."""

    def __init__(self, entrance: str, batch: np.ndarray) -> None:
        self.entrance = entrance
        self.samples: Iterator[np.ndarray] = iter(np.split(batch, len(batch)))

    def get_next(self) -> dict[str, np.ndarray] | None:
        """The next one, or None behind the last."""
        sample = next(self.samples, None)
        return None if sample is None else {self.entrance: sample}


def quantize(folder: Path, samples: dict[str, np.ndarray]) -> list[Path]:
    """Write `frame.int8.onnx` and `audio.int8.onnx` beside the fp32 files; returns their paths.

    `samples` holds, by part, a batch of tower inputs to calibrate on.
    """
    written = []
    for part, entrance in TOWERS.items():
        source = folder / f"{part}.onnx"
        if not source.exists():
            raise TrainingError(f"{source} is missing: export the network to {folder} first")
        model = _quantized(source, Calibration(entrance, samples[part]))
        path = folder / f"{part}.int8.onnx"
        path.write_bytes(graph.to_bytes(model))
        written.append(path)
    return written


def _quantized(source: Path, calibration: Calibration) -> onnx.ModelProto:
    with tempfile.TemporaryDirectory() as scratch:
        shaped = Path(scratch) / "shaped.onnx"
        target = Path(scratch) / "quantized.onnx"
        quant_pre_process(source, shaped, skip_optimization=True, skip_symbolic_shape=True)
        quantize_static(
            shaped,
            target,
            calibration,
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=OPERATORS,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,
        )
        quantized = onnx.load(target)
    fp32 = onnx.load(source, load_external_data=False)
    quantized.producer_name = fp32.producer_name
    quantized.producer_version = fp32.producer_version
    onnx.helper.set_model_props(quantized, {prop.key: prop.value for prop in fp32.metadata_props})
    if contract.METADATA_KEY not in {prop.key for prop in quantized.metadata_props}:
        raise TrainingError(f"{source} has no {contract.METADATA_KEY}: it was not exported by us")
    return quantized
