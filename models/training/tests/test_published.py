"""Published state dicts, made here by their names and shapes, against a forward pass by hand."""

import os

import onnx
import onnxruntime
import pytest
import torch
from torch.nn import functional as f

from sonoscope_training import inputs, published
from sonoscope_training.contract import Provenance
from sonoscope_training.errors import TrainingError
from sonoscope_training.export import export
from sonoscope_training.tensors import frames_to_tensor, spectrograms_to_tensor

CHANNELS = (64, 128, 256, 512)
# How far apart the embeddings below lie, about.
MADE_UP_DISTANCE = 1.45
BEHIND_TRUNKS = {
    "ave": {
        "img_fc1": (128, 512),
        "img_fc2": (128, 128),
        "aud_fc1": (128, 512),
        "aud_fc2": (128, 128),
        "fc3": (2, 1),
    },
    "avol": {
        "im_conv5": (128, 512, 1, 1),
        "im_conv6": (128, 128, 1, 1),
        "aud_fc1": (128, 512),
        "aud_fc2": (128, 128),
        "fus_conv7": (1, 1, 1, 1),
    },
    "l3": {"fc1": (128, 1024), "fc2": (2, 128)},
}


def layer(name, shape, random):
    """Weights that keep activations about as large as they were."""
    inputs_of_one = torch.Size(shape[1:]).numel()
    weight = torch.randn(shape, generator=random) * (2 / inputs_of_one) ** 0.5
    return {
        f"{name}.weight": weight,
        f"{name}.bias": 0.1 * torch.randn(shape[0], generator=random),
    }


def norm(name, count, random):
    return {
        f"{name}.weight": 0.8 + 0.4 * torch.rand(count, generator=random),
        f"{name}.bias": 0.1 * torch.randn(count, generator=random),
        f"{name}.running_mean": 0.1 * torch.randn(count, generator=random),
        f"{name}.running_var": 0.5 + torch.rand(count, generator=random),
        f"{name}.num_batches_tracked": torch.tensor(48_000),
    }


def trunk_weights(trunk, colours, random):
    weights, previous = {}, colours
    for block, count in enumerate(CHANNELS, start=1):
        for place in (1, 2):
            weights |= layer(f"{trunk}.conv{block}_{place}", (count, previous, 3, 3), random)
            weights |= norm(f"{trunk}.bn{block}_{place}", count, random)
            previous = count
    return weights


def made_up(family):
    """A state dict as published, full size, random."""
    random = torch.Generator().manual_seed(len(family))
    weights = trunk_weights("icn", 3, random) | trunk_weights("acn", 1, random)
    for name, shape in BEHIND_TRUNKS[family].items():
        weights |= layer(name, shape, random)
    if family == "ave":
        # Random embeddings lie about equally far apart; a steep border tells them from each other.
        weights["fc3.weight"] = torch.tensor([[-30.0], [30.0]])
        weights["fc3.bias"] = torch.tensor([30.0, -30.0]) * MADE_UP_DISTANCE
    if family == "avol":
        # Scalar products of 128 numbers are large; the sigmoid should not saturate.
        weights["fus_conv7.weight"] *= 0.003 / weights["fus_conv7.weight"].abs()
    return weights


def trunk(weights, name, flow):
    for block in (1, 2, 3, 4):
        for place in (1, 2):
            conv, bn = f"{name}.conv{block}_{place}", f"{name}.bn{block}_{place}"
            stride = 2 if block == place == 1 else 1
            flow = f.conv2d(
                flow, weights[f"{conv}.weight"], weights[f"{conv}.bias"], stride=stride, padding=1
            )
            mean, variance = weights[f"{bn}.running_mean"], weights[f"{bn}.running_var"]
            scale, shift = weights[f"{bn}.weight"], weights[f"{bn}.bias"]
            flow = f.relu(f.batch_norm(flow, mean, variance, scale, shift))
        if block < 4:
            flow = f.max_pool2d(flow, 2)
    return flow


def linear(weights, name, flow):
    return f.linear(flow, weights[f"{name}.weight"], weights[f"{name}.bias"])


def one_by_one(weights, name, flow):
    return f.conv2d(flow, weights[f"{name}.weight"], weights[f"{name}.bias"])


def pooled(weights, name, flow):
    return trunk(weights, name, flow).amax(dim=(2, 3))


def by_hand(family, weights, frame, sound):
    """What the published network says, its own polarity turned so that 1 corresponds."""
    if family == "l3":
        both = torch.cat([pooled(weights, "icn", frame), pooled(weights, "acn", sound)], dim=1)
        classes = linear(weights, "fc2", f.relu(linear(weights, "fc1", both)))
        return {"correspondence": classes.softmax(dim=1)[:, 0]}
    heard = f.relu(linear(weights, "aud_fc1", pooled(weights, "acn", sound)))
    heard = linear(weights, "aud_fc2", heard)
    if family == "ave":
        seen = f.relu(linear(weights, "img_fc1", pooled(weights, "icn", frame)))
        seen = f.normalize(linear(weights, "img_fc2", seen), dim=1)
        apart = (seen - f.normalize(heard, dim=1)).square().sum(1, keepdim=True).sqrt()
        classes = linear(weights, "fc3", apart)
        return {"correspondence": classes.softmax(dim=1)[:, 0], "distance": apart[:, 0]}
    cells = one_by_one(weights, "im_conv5", trunk(weights, "icn", frame))
    cells = one_by_one(weights, "im_conv6", cells)
    product = torch.einsum("nchw,nc->nhw", cells, heard)[:, None]
    belongs_not = one_by_one(weights, "fus_conv7", product).sigmoid()[:, 0]
    return {
        "correspondence": 1 - belongs_not.amax(dim=(1, 2)),
        "heatmap": 1 - belongs_not,
    }


@pytest.fixture(scope="module", params=["ave", "avol", "l3"])
def family(request):
    return request.param


@pytest.fixture(scope="module")
def weights(family):
    return made_up(family)


@pytest.fixture(scope="module")
def imported(family, weights, tmp_path_factory):
    """Through a file, as the command line takes it."""
    folder = tmp_path_factory.mktemp(family)
    torch.save(weights, folder / "published.pt")
    network = published.load(folder / "published.pt", family)
    export(network, f"theirs/{family}", Provenance("x", 1.0, 0, "BSD-3-Clause"), folder)
    return folder


def run(path, **feed):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, feed), strict=True))


@torch.no_grad()
def test_onnx_files_say_what_the_published_weights_say(family, weights, imported):
    frames = frames_to_tensor(inputs.frames(3, 1))
    sounds = spectrograms_to_tensor(inputs.spectrograms(3, 1))
    wanted = by_hand(family, weights, frames, sounds)
    found = run(
        imported / "head.onnx",
        frame_features=run(imported / "frame.onnx", frame=frames.numpy())["features"],
        audio_features=run(imported / "audio.onnx", spectrogram=sounds.numpy())["features"],
    )
    assert found.keys() == wanted.keys()
    for name, value in wanted.items():
        torch.testing.assert_close(torch.from_numpy(found[name]), value, atol=2e-5, rtol=1e-4)
    # Scores that are all alike would agree whatever was computed.
    assert wanted["correspondence"].std() > 1e-3
    assert wanted["correspondence"].sub(0.5).abs().max() < 0.4999


def test_the_contract_names_the_network(family, imported):
    page = onnx.load(imported / "head.onnx").metadata_props[0].value
    assert f'"network":"theirs/{family}"' in page
    assert '"correspondence":"high_corresponds"' in page
    assert '"license":"BSD-3-Clause"' in page


def test_old_files_without_counters_are_taken(family, weights):
    old = {name: value for name, value in weights.items() if "num_batches" not in name}
    published.network(old, family)


def test_another_family_is_refused_by_names(weights, family):
    other = {"ave": "avol", "avol": "l3", "l3": "ave"}[family]
    with pytest.raises(TrainingError, match=f"does not hold the published {other}") as refusal:
        published.network(weights, other)
    first_missing = {"avol": "im_conv5.weight", "l3": "fc1.weight", "ave": "img_fc1.weight"}[other]
    assert f"{first_missing} {list(BEHIND_TRUNKS[other][first_missing[:-7]])} is missing" in str(
        refusal.value
    )
    assert "is there but not expected" in str(refusal.value)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        (
            "fc1.weight",
            torch.zeros(128, 512),
            r"fc1.weight is \[128, 512\], expected \[128, 1024\]",
        ),
        ("fc2.bias", torch.tensor([0.0, torch.nan]), "fc2.bias holds numbers that are not finite"),
        ("fc2.bias", torch.tensor([0, 1]), "fc2.bias is of torch.int64, expected floats"),
    ],
)
def test_wrong_tensors_are_named(name, value, message):
    with pytest.raises(TrainingError, match=message):
        published.network(made_up("l3") | {name: value}, "l3")


def test_only_the_first_few_differences_are_named():
    with pytest.raises(TrainingError, match=r"and 98 more$"):
        published.network({"x": torch.zeros(1), "y": torch.zeros(1)}, "l3")


class Code:
    """Runs when it is read without a safeguard."""

    def __init__(self, trace):
        self.trace = trace

    def __reduce__(self):
        return os.mkdir, (str(self.trace),)


def test_code_in_a_pickle_is_refused_and_does_not_run(tmp_path):
    path, trace = tmp_path / "code.pt", tmp_path / "it-ran"
    torch.save({"icn.conv1_1.weight": Code(trace)}, path)
    with pytest.raises(TrainingError, match=r"more than tensors \(\w+\.mkdir\)") as refusal:
        published.load(path, "ave")
    assert "weights_only" not in str(refusal.value)
    assert not trace.exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "cannot be read as a PyTorch state dict"),
        (b"<!DOCTYPE html>", "is no PyTorch state dict"),
        (b"junk" * 99, "cannot be read as a PyTorch state dict"),
        ([torch.zeros(1)], "holds a list, not a state dict"),
        ({"state_dict": {"x": torch.zeros(1)}}, "holds a dict under 'state_dict'"),
        (torch.nn.Linear(1, 1), "more than tensors"),
    ],
)
def test_files_that_are_no_state_dicts_are_refused(content, message, tmp_path):
    path = tmp_path / "odd.pt"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        torch.save(content, path)
    with pytest.raises(TrainingError, match=message):
        published.load(path, "ave")


def test_a_file_cut_short_is_refused(tmp_path):
    path = tmp_path / "cut.pt"
    torch.save({"x": torch.zeros(1000)}, path)
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(TrainingError, match="cannot be read"):
        published.load(path, "ave")
