"""One file a command, each with `add_arguments` and `run`, loaded only when it is called.

So training needs neither ONNX nor ONNX Runtime.
"""

SUMMARIES = {
    "train": "train a network on tar shards",
    "evaluate": "measure a checkpoint or ONNX files on unseen clips",
    "export": "write a network as three ONNX files",
    "openl3": "write OpenL3's published weights likewise",
    "quantize": "write int8 towers beside them",
    "card": "write the network's CARD.md",
    "spread": "tell how far figures spread over several seeds",
}
