"""The heads as ONNX graphs, with polarity resolved: high always means 'corresponds'.

Each mirrors `scores` of the head's module. A softmax over two classes is written as the sigmoid
of their difference, which is the same number.
"""

from torch import Tensor, nn

from sonoscope_training.ave import SQUARE_FLOOR, AveHead
from sonoscope_training.avol import CELLS, AvolHead
from sonoscope_training.folding import fold, merged
from sonoscope_training.graph import Graph
from sonoscope_training.l3 import L3Head
from sonoscope_training.layers import Fuse
from sonoscope_training.multisensory import MultisensoryHead
from sonoscope_training.towers import EMBEDDING

FRAME = "frame_features"
AUDIO = "audio_features"


def write(graph: Graph, head: nn.Module) -> dict[str, list[int]]:
    """Append a head; returns the shapes of its outputs, without the batch dimension."""
    match head:
        case AveHead():
            return _ave(graph, head)
        case AvolHead():
            return _avol(graph, head)
        case L3Head():
            return _l3(graph, head)
        case MultisensoryHead():
            return _multisensory(graph, head)
        case _:
            raise TypeError(f"no ONNX form for {head}")


def _ave(graph: Graph, head: AveHead) -> dict[str, list[int]]:
    difference = graph.node("Sub", [FRAME, AUDIO], "difference")
    square = graph.node("ReduceSumSquare", [difference], "square", axes=[1], keepdims=0)
    floored = graph.node("Add", [square, graph.constant("floor", SQUARE_FLOOR)], "floored")
    distance = graph.node("Sqrt", [floored], "distance")
    slope = graph.constant("slope", _first_less_second(head.fc3.weight)[0])
    offset = graph.constant("offset", _first_less_second(head.fc3.bias))
    scaled = graph.node("Mul", [distance, slope], "scaled")
    logit = graph.node("Add", [scaled, offset], "logit")
    graph.node("Sigmoid", [logit], "correspondence")
    return {"correspondence": [], "distance": []}


def _avol(graph: Graph, head: AvolHead) -> dict[str, list[int]]:
    sound_shape = graph.constant("sound_shape", [-1, 1, EMBEDDING])
    cells_shape = graph.constant("cells_shape", [-1, EMBEDDING, CELLS * CELLS])
    map_shape = graph.constant("map_shape", [-1, CELLS, CELLS])
    sound = graph.node("Reshape", [AUDIO, sound_shape], "sound")
    cells = graph.node("Reshape", [FRAME, cells_shape], "cells")
    products = graph.node("MatMul", [sound, cells], "products")
    product_map = graph.node("Reshape", [products, map_shape], "product_map")
    scale = graph.constant("scale", head.conv7.weight.squeeze())
    bias = graph.constant("bias", head.conv7.bias.squeeze())
    scaled = graph.node("Mul", [product_map, scale], "scaled")
    logits = graph.node("Add", [scaled, bias], "logits")
    if head.low_corresponds:
        # As the authors have it, the maximum is of 'does not correspond'; turned round, the
        # smallest cell decides.
        turned = graph.node("Neg", [logits], "turned")
        heatmap = graph.node("Sigmoid", [turned], "heatmap")
        graph.node("ReduceMin", [heatmap], "correspondence", axes=[1, 2], keepdims=0)
    else:
        heatmap = graph.node("Sigmoid", [logits], "heatmap")
        graph.node("ReduceMax", [heatmap], "correspondence", axes=[1, 2], keepdims=0)
    return {"correspondence": [], "heatmap": [CELLS, CELLS]}


def _l3(graph: Graph, head: L3Head) -> dict[str, list[int]]:
    both = graph.node("Concat", [FRAME, AUDIO], "both", axis=1)
    hidden = graph.linear(head.fc1.weight, head.fc1.bias, both, "fc1")
    active = graph.node("Relu", [hidden], "relu_fc1")
    weight = _first_less_second(head.fc2.weight)[None, :]
    bias = _first_less_second(head.fc2.bias)[None]
    column = graph.linear(weight, bias, active, "fc2")
    logit = graph.node("Reshape", [column, graph.constant("row", [-1])], "logit")
    graph.node("Sigmoid", [logit], "correspondence")
    return {"correspondence": []}


def _multisensory(graph: Graph, head: MultisensoryHead) -> dict[str, list[int]]:
    wide = _fuse(graph, merged(head.wide, head.bn_wide), "wide")
    active = graph.node("Relu", [wide], "relu_wide")
    narrow = graph.convolution(merged(head.narrow, head.bn_narrow), active, "narrow")
    shortcut = _fuse(graph, merged(head.shortcut, head.bn_shortcut), "shortcut")
    both = graph.node("Add", [narrow, shortcut], "both")
    blocks = graph.tower(fold(head.blocks), graph.node("Relu", [both], "merged"), "blocks")
    cells = graph.convolution(head.cells, blocks, "cells")
    logit = graph.node("ReduceMean", [cells], "logit", axes=[1, 2, 3, 4], keepdims=0)
    graph.node("Sigmoid", [logit], "correspondence")
    logits = graph.node("ReduceMean", [cells], "logits", axes=[1, 2], keepdims=0)
    graph.node("Sigmoid", [logits], "heatmap")
    return {"correspondence": [], "heatmap": [head.form.cells, head.form.cells]}


def _fuse(graph: Graph, layer: Fuse, output: str) -> str:
    frame = graph.convolution(layer.frame, FRAME, f"{output}.frame")
    audio = graph.convolution(layer.audio, AUDIO, f"{output}.audio")
    axes = graph.constant(f"{output}.axes", [3, 4])
    spread = graph.node("Unsqueeze", [audio, axes], f"{output}.spread")
    return graph.node("Add", [frame, spread], output)


def _first_less_second(classes: Tensor) -> Tensor:
    """Class 0 says 'corresponds', class 1 that it does not."""
    return classes[0] - classes[1]
