"""Weights stored in half precision and cast back when a file is loaded: half the size on disk.

ONNX Runtime folds the casts once, at load, so nothing is computed in half precision.
"""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from sonoscope_training.errors import TrainingError

SUFFIX = ".fp16"


def constant(
    nodes: list[onnx.NodeProto], constants: list[onnx.TensorProto], name: str, array: np.ndarray
) -> str:
    """Append a constant of half precision and the cast that gives it its name; returns that."""
    if np.abs(array).max() > np.finfo(np.float16).max:
        raise TrainingError(f"{name} has values too large for half precision: export as fp32")
    constants.append(numpy_helper.from_array(array.astype(np.float16), name + SUFFIX))
    cast = helper.make_node("Cast", [name + SUFFIX], [name], name=name, to=TensorProto.FLOAT)
    nodes.append(cast)
    return name


def widened(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same model with its constants in single precision and no casts of constants."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    halves = {tensor.name: tensor for tensor in model.graph.initializer}
    kept = []
    for node in model.graph.node:
        tensor = halves.get(node.input[0]) if node.op_type == "Cast" else None
        if tensor is None:
            kept.append(node)
            continue
        array = numpy_helper.to_array(tensor).astype(np.float32)
        del halves[tensor.name]
        halves[node.output[0]] = numpy_helper.from_array(array, node.output[0])
    del copy.graph.node[:]
    copy.graph.node.extend(kept)
    del copy.graph.initializer[:]
    copy.graph.initializer.extend(halves.values())
    return copy
