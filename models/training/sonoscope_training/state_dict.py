"""Reading a state dict that somebody else made: tensors alone, and just those expected."""

import pickle
import re
import warnings
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from sonoscope_training.errors import TrainingError

# How many of the differences a refusal names.
NAMED_DIFFERENCES = 4

# Counts training steps and changes nothing in evaluation; old checkpoints lack it.
COUNTER = "num_batches_tracked"


def read(path: Path) -> dict[str, Tensor]:
    """The tensors of a file by name. No code in it is ever run.

    Raises:
        TrainingError: It cannot be read, or holds something besides tensors.
    """
    try:
        with warnings.catch_warnings(action="ignore"):
            weights = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise TrainingError(f"{path} {_unpickling(error)}") from error
    except Exception as error:
        # Bytes that are no pickle lead the unpickler to errors of any kind.
        said = str(error).partition("\n")[0].partition(". ")[0] or type(error).__name__
        raise TrainingError(f"{path} cannot be read as a PyTorch state dict: {said}") from error
    if not isinstance(weights, Mapping):
        raise TrainingError(f"{path} holds a {type(weights).__name__}, not a state dict by name")
    for name, value in weights.items():
        if not isinstance(name, str) or not isinstance(value, Tensor):
            raise TrainingError(
                f"{path} holds a {type(value).__name__} under {name!r}, where a state dict has a "
                "tensor: save the network's state_dict() alone"
            )
    return dict(weights)


def check(weights: Mapping[str, Tensor], expected: Mapping[str, Tensor], complaint: str) -> None:
    """Hold names, shapes and values to what is expected.

    `complaint` opens the refusal, such as "x.pt does not hold the published ave".

    Raises:
        TrainingError: Naming the first differences, and what was expected in their place.
    """
    differences = _names(weights, expected) or _shapes(weights, expected) or _values(weights)
    if differences:
        shown = "; ".join(differences[:NAMED_DIFFERENCES])
        more = len(differences) - NAMED_DIFFERENCES
        rest = f"; and {more} more" if more > 0 else ""
        raise TrainingError(f"{complaint}: {shown}{rest}")


def _names(weights: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> list[str]:
    missing = [name for name in expected if name not in weights and not name.endswith(COUNTER)]
    unknown = [name for name in weights if name not in expected]
    return _alternating(
        [f"{name} {_shape(expected[name])} is missing" for name in missing],
        [f"{name} is there but not expected" for name in unknown],
    )


def _shapes(weights: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> list[str]:
    return [
        f"{name} is {_shape(value)}, expected {_shape(expected[name])}"
        for name, value in weights.items()
        if value.shape != expected[name].shape
    ]


def _values(weights: Mapping[str, Tensor]) -> list[str]:
    floats = {name: value for name, value in weights.items() if not name.endswith(COUNTER)}
    return [
        f"{name} is of {value.dtype}, expected floats"
        if not value.is_floating_point()
        else f"{name} holds numbers that are not finite"
        for name, value in floats.items()
        if not value.is_floating_point() or not torch.isfinite(value).all()
    ]


def _alternating(one: list[str], other: list[str]) -> list[str]:
    """Both lists, so that the first few of the whole have some of each."""
    shared = min(len(one), len(other))
    pairs = [item for pair in zip(one, other, strict=False) for item in pair]
    return pairs + one[shared:] + other[shared:]


def _shape(value: Tensor) -> str:
    return str(list(value.shape))


def _unpickling(error: pickle.UnpicklingError) -> str:
    """In our words: PyTorch's own advise to load the file without the safeguard."""
    said = str(error)
    match = re.search(r"GLOBAL (\S+)|(?:class|function|global) (\S+\.\S+)", said)
    if match:
        culprit = match.group(1) or match.group(2)
        return f"holds more than tensors ({culprit}), which could be code: it is not read"
    return "is no PyTorch state dict, or holds more than tensors: it is not read"
