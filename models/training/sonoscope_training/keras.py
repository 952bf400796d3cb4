"""Reading weights that Keras stored as HDF5: arrays by layer and name, and nothing else of a file.

Neither Keras nor any code that a file may hold has a part in it.
"""

import gzip
import io
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import h5py
import numpy as np
import torch
from torch import Tensor

from sonoscope_training.errors import TrainingError

# No file of the published networks comes near these.
LARGEST_FILE_BYTES = 256 << 20
LARGEST_ARRAY_BYTES = 64 << 20
MOST_LAYERS = 1_000

GZIP_MAGIC = b"\x1f\x8b"


@dataclass(frozen=True)
class Layer:
    """A layer that has weights, and these by their short names: `kernel`, `gamma`."""

    name: str
    weights: dict[str, Tensor]


def read(path: Path) -> list[Layer]:
    """The layers of a file that have weights, in the order of the model. It may be gzipped.

    Raises:
        TrainingError: It cannot be read, or holds something besides arrays in it.
    """
    try:
        with h5py.File(_content(path), "r") as file:
            return _layers(file)
    except TrainingError as error:
        raise TrainingError(f"{path} {error}") from error
    except Exception as error:
        # Bytes that are no HDF5 lead the library to errors of any kind.
        said = str(error).partition("\n")[0] or type(error).__name__
        raise TrainingError(f"{path} cannot be read as weights of Keras in HDF5: {said}") from error


def _content(path: Path) -> io.BytesIO:
    """The whole of it in memory, from where HDF5 can reach no other file."""
    with path.open("rb") as file:
        is_zipped = file.read(2) == GZIP_MAGIC
    with gzip.open(path) if is_zipped else path.open("rb") as file:
        content = file.read(LARGEST_FILE_BYTES + 1)
    if len(content) > LARGEST_FILE_BYTES:
        raise TrainingError(f"holds more than {LARGEST_FILE_BYTES} bytes")
    return io.BytesIO(content)


def _layers(file: h5py.File) -> list[Layer]:
    # A file of a whole model has its weights one group deeper than a file of weights.
    group = file if "layer_names" in file.attrs else _member(file, "model_weights")
    names = _texts(group, "layer_names")
    if len(names) > MOST_LAYERS:
        raise TrainingError(f"names {len(names)} layers")
    layers = [_layer(_member(group, name), name) for name in names]
    return [layer for layer in layers if layer.weights]


def _layer(group: h5py.Group, name: str) -> Layer:
    paths = _texts(group, "weight_names")
    arrays = {_short(path): _array(_member(group, path), f"{name}/{path}") for path in paths}
    if len(arrays) != len(paths):
        raise TrainingError(f"names a weight of {name} twice")
    return Layer(name, arrays)


def _short(path: str) -> str:
    """`kernel` of `conv2d_1/kernel:0`."""
    return PurePosixPath(path).name.partition(":")[0]


def _texts(group: h5py.Group, attribute: str) -> list[str]:
    values = np.ravel(group.attrs.get(attribute, []))
    return [value.decode() if isinstance(value, bytes) else str(value) for value in values]


def _member(group: h5py.Group, path: str) -> h5py.Group | h5py.Dataset:
    """What lies under a path in the file itself: a link to elsewhere is not followed."""
    member = group
    for part in PurePosixPath(path).parts:
        is_group = isinstance(member, h5py.Group)
        link = member.get(part, getlink=True) if is_group and part in member else None
        if not isinstance(link, h5py.HardLink):
            raise TrainingError(f"is no file of weights of Keras: it has no {path}")
        member = member[part]
    return member


def _array(data: h5py.Group | h5py.Dataset, name: str) -> Tensor:
    if not isinstance(data, h5py.Dataset) or data.is_virtual or data.external:
        raise TrainingError(f"has no array of its own under {name}")
    if not np.issubdtype(data.dtype, np.floating):
        raise TrainingError(f"has {data.dtype} under {name}, expected floats")
    if data.size * data.dtype.itemsize > LARGEST_ARRAY_BYTES:
        raise TrainingError(f"has {list(data.shape)} numbers under {name}, more than any layer")
    return torch.from_numpy(np.asarray(data[()], dtype=np.float32).copy())
