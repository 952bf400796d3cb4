"""ONNX graphs written node by node: clean, small, and the same bytes every time.

PyTorch's exporter would need packages of its own, and names tensors as it likes.
"""

from collections.abc import Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from sonoscope_training import layers

# Old enough for every execution provider, new enough for per-channel quantization.
OPSET = 17
IR_VERSION = 8
BATCH = "n"


class Graph:
    """A graph in the making: nodes in order, and their constants."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, name: str, value: Tensor | np.ndarray | Sequence[int] | float) -> str:
        """Keep a value (floats as float32, whole numbers as int64); returns its name."""
        array = value.detach().cpu().numpy() if isinstance(value, Tensor) else np.asarray(value)
        kind = np.float32 if np.issubdtype(array.dtype, np.floating) else np.int64
        array = np.ascontiguousarray(array, dtype=kind) if array.ndim else array.astype(kind)
        self.constants.append(numpy_helper.from_array(array, name))
        return name

    def node(self, operator: str, inputs: Sequence[str], output: str, **attributes) -> str:
        """Append a node of one output; returns that output's name."""
        self.nodes.append(
            helper.make_node(operator, list(inputs), [output], name=output, **attributes)
        )
        return output

    def tower(self, tower: nn.Sequential, entrance: str, exit_name: str) -> str:
        """Append a folded tower, layer by layer."""
        children = list(tower.named_children())
        flow = entrance
        for place, (name, layer) in enumerate(children):
            output = exit_name if place == len(children) - 1 else name
            flow = self._layer(layer, flow, output)
        return flow

    def _layer(self, layer: nn.Module, flow: str, output: str) -> str:
        match layer:
            case nn.Conv2d():
                return self._convolution(layer, flow, output)
            case nn.Linear():
                return self.linear(layer.weight, layer.bias, flow, output)
            case nn.ReLU():
                return self.node("Relu", [flow], output)
            case nn.MaxPool2d():
                size = [layer.kernel_size] * 2
                return self.node("MaxPool", [flow], output, kernel_shape=size, strides=size)
            case layers.GlobalMaxPool():
                cells = self.node("GlobalMaxPool", [flow], f"{output}.cells")
                last = "features" if output == "features" else f"{output}.flat"
                return self.node("Flatten", [cells], last, axis=1)
            case layers.L2Normalize():
                return self._unit_length(flow, output)
            case _:
                raise TypeError(f"no ONNX form for {layer}")

    def _convolution(self, layer: nn.Conv2d, flow: str, output: str) -> str:
        weight = self.constant(f"{output}.weight", layer.weight)
        bias = self.constant(f"{output}.bias", layer.bias)
        return self.node(
            "Conv",
            [flow, weight, bias],
            output,
            kernel_shape=list(layer.kernel_size),
            strides=list(layer.stride),
            pads=list(layer.padding) * 2,
        )

    def linear(self, weight: Tensor, bias: Tensor, flow: str, output: str) -> str:
        """Append a fully connected layer."""
        weight_name = self.constant(f"{output}.weight", weight)
        bias_name = self.constant(f"{output}.bias", bias)
        return self.node("Gemm", [flow, weight_name, bias_name], output, transB=1)

    def _unit_length(self, flow: str, output: str) -> str:
        length = self.node("ReduceL2", [flow], f"{output}.length", axes=[1], keepdims=1)
        shortest = self.constant(f"{output}.shortest", layers.SHORTEST_LENGTH)
        divisor = self.node("Max", [length, shortest], f"{output}.divisor")
        return self.node("Div", [flow, divisor], output)

    def model(
        self, inputs: dict[str, list[int]], outputs: dict[str, list[int]], metadata: dict[str, str]
    ) -> onnx.ModelProto:
        """The finished model; shapes are without the batch dimension. Checked before returned."""
        graph = helper.make_graph(
            self.nodes,
            self.name,
            [_value(name, shape) for name, shape in inputs.items()],
            [_value(name, shape) for name, shape in outputs.items()],
            initializer=self.constants,
        )
        model = helper.make_model(
            graph,
            producer_name="sonoscope",
            ir_version=IR_VERSION,
            opset_imports=[helper.make_opsetid("", OPSET)],
        )
        helper.set_model_props(model, metadata)
        onnx.checker.check_model(model, full_check=True)
        return model


def to_bytes(model: onnx.ModelProto) -> bytes:
    """The same model gives the same bytes."""
    return model.SerializeToString(deterministic=True)


def _value(name: str, shape: list[int]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, [BATCH, *shape])
