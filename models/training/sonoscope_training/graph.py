"""ONNX graphs written node by node: clean, small, and the same bytes every time.

PyTorch's exporter would need packages of its own, and names tensors as it likes.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from sonoscope_training import halves, layers

# Old enough for every execution provider, new enough for per-channel quantization.
OPSET = 17
IR_VERSION = 8
BATCH = "n"

# How large constants are stored; all is computed in single precision.
Weights = Literal["fp32", "fp16"]
# Smaller constants, biases among them, are not worth a node.
HALVED_FROM = 512


class Graph:
    """A graph in the making: nodes in order, and their constants."""

    def __init__(self, name: str, weights: Weights = "fp32") -> None:
        self.name = name
        self.weights = weights
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, name: str, value: Tensor | np.ndarray | Sequence[int] | float) -> str:
        """Keep a value (floats as float32, whole numbers as int64); returns its name."""
        array = value.detach().cpu().numpy() if isinstance(value, Tensor) else np.asarray(value)
        kind = np.float32 if np.issubdtype(array.dtype, np.floating) else np.int64
        array = np.ascontiguousarray(array, dtype=kind) if array.ndim else array.astype(kind)
        if self.weights == "fp16" and kind is np.float32 and array.size >= HALVED_FROM:
            return halves.constant(self.nodes, self.constants, name, array)
        self.constants.append(numpy_helper.from_array(array, name))
        return name

    def node(self, operator: str, inputs: Sequence[str], output: str, **attributes) -> str:
        """Append a node of one output; returns that output's name."""
        self.nodes.append(
            helper.make_node(operator, list(inputs), [output], name=output, **attributes)
        )
        return output

    def tower(
        self, tower: nn.Sequential, entrance: str, exit_name: str, *, within: str = ""
    ) -> str:
        """Append a folded tower, layer by layer; names of what lies between start with `within`."""
        children = list(tower.named_children())
        flow = entrance
        for place, (name, layer) in enumerate(children):
            output = exit_name if place == len(children) - 1 else f"{within}{name}"
            flow = self._layer(layer, flow, output)
        return flow

    def _layer(self, layer: nn.Module, flow: str, output: str) -> str:
        for kinds, write in WRITERS:
            if isinstance(layer, kinds):
                return write(self, layer, flow, output)
        raise TypeError(f"no ONNX form for {layer}")

    def _relu(self, layer: nn.ReLU, flow: str, output: str) -> str:
        del layer
        return self.node("Relu", [flow], output)

    def _global_max_pool(self, layer: layers.GlobalMaxPool, flow: str, output: str) -> str:
        del layer
        cells = self.node("GlobalMaxPool", [flow], f"{output}.cells")
        last = "features" if output == "features" else f"{output}.flat"
        return self.node("Flatten", [cells], last, axis=1)

    def _affine(self, layer: layers.Affine, flow: str, output: str) -> str:
        scale = self.constant(f"{output}.scale", layer.scale)
        scaled = self.node("Mul", [flow, scale], f"{output}.scaled")
        return self.node("Add", [scaled, self.constant(f"{output}.shift", layer.shift)], output)

    def _time_pool(self, layer: layers.TimePool, flow: str, output: str) -> str:
        weights = self.constant(f"{output}.weights", layer.weights)
        return self.node("MatMul", [flow, weights], output)

    def _linear(self, layer: nn.Linear, flow: str, output: str) -> str:
        return self.linear(layer.weight, layer.bias, flow, output)

    def convolution(self, layer: nn.Module, flow: str, output: str) -> str:
        """Append a convolution over one, two or three dimensions."""
        inputs = [flow, self.constant(f"{output}.weight", layer.weight)]
        if layer.bias is not None:
            inputs.append(self.constant(f"{output}.bias", layer.bias))
        return self.node(
            "Conv",
            inputs,
            output,
            kernel_shape=list(layer.kernel_size),
            strides=list(layer.stride),
            pads=list(layer.padding) * 2,
        )

    def _max_pool(self, layer: nn.Module, flow: str, output: str) -> str:
        dimensions = {nn.MaxPool1d: 1, nn.MaxPool2d: 2, nn.MaxPool3d: 3}[type(layer)]
        size, strides, padding = (
            list(value) if isinstance(value, tuple) else [value] * dimensions
            for value in (layer.kernel_size, layer.stride, layer.padding)
        )
        attributes = {"pads": padding * 2} if any(padding) else {}
        return self.node(
            "MaxPool", [flow], output, kernel_shape=size, strides=strides, **attributes
        )

    def _residual(self, layer: layers.Residual, flow: str, output: str) -> str:
        main = self.tower(layer.main, flow, f"{output}.main", within=f"{output}.")
        shortcut = self.tower(layer.shortcut, flow, f"{output}.shortcut", within=f"{output}.")
        return self.node("Relu", [self.node("Add", [main, shortcut], f"{output}.sum")], output)

    def linear(self, weight: Tensor, bias: Tensor, flow: str, output: str) -> str:
        """Append a fully connected layer."""
        weight_name = self.constant(f"{output}.weight", weight)
        bias_name = self.constant(f"{output}.bias", bias)
        return self.node("Gemm", [flow, weight_name, bias_name], output, transB=1)

    def _unit_length(self, layer: layers.L2Normalize, flow: str, output: str) -> str:
        del layer
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


# How each kind of layer is written.
WRITERS = (
    ((nn.Conv1d, nn.Conv2d, nn.Conv3d), Graph.convolution),
    (nn.Linear, Graph._linear),
    (nn.ReLU, Graph._relu),
    ((nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d), Graph._max_pool),
    (layers.Affine, Graph._affine),
    (layers.GlobalMaxPool, Graph._global_max_pool),
    (layers.L2Normalize, Graph._unit_length),
    (layers.Residual, Graph._residual),
    (layers.TimePool, Graph._time_pool),
)


def to_bytes(model: onnx.ModelProto) -> bytes:
    """The same model gives the same bytes."""
    return model.SerializeToString(deterministic=True)


def _value(name: str, shape: list[int]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, [BATCH, *shape])
