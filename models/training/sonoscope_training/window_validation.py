"""Loss and accuracy on windows of the validation split, while Multisensory is being trained."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from sonoscope_training import windows
from sonoscope_training.errors import TrainingError
from sonoscope_training.losses import alignment_loss
from sonoscope_training.multisensory import Form
from sonoscope_training.networks import Network
from sonoscope_training.stretches import Stretch
from sonoscope_training.tensors import waveforms_to_tensor, windows_to_tensor
from sonoscope_training.window_batches import pictures_of, sound_of
from sonoscope_training.windows import Window

# More windows cost time and hardly change the figures.
WINDOWS_MAX = 256
BATCH = 8


@dataclass(frozen=True)
class Example:
    """A window, and where misaligned sound for it begins."""

    stretch: Stretch
    window: Window
    elsewhere: int


def examples(stretches: list[Stretch], form: Form, *, most: int = WINDOWS_MAX) -> list[Example]:
    """Windows of whole seconds, spread over all stretches; the same ones each time."""
    random = np.random.default_rng(0)
    found = [
        Example(stretch, window, windows.shifted(window, stretch, form, random))
        for stretch in stretches
        for window in windows.seconds(stretch, form)
    ]
    if not found:
        raise TrainingError(
            f"none of {len(stretches)} recordings set aside for this split has a window that is "
            f"heard and whose sound can be shifted: extract more or longer recordings"
        )
    chosen = np.linspace(0, len(found) - 1, min(most, len(found))).astype(int)
    return [found[index] for index in chosen]


def stored(
    chosen: list[Example], form: Form, size: int = BATCH
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Batches of pictures, of their own sound and of sound from elsewhere."""
    for start in range(0, len(chosen), size):
        part = chosen[start : start + size]
        yield (
            np.stack([pictures_of(one.stretch, one.window, form) for one in part]),
            np.stack([sound_of(one.stretch, one.window.first_sample) for one in part]),
            np.stack([sound_of(one.stretch, one.elsewhere) for one in part]),
        )


@dataclass(frozen=True)
class WindowValidation:
    """Some windows of the validation split."""

    examples: list[Example]
    form: Form

    @torch.inference_mode()
    def __call__(self, network: Network, autocast) -> tuple[float, float]:
        """Loss and balanced accuracy; the network goes back to training mode."""
        device = next(network.parameters()).device
        network.eval()
        aligned, misaligned = [], []
        for pictures, own, other in stored(self.examples, self.form):
            with autocast:
                frame = network.frame(windows_to_tensor(pictures, self.form.pixels).to(device))
                for sounds, logits in ((own, aligned), (other, misaligned)):
                    audio = network.audio(waveforms_to_tensor(sounds).to(device))
                    logits.append(network.head.logits(frame, audio).float())
        network.train()
        logits = torch.cat([*aligned, *misaligned])
        return float(alignment_loss(logits)), alignment_accuracy(logits)


def alignment_accuracy(logits: Tensor) -> float:
    """Mean of the shares told right; the first half is aligned, the second is not."""
    aligned, misaligned = logits.chunk(2)
    hits = (aligned >= 0).double().mean()
    rejections = (misaligned < 0).double().mean()
    return float(hits + rejections) / 2
