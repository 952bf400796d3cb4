"""Networks as an evaluation sees them: PyTorch's, or the ONNX files that will serve."""

import json
from pathlib import Path
from typing import Protocol

import numpy as np
import onnxruntime
import torch

from sonoscope_training import contract
from sonoscope_training.errors import TrainingError
from sonoscope_training.networks import Network
from sonoscope_training.tensors import frames_to_tensor, spectrograms_to_tensor

BATCH = 32


class Scorer(Protocol):
    """Features of pictures and sounds, and scores of pairs of them."""

    family: str
    kind: str

    def frame_features(self, frames: np.ndarray) -> np.ndarray:
        """Of pictures `[n, h, w, 3]`, uint8."""

    def audio_features(self, spectrograms: np.ndarray) -> np.ndarray:
        """Of spectrograms `[n, 257, 199]`."""

    def scores(self, frame: np.ndarray, audio: np.ndarray) -> dict[str, np.ndarray]:
        """Of features of pictures and sounds, row by row."""


class TorchScorer:
    """A network in PyTorch, in evaluation mode."""

    kind = "pytorch fp32"

    def __init__(self, network: Network) -> None:
        self.family = network.shape.family
        self.network = network.eval()

    def frame_features(self, frames: np.ndarray) -> np.ndarray:
        """Of pictures `[n, h, w, 3]`, uint8."""
        return self._run(self.network.frame, frames_to_tensor, frames)

    def audio_features(self, spectrograms: np.ndarray) -> np.ndarray:
        """Of spectrograms `[n, 257, 199]`."""
        return self._run(self.network.audio, spectrograms_to_tensor, spectrograms)

    @torch.inference_mode()
    def scores(self, frame: np.ndarray, audio: np.ndarray) -> dict[str, np.ndarray]:
        """Of features of pictures and sounds, row by row."""
        scores = self.network.head.scores(torch.from_numpy(frame), torch.from_numpy(audio))
        return {name: value.numpy() for name, value in scores.items()}

    @staticmethod
    @torch.inference_mode()
    def _run(tower, to_tensor, stored: np.ndarray) -> np.ndarray:
        parts = np.array_split(stored, max(1, len(stored) // BATCH))
        return np.concatenate([tower(to_tensor(part)).numpy() for part in parts])


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

    def frame_features(self, frames: np.ndarray) -> np.ndarray:
        """Of pictures `[n, h, w, 3]`, uint8."""
        return self._run(self.frame, "frame", frames_to_tensor, frames)

    def audio_features(self, spectrograms: np.ndarray) -> np.ndarray:
        """Of spectrograms `[n, 257, 199]`."""
        return self._run(self.audio, "spectrogram", spectrograms_to_tensor, spectrograms)

    def scores(self, frame: np.ndarray, audio: np.ndarray) -> dict[str, np.ndarray]:
        """Of features of pictures and sounds, row by row."""
        names = [output.name for output in self.head.get_outputs()]
        values = self.head.run(names, {"frame_features": frame, "audio_features": audio})
        return dict(zip(names, values, strict=True))

    @staticmethod
    def _run(session, entrance: str, to_tensor, stored: np.ndarray) -> np.ndarray:
        parts = np.array_split(stored, max(1, len(stored) // BATCH))
        runs = [session.run(None, {entrance: to_tensor(part).numpy()})[0] for part in parts]
        return np.concatenate(runs)


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
