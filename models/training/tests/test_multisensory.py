"""Multisensory: its shapes and times, its files against PyTorch, its contract."""

import json

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch.nn import functional as f

from sonoscope_training import contract, inputs, multisensory
from sonoscope_training.contract import UNTRAINED, Provenance
from sonoscope_training.errors import TrainingError
from sonoscope_training.export import export
from sonoscope_training.multisensory import FORMS, WINDOW_SAMPLES
from sonoscope_training.networks import Shape, seeded
from sonoscope_training.settle import made_up, settle
from sonoscope_training.tensors import windows_to_tensor

WIDTH = 0.0625
SHAPE = Shape("multisensory", WIDTH, form="reduced")


@pytest.fixture(scope="module")
def network():
    built = seeded(SHAPE, 3)
    settle(built, 3)
    return built


@pytest.fixture(scope="module")
def windows():
    return made_up(SHAPE, 2, 5)


@pytest.fixture(scope="module")
def files(network, tmp_path_factory):
    folder = tmp_path_factory.mktemp("multisensory")
    export(network, "tiny", Provenance(UNTRAINED, WIDTH, 3), folder)
    return folder


def run(path, **feed):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    values = session.run(names, {name: value.numpy() for name, value in feed.items()})
    return dict(zip(names, map(torch.from_numpy, values), strict=True))


@torch.no_grad()
def test_the_files_agree_with_pytorch(network, windows, files):
    frame, audio = network.frame(windows[0]), network.audio(windows[1])
    found = {
        "frame": run(files / "frame.onnx", frame=windows[0])["features"],
        "audio": run(files / "audio.onnx", waveform=windows[1])["features"],
    }
    torch.testing.assert_close(found["frame"], frame, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(found["audio"], audio, atol=1e-4, rtol=1e-4)
    wanted = network.head.scores(frame, audio)
    scores = run(files / "head.onnx", frame_features=frame, audio_features=audio)
    assert scores.keys() == wanted.keys()
    for name, value in wanted.items():
        torch.testing.assert_close(scores[name], value, atol=1e-4, rtol=0)
    assert scores["heatmap"].shape == (2, 7, 7)
    assert scores["heatmap"].std() > 1e-3


@torch.no_grad()
@pytest.mark.parametrize("form", ["reduced", "full"])
def test_sizes_are_as_said(form):
    chosen = FORMS[form]
    built = seeded(Shape("multisensory", 1 / 64, form=form), 0).eval()
    pictures = torch.zeros(1, 3, chosen.frames, chosen.pixels, chosen.pixels)
    frame, audio = built.frame(pictures), built.audio(torch.zeros(1, 1, WINDOW_SAMPLES))
    shapes = multisensory.feature_shapes(chosen, 1 / 64)
    assert ([*frame.shape[1:]], [*audio.shape[1:]]) == shapes
    assert built.head.scores(frame, audio)["heatmap"].shape == (1, chosen.cells, chosen.cells)


def test_the_published_form_has_the_published_layers():
    weights = seeded(Shape("multisensory"), 0).state_dict()
    assert weights["frame.conv1.weight"].shape == (64, 3, 5, 7, 7)
    assert weights["audio.conv1.weight"].shape == (64, 1, 65)
    assert weights["audio.block3.main.conv1.weight"].shape == (256, 128, 15)
    assert weights["head.narrow.weight"].shape == (128, 512, 1, 1, 1)
    assert weights["head.blocks.block6.main.conv2.weight"].shape == (512, 512, 3, 3, 3)


@torch.no_grad()
def test_fusing_is_a_convolution_over_both_side_by_side(network):
    fuse = network.head.wide
    random = torch.Generator().manual_seed(0)
    frame = torch.randn(2, fuse.frame.in_channels, 3, 4, 4, generator=random)
    audio = torch.randn(2, fuse.audio.in_channels, 3, generator=random)
    both = torch.cat([frame, audio[..., None, None].expand(-1, -1, -1, 4, 4)], dim=1)
    weight = torch.cat([fuse.frame.weight, fuse.audio.weight[..., None, None]], dim=1)
    wanted = f.conv3d(both, weight, fuse.frame.bias)
    torch.testing.assert_close(fuse(frame, audio), wanted, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("name", sorted(FORMS))
def test_a_step_of_the_pictures_hears_its_own_time(name):
    """Each weight against a count over moments a tenth of a millisecond apart."""
    form = FORMS[name]
    weights = multisensory.time_weights(form).numpy()
    audio_s, frame_s = 1024 / 21_000, form.frame_stride / form.rate_hz
    for step in (0, weights.shape[1] // 2, weights.shape[1] - 1):
        first_picture_s = 2.1 - (form.frames - 1) / 2 / form.rate_hz
        middle_s = first_picture_s + step * frame_s
        moments_s = np.arange(middle_s - frame_s / 2, middle_s + frame_s / 2, 1e-4)
        heard = np.round(moments_s / audio_s).astype(int)
        heard = heard[(heard >= 0) & (heard < len(weights))]
        wanted = np.bincount(heard, minlength=len(weights)) / len(heard)
        np.testing.assert_allclose(weights[:, step], wanted, atol=0.01)


@torch.no_grad()
def test_sound_is_heard_where_it_is_in_time(network):
    """A click moves the features of the steps around it and of no others."""
    quiet = torch.zeros(1, 1, WINDOW_SAMPLES)
    click = quiet.clone()
    click[..., WINDOW_SAMPLES // 2] = 1
    moved = (network.audio(click) - network.audio(quiet)).abs().amax(dim=1)[0]
    assert abs(int(moved.argmax()) - (len(moved) - 1) / 2) <= 1.5


def test_the_contract_tells_the_window(files):
    pages = {}
    for part in contract.PARTS:
        properties = onnx.load(files / f"{part}.onnx").metadata_props
        pages[part] = json.loads(properties[0].value)
    page = pages["head"]
    assert page["family"] == "multisensory"
    assert page["frame"]["clip"] == {"frames": 32, "rate_hz": 8}
    assert page["frame"]["width"] == page["frame"]["height"] == 112
    assert page["audio"] == {"rate_hz": 21_000, "window_samples": 88_200, "full_scale": 1.0}
    assert "spectrogram" not in page
    assert page["outputs"] == {
        "correspondence": "high_corresponds",
        "distance": False,
        "heatmap": [7, 7],
        "embedding": None,
    }


def test_windows_keep_their_pictures_in_order():
    pictures = inputs.windows(2, FORMS["reduced"], 1)
    tensor = windows_to_tensor(pictures, 112)
    assert tensor.shape == (2, 3, 32, 112, 112)
    mean, std = contract.FRAME_MEAN[1], contract.FRAME_STD[1]
    assert tensor[1, 1, 9, 20, 30].item() == pytest.approx(
        (pictures[1, 9, 20, 30, 1] / 255 - mean) / std, abs=1e-5
    )


def test_an_unknown_form_is_refused():
    with pytest.raises(TrainingError, match="no form 'tiny'"):
        seeded(Shape("multisensory", form="tiny"), 0)
