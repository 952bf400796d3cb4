"""The authors' published checkpoints, by their own names, as networks of this package.

Their state dicts hold `icn.` and `acn.` (the trunks of picture and sound) and the layers behind
them. In AVOL-Net's, an output near 0 says that picture and sound belong together.
"""

from pathlib import Path

from torch import Tensor

from sonoscope_training import state_dict
from sonoscope_training.errors import TrainingError
from sonoscope_training.networks import Network, Shape

# By family: how what is called here begins, and how it begins in the published files.
TRUNKS = {"frame.": "icn.", "audio.": "acn."}
RENAMES = {
    "ave": {
        "frame.fc1.": "img_fc1.",
        "frame.fc2.": "img_fc2.",
        "audio.fc1.": "aud_fc1.",
        "audio.fc2.": "aud_fc2.",
        "head.fc3.": "fc3.",
    },
    "avol": {
        "frame.conv5.": "im_conv5.",
        "frame.conv6.": "im_conv6.",
        "audio.fc1.": "aud_fc1.",
        "audio.fc2.": "aud_fc2.",
        "head.conv7.": "fus_conv7.",
    },
    "l3": {"head.fc1.": "fc1.", "head.fc2.": "fc2."},
}


def load(path: Path, family: str) -> Network:
    """The network of a file; only tensors are read, never code."""
    return network(state_dict.read(path), family, str(path))


def network(weights: dict[str, Tensor], family: str, origin: str = "the state dict") -> Network:
    """The network of a state dict, in evaluation mode. Every weight must find its place."""
    if family not in RENAMES:
        raise TrainingError(f"no published '{family}': choose one of {sorted(RENAMES)}")
    built = Network(Shape(family, width=1.0, batch_norm=False))
    expected = {published_name(name, family): value for name, value in built.state_dict().items()}
    state_dict.check(weights, expected, f"{origin} does not hold the published {family}")
    # What old files leave out stays as it is.
    whole = expected | weights
    built.load_state_dict(
        {name: whole[published_name(name, family)] for name in built.state_dict()}
    )
    if family == "avol":
        built.head.low_corresponds = True
    return built.eval()


def published_name(name: str, family: str) -> str:
    """What a weight of this package is called in the published files."""
    # The longer beginnings first: `frame.fc1.` goes before `frame.`.
    for own, theirs in (RENAMES[family] | TRUNKS).items():
        if name.startswith(own):
            return theirs + name.removeprefix(own)
    raise TrainingError(f"{name} has no place in the published {family}")
