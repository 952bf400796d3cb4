"""Networks as an evaluation sees them: PyTorch's, or the ONNX files that will serve."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import numpy as np
import onnxruntime
import torch

from sonoscope_training import contract
from sonoscope_training.errors import TrainingError
from sonoscope_training.multisensory import form_of, form_with
from sonoscope_training.networks import MULTISENSORY, Network
from sonoscope_training.tensors import (
    frames_to_tensor,
    spectrograms_to_tensor,
    waveforms_to_tensor,
    windows_to_tensor,
)

BATCH = 32
# A window is as much to compute as many pictures.
WINDOWS = 4


class Scorer(Protocol):
    """Features of pictures and sounds, and scores of pairs of them."""

    family: str
    kind: str
    # Multisensory's, `reduced` or `full`.
    form: str

    def frame_features(self, frames: np.ndarray) -> np.ndarray:
        """Of pictures `[n, h, w, 3]` or windows `[n, t, h, w, 3]`, uint8."""

    def audio_features(self, sounds: np.ndarray) -> np.ndarray:
        """Of spectrograms `[n, 257, 199]` or waveforms `[n, 88200]`."""

    def scores(self, frame: np.ndarray, audio: np.ndarray) -> dict[str, np.ndarray]:
        """Of features of pictures and sounds, row by row."""


class TorchScorer:
    """A network in PyTorch, in evaluation mode."""

    kind = "pytorch fp32"

    def __init__(self, network: Network) -> None:
        self.family = network.shape.family
        self.form = network.shape.form
        self.network = network.eval()

    def frame_features(self, frames: np.ndarray) -> np.ndarray:
        """Of pictures `[n, h, w, 3]` or windows `[n, t, h, w, 3]`, uint8."""
        return self._run(self.network.frame, frames)

    def audio_features(self, sounds: np.ndarray) -> np.ndarray:
        """Of spectrograms `[n, 257, 199]` or waveforms `[n, 88200]`."""
        return self._run(self.network.audio, sounds)

    @torch.inference_mode()
    def scores(self, frame: np.ndarray, audio: np.ndarray) -> dict[str, np.ndarray]:
        """Of features of pictures and sounds, row by row."""
        scores = self.network.head.scores(torch.from_numpy(frame), torch.from_numpy(audio))
        return {name: value.numpy() for name, value in scores.items()}

    @torch.inference_mode()
    def _run(self, tower, stored: np.ndarray) -> np.ndarray:
        return np.concatenate([tower(part).numpy() for part in batches(self, stored)])


class OnnxScorer:
    """A network's three ONNX files, with fp32 or int8 towers."""

    def __init__(self, folder: Path, *, int8: bool) -> None:
        self.kind = "onnx int8" if int8 else "onnx fp32"
        suffix = ".int8.onnx" if int8 else ".onnx"
        self.frame = _session(folder / f"frame{suffix}")
        self.audio = _session(folder / f"audio{suffix}")
        self.head = _session(folder / "head.onnx")
        self.contract = read_contract(self.head, folder)
        self.family = self.contract["family"]
        self.form = form_with(self.contract["frame"]["width"])

    def frame_features(self, frames: np.ndarray) -> np.ndarray:
        """Of pictures `[n, h, w, 3]` or windows `[n, t, h, w, 3]`, uint8."""
        return self._run(self.frame, frames)

    def audio_features(self, sounds: np.ndarray) -> np.ndarray:
        """Of spectrograms `[n, 257, 199]` or waveforms `[n, 88200]`."""
        return self._run(self.audio, sounds)

    def scores(self, frame: np.ndarray, audio: np.ndarray) -> dict[str, np.ndarray]:
        """Of features of pictures and sounds, row by row."""
        names = [output.name for output in self.head.get_outputs()]
        values = self.head.run(names, {"frame_features": frame, "audio_features": audio})
        return dict(zip(names, values, strict=True))

    def _run(self, session: onnxruntime.InferenceSession, stored: np.ndarray) -> np.ndarray:
        entrance = session.get_inputs()[0].name
        runs = [session.run(None, {entrance: part.numpy()})[0] for part in batches(self, stored)]
        return np.concatenate(runs)


def batches(scorer: Scorer, stored: np.ndarray) -> Iterator[torch.Tensor]:
    """Stored arrays as tower inputs, some at a time; their shape says what they are."""
    size = WINDOWS if scorer.family == MULTISENSORY else BATCH
    for part in np.array_split(stored, max(1, len(stored) // size)):
        match part.ndim:
            case 5:
                yield windows_to_tensor(part, form_of(scorer.form).pixels)
            case 4:
                yield frames_to_tensor(part)
            case 3:
                yield spectrograms_to_tensor(part)
            case _:
                yield waveforms_to_tensor(part)


def read_contract(session: onnxruntime.InferenceSession, folder: Path) -> dict:
    """The page in the file's metadata."""
    metadata = session.get_modelmeta().custom_metadata_map
    if contract.METADATA_KEY not in metadata:
        raise TrainingError(f"{folder}: no {contract.METADATA_KEY}: not exported by this package")
    return json.loads(metadata[contract.METADATA_KEY])


def _session(path: Path) -> onnxruntime.InferenceSession:
    if not path.exists():
        raise TrainingError(f"{path} is missing: run `export` (and `quantize` for int8) first")
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
