"""Towers in int8: static, QDQ, unsigned activations, signed weights per output channel.

With VNNI instructions (or a GPU) this is some three times as fast as single precision. Older
x86 processors add pairs of int8 products in 16 bits and may saturate: use the fp32 files there.
"""

import json
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

from sonoscope_training import contract, graph, halves
from sonoscope_training.errors import TrainingError

TOWERS = ("frame", "audio")
# Where the time goes. FCs stay in single precision: they are small, and accuracy hangs on them.
# A ReLU between them vanishes: its floor becomes the lower end of the quantized range.
OPERATORS = ["Conv", "Relu", "MaxPool"]
# Convolutions over time, rows and columns: ONNX Runtime's take twice as long in int8 as in single
# precision (25 ms a window against 14), so this tower stays what it is.
KEPT = ("multisensory", "frame")


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
    family = contract_of(folder)["family"]
    for part in TOWERS:
        source = _source(folder, part)
        path = folder / f"{part}.int8.onnx"
        if (family, part) == KEPT:
            path.write_bytes(source.read_bytes())
        else:
            calibration = Calibration(contract.entrance(family, part), samples[part])
            path.write_bytes(graph.to_bytes(_quantized(source, calibration)))
        written.append(path)
    return written


def contract_of(folder: Path) -> dict:
    """The page of an exported network."""
    model = onnx.load(_source(folder, "audio"), load_external_data=False)
    pages = [prop.value for prop in model.metadata_props if prop.key == contract.METADATA_KEY]
    if not pages:
        raise TrainingError(
            f"{folder} has no {contract.METADATA_KEY}: it was not exported by this package"
        )
    return json.loads(pages[0])


def _source(folder: Path, part: str) -> Path:
    source = folder / f"{part}.onnx"
    if not source.exists():
        raise TrainingError(f"{source} is missing: export the network to {folder} first")
    return source


def _quantized(source: Path, calibration: Calibration) -> onnx.ModelProto:
    with tempfile.TemporaryDirectory() as scratch:
        shaped = Path(scratch) / "shaped.onnx"
        target = Path(scratch) / "quantized.onnx"
        fp32 = onnx.load(source)
        # Weights stored in half precision would pass for activations.
        quant_pre_process(
            halves.widened(fp32), shaped, skip_optimization=True, skip_symbolic_shape=True
        )
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
    quantized.producer_name = fp32.producer_name
    quantized.producer_version = fp32.producer_version
    onnx.helper.set_model_props(quantized, {prop.key: prop.value for prop in fp32.metadata_props})
    return quantized
