"""The networks under one roof: towers for picture and sound, and a head."""

from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn

from sonoscope_training import ave, avol, l3, multisensory
from sonoscope_training.errors import TrainingError
from sonoscope_training.towers import channels
from sonoscope_training.widen import widened

BUILDERS = {"ave": ave.build, "avol": avol.build, "l3": l3.build}
MULTISENSORY = "multisensory"
FAMILIES = (*BUILDERS, MULTISENSORY)


@dataclass(frozen=True)
class Shape:
    """All that decides which weights a network has."""

    family: str
    width: float = 1.0
    batch_norm: bool = True
    # Of Multisensory: `reduced` or `full`. The others have one form alone.
    form: str = "full"

    @property
    def pooled_features(self) -> int:
        """Channels that leave the trunk."""
        return channels(self.width)[-1]

    def as_dict(self) -> dict:
        """For checkpoints."""
        return asdict(self)


class Network(nn.Module):
    """`frame` and `audio` towers and the `head` that compares what they give."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        parts = _parts(shape)
        self.frame = parts["frame"]
        self.audio = parts["audio"]
        self.head = parts["head"]

    def all_pairs(self, frames: Tensor, spectrograms: Tensor) -> Tensor:
        """Logit of correspondence of every picture (rows) with every sound (columns)."""
        return self.head.all_pairs(self.frame(frames), self.audio(spectrograms))

    def forward(self, frames: Tensor, spectrograms: Tensor) -> dict[str, Tensor]:
        """Scores of each picture with the sound of the same row."""
        return self.head.scores(self.frame(frames), self.audio(spectrograms))


def _parts(shape: Shape) -> dict[str, nn.Module]:
    if shape.family == MULTISENSORY:
        return multisensory.build(shape.width, shape.form)
    if shape.family not in BUILDERS:
        raise TrainingError(f"no network '{shape.family}': choose one of {sorted(FAMILIES)}")
    return BUILDERS[shape.family](shape.width, batch_norm=shape.batch_norm)


def seeded(shape: Shape, seed: int) -> Network:
    """A network yet untrained; the same seed gives the same weights."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Network(shape)


def start_from(network: Network, start: Network) -> list[str]:
    """Take over every weight that fits; returns the names.

    AVE-Net and AVOL-Net share their trunks and the FCs of the sound; their heads start anew. From
    a network of the same family the head is taken as well. A narrower one is widened.
    """
    own, given = network.state_dict(), start.state_dict()
    if start.shape.family != network.shape.family:
        given = {name: value for name, value in given.items() if not name.startswith("head.")}
    if start.shape.width != network.shape.width:
        given = widened(given, own, seed=0)
    taken = {
        name: value
        for name, value in given.items()
        if name in own and own[name].shape == value.shape
    }
    if not taken:
        raise TrainingError(
            f"no weight of a {start.shape.family} network fits a {network.shape.family} network"
        )
    network.load_state_dict(taken, strict=False)
    return sorted(taken)
