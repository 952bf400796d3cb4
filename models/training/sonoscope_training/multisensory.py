"""The Multisensory network (Owens and Efros, ECCV 2018): are sound and picture aligned in time?

It looks at 4.2 s of both. Pictures and waveform meet early, in the head, so that motion can be
compared with sound. `full` is the published size, `reduced` one that a processor can train.
"""

from collections import OrderedDict
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

from sonoscope_training.errors import TrainingError
from sonoscope_training.layers import Fuse, Residual, TimePool

AUDIO_RATE_HZ = 21_000
WINDOW_SAMPLES = 88_200
# Samples from one step of the sound to the next, behind all strides of its tower.
AUDIO_STRIDE = 4**5
# Steps of the sound in a window.
WINDOW_STEPS = -(-(WINDOW_SAMPLES // 16) // 64)

Strides = tuple[int, int, int]


@dataclass(frozen=True)
class Form:
    """Size of the window, and where the pictures are made smaller: strides are time, rows, columns.

    Every form leaves a sixteenth of the rows and columns, and merges pictures and sound at about
    eight steps a second: at four, strikes are lost between others.
    """

    pixels: int
    frames: int
    rate_hz: int
    entrance_kernel: Strides
    entrance_stride: Strides
    entrance_pool: bool
    frame_strides: tuple[Strides, ...]
    head_strides: tuple[Strides, ...]
    # Sound is taken from at least so far away to be misaligned, where a recording is that long.
    shift_s: float

    @property
    def cells(self) -> int:
        """Rows and columns of the heatmap."""
        return self.pixels // 16

    @property
    def stored_pixels(self) -> int:
        """Rows and columns of pictures in shards, from which training cuts its own."""
        return self.pixels * 8 // 7

    @property
    def frame_stride(self) -> int:
        """Pictures from one step of the frame tower's features to the next."""
        stride = self.entrance_stride[0]
        for time, _, _ in self.frame_strides:
            stride *= time
        return stride


FORMS = {
    "reduced": Form(
        pixels=112,
        frames=32,
        rate_hz=8,
        entrance_kernel=(3, 7, 7),
        entrance_stride=(1, 4, 4),
        entrance_pool=False,
        frame_strides=((1, 1, 1), (1, 2, 2)),
        head_strides=((2, 2, 2), (1, 1, 1), (2, 1, 1), (1, 1, 1), (2, 1, 1), (1, 1, 1)),
        shift_s=2.0,
    ),
    "full": Form(
        pixels=224,
        frames=126,
        rate_hz=30,
        entrance_kernel=(5, 7, 7),
        entrance_stride=(2, 2, 2),
        entrance_pool=True,
        frame_strides=((1, 1, 1), (2, 2, 2)),
        head_strides=((1, 1, 1), (1, 1, 1), (2, 2, 2), (1, 1, 1), (2, 1, 1), (1, 1, 1)),
        shift_s=5.8,
    ),
}

# Channels at the published width.
FRAME_CHANNELS = (64, 64, 64)
AUDIO_CHANNELS = (64, 128, 128, 256, 128)
MERGE_CHANNELS = (512, 128)
HEAD_CHANNELS = (128, 128, 256, 256, 512, 512)


def scaled(channels: tuple[int, ...], width: float) -> tuple[int, ...]:
    """Channels at a share of the published width."""
    counts = [count * width for count in channels]
    if width <= 0 or any(count != int(count) for count in counts):
        raise TrainingError(
            f"width {width} gives {counts} channels: choose a multiple of 1/64, such as 0.25"
        )
    return tuple(int(count) for count in counts)


def form_of(name: str) -> Form:
    """A form by its name."""
    if name not in FORMS:
        raise TrainingError(f"no form '{name}' of multisensory: choose one of {sorted(FORMS)}")
    return FORMS[name]


def form_with(pixels: int) -> str:
    """The name of the form that takes pictures of this size."""
    return next((name for name, form in FORMS.items() if form.pixels == pixels), "full")


def feature_shapes(form: Form, width: float) -> tuple[list[int], list[int]]:
    """What the frame tower and the audio tower give, without the batch dimension."""
    steps = -(-form.frames // form.frame_stride)
    cells = form.pixels // 8
    return (
        [scaled(FRAME_CHANNELS, width)[-1], steps, cells, cells],
        [scaled(AUDIO_CHANNELS, width)[-1], steps],
    )


def convolution(kind: type[nn.Module], inputs: int, outputs: int, kernel, stride=1) -> nn.Module:
    """One that keeps the size but for its stride."""
    sides = kernel if isinstance(kernel, tuple) else (kernel,)
    layer = kind(inputs, outputs, kernel, stride, padding=tuple(side // 2 for side in sides))
    nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
    nn.init.zeros_(layer.bias)
    return layer


def residual(
    kinds: tuple[type, type],
    channels: tuple[int, int],
    kernel: int | Strides,
    stride: int | Strides,
) -> Residual:
    """Two convolutions, the first with the stride; a 1x1 one beside them where the shape changes.

    `kinds` are those of the convolutions and of the batch normalisations.
    """
    convolve, normalise = kinds
    inputs, outputs = channels
    main = OrderedDict(
        conv1=convolution(convolve, inputs, outputs, kernel, stride),
        bn1=normalise(outputs),
        relu1=nn.ReLU(),
        conv2=convolution(convolve, outputs, outputs, kernel),
        bn2=normalise(outputs),
    )
    point = (1, 1, 1) if isinstance(kernel, tuple) else 1
    shortcut = OrderedDict()
    if inputs != outputs or stride not in (1, (1, 1, 1)):
        shortcut["conv"] = convolution(convolve, inputs, outputs, point, stride)
        shortcut["bn"] = normalise(outputs)
    return Residual(nn.Sequential(main), nn.Sequential(shortcut))


def frame_tower(form: Form, width: float) -> nn.Sequential:
    """Pictures `[n, 3, frames, pixels, pixels]` to `[n, 64, steps, pixels / 8, pixels / 8]`."""
    entrance, *blocks = scaled(FRAME_CHANNELS, width)
    layers: OrderedDict[str, nn.Module] = OrderedDict(
        conv1=convolution(nn.Conv3d, 3, entrance, form.entrance_kernel, form.entrance_stride),
        bn1=nn.BatchNorm3d(entrance),
        relu1=nn.ReLU(),
    )
    if form.entrance_pool:
        layers["pool1"] = nn.MaxPool3d((1, 3, 3), (1, 2, 2), (0, 1, 1))
    widths = pairwise((entrance, *blocks))
    for place, (channels, stride) in enumerate(zip(widths, form.frame_strides, strict=True), 1):
        layers[f"block{place}"] = residual((nn.Conv3d, nn.BatchNorm3d), channels, (3, 3, 3), stride)
    return nn.Sequential(layers)


def audio_tower(form: Form, width: float) -> nn.Sequential:
    """Waveform `[n, 1, 88200]` to `[n, 128, steps]`, a step for each of the frame tower's."""
    entrance, *blocks, last = scaled(AUDIO_CHANNELS, width)
    layers: OrderedDict[str, nn.Module] = OrderedDict(
        conv1=convolution(nn.Conv1d, 1, entrance, 65, 4),
        bn1=nn.BatchNorm1d(entrance),
        relu1=nn.ReLU(),
        pool1=nn.MaxPool1d(4, 4),
    )
    for place, channels in enumerate(pairwise((entrance, *blocks)), 1):
        layers[f"block{place}"] = residual((nn.Conv1d, nn.BatchNorm1d), channels, 15, 4)
    layers["conv2"] = convolution(nn.Conv1d, blocks[-1], last, 3)
    layers["bn2"] = nn.BatchNorm1d(last)
    layers["relu2"] = nn.ReLU()
    layers["steps"] = TimePool(time_weights(form))
    return nn.Sequential(layers)


def time_weights(form: Form) -> Tensor:
    """How much each step of the sound counts in each step of the pictures: `[t, steps]`.

    Both windows have the same middle. A step of the pictures hears what falls into it.
    """
    steps = -(-form.frames // form.frame_stride)
    audio_s = AUDIO_STRIDE / AUDIO_RATE_HZ
    frame_s = form.frame_stride / form.rate_hz
    audio_middles_s = torch.arange(WINDOW_STEPS) * audio_s - WINDOW_SAMPLES / AUDIO_RATE_HZ / 2
    # The first step looks at the first picture, which stands for the middle of its time.
    frame_middles_s = torch.arange(steps) * frame_s + (1 - form.frames) / 2 / form.rate_hz
    apart_s = (audio_middles_s[:, None] - frame_middles_s[None, :]).abs()
    shared_s = ((audio_s + frame_s) / 2 - apart_s).clamp(0, min(audio_s, frame_s))
    return shared_s / shared_s.sum(dim=0)


class MultisensoryHead(nn.Module):
    """Picture and sound merged, residual blocks, and how aligned each cell of the picture is."""

    def __init__(self, form: Form, width: float) -> None:
        super().__init__()
        self.form = form
        (frame, *_), (audio, *_) = feature_shapes(form, width)
        wide, narrow = scaled(MERGE_CHANNELS, width)
        self.wide = Fuse(frame, audio, wide)
        self.bn_wide = nn.BatchNorm3d(wide)
        self.narrow = convolution(nn.Conv3d, wide, narrow, (1, 1, 1))
        self.bn_narrow = nn.BatchNorm3d(narrow)
        self.shortcut = Fuse(frame, audio, narrow)
        self.bn_shortcut = nn.BatchNorm3d(narrow)
        widths = pairwise((narrow, *scaled(HEAD_CHANNELS, width)))
        blocks = OrderedDict(
            (f"block{place}", residual((nn.Conv3d, nn.BatchNorm3d), channels, (3, 3, 3), stride))
            for place, (channels, stride) in enumerate(
                zip(widths, form.head_strides, strict=True), 1
            )
        )
        self.blocks = nn.Sequential(blocks)
        self.cells = nn.Conv3d(scaled(HEAD_CHANNELS, width)[-1], 1, 1)

    def start(self, frame_features: Tensor, audio_features: Tensor) -> None:
        """Settle the statistics, where the batch normalisations are in training mode."""
        self.cell_logits(frame_features, audio_features)

    def cell_logits(self, frame_features: Tensor, audio_features: Tensor) -> Tensor:
        """The class activation map `[n, t, cells, cells]` of each picture with its sound."""
        wide = torch.relu(self.bn_wide(self.wide(frame_features, audio_features)))
        beside = self.bn_shortcut(self.shortcut(frame_features, audio_features))
        merged = torch.relu(self.bn_narrow(self.narrow(wide)) + beside)
        return self.cells(self.blocks(merged))[:, 0]

    def logits(self, frame_features: Tensor, audio_features: Tensor) -> Tensor:
        """How aligned each window's sound is with its pictures, `[n]`: the mean over the map."""
        return self.cell_logits(frame_features, audio_features).float().mean(dim=(1, 2, 3))

    def scores(self, frame_features: Tensor, audio_features: Tensor) -> dict[str, Tensor]:
        """Of each window's pictures with the sound of the same row."""
        cells = self.cell_logits(frame_features, audio_features).float()
        return {
            "correspondence": torch.sigmoid(cells.mean(dim=(1, 2, 3))),
            "heatmap": torch.sigmoid(cells.mean(dim=1)),
        }


def build(width: float, form: str) -> OrderedDict[str, nn.Module]:
    """The three parts of Multisensory."""
    chosen = form_of(form)
    return OrderedDict(
        frame=frame_tower(chosen, width),
        audio=audio_tower(chosen, width),
        head=MultisensoryHead(chosen, width),
    )
