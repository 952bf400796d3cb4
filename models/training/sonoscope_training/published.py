"""The authors' published checkpoints, by their own names, as networks of this package.

Their state dicts hold `icn.` and `acn.` (the trunks of picture and sound) and the layers behind
them. In AVOL-Net's, an output near 0 says that picture and sound belong together.
"""

import pickle
from pathlib import Path

import torch
from torch import Tensor

from sonoscope_training.errors import TrainingError
from sonoscope_training.networks import Network, Shape

# By family: the start of a published name, and what it is called here.
TRUNKS = {"icn.": "frame.", "acn.": "audio."}
RENAMES = {
    "ave": {
        "img_fc1.": "frame.fc1.",
        "img_fc2.": "frame.fc2.",
        "aud_fc1.": "audio.fc1.",
        "aud_fc2.": "audio.fc2.",
        "fc3.": "head.fc3.",
    },
    "avol": {
        "im_conv5.": "frame.conv5.",
        "im_conv6.": "frame.conv6.",
        "aud_fc1.": "audio.fc1.",
        "aud_fc2.": "audio.fc2.",
        "fus_conv7.": "head.conv7.",
    },
    "l3": {"fc1.": "head.fc1.", "fc2.": "head.fc2."},
}


def load(path: Path, family: str) -> Network:
    """Read a state dict; only tensors are read, never code."""
    try:
        weights = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, pickle.UnpicklingError, RuntimeError, EOFError) as error:
        raise TrainingError(f"{path} cannot be read as a PyTorch state dict: {error}") from error
    return network(weights, family)


def network(weights: dict[str, Tensor], family: str) -> Network:
    """The network of a state dict, in evaluation mode. Every weight must find its place."""
    built = Network(Shape(family, width=1.0, batch_norm=False))
    renamed = {_rename(name, family): value for name, value in weights.items()}
    try:
        built.load_state_dict(renamed)
    except RuntimeError as error:
        raise TrainingError(f"these are not the published weights of {family}: {error}") from error
    if family == "avol":
        built.head.low_corresponds = True
    return built.eval()


def _rename(name: str, family: str) -> str:
    for theirs, ours in (TRUNKS | RENAMES[family]).items():
        if name.startswith(theirs):
            return ours + name.removeprefix(theirs)
    return name
