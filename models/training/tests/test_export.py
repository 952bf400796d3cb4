"""The ONNX files against PyTorch, their metadata, and that their bytes can be made again."""

import json

import onnx
import onnxruntime
import pytest
import torch

from sonoscope_training import contract, published
from sonoscope_training.contract import UNTRAINED, Provenance
from sonoscope_training.export import export
from sonoscope_training.networks import Shape, seeded
from sonoscope_training.settle import settle

ENTRANCES = {"frame": "frame", "audio": "spectrogram"}


def run(path, **inputs):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    feed = {name: value.numpy() for name, value in inputs.items()}
    return dict(zip(names, map(torch.from_numpy, session.run(names, feed)), strict=True))


@torch.no_grad()
@pytest.mark.parametrize("count", [1, 3])
def test_towers_agree_with_pytorch(network, exported, samples, count):
    for part, entrance in ENTRANCES.items():
        batch = samples[part][:count]
        wanted = getattr(network, part)(batch)
        found = run(exported / f"{part}.onnx", **{entrance: batch})["features"]
        scale = max(1.0, wanted.abs().max().item())
        torch.testing.assert_close(found, wanted, atol=1e-5 * scale, rtol=0)


@torch.no_grad()
def test_heads_agree_with_pytorch(network, exported, samples):
    frame, audio = network.frame(samples["frame"]), network.audio(samples["audio"])
    wanted = network.head.scores(frame, audio)
    found = run(exported / "head.onnx", frame_features=frame, audio_features=audio)
    assert found.keys() == wanted.keys()
    for name, value in wanted.items():
        torch.testing.assert_close(found[name], value, atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_a_published_avol_is_turned_round(samples, tmp_path):
    network = seeded(Shape("avol", 0.0625), 1)
    settle(network, 1)
    frame, audio = network.frame(samples["frame"]), network.audio(samples["audio"])
    as_stored = network.head.scores(frame, audio)
    network.head.low_corresponds = True
    export(network, "turned", Provenance("x", 0.0625, 1), tmp_path)
    found = run(tmp_path / "head.onnx", frame_features=frame, audio_features=audio)
    for name, value in as_stored.items():
        torch.testing.assert_close(found[name], 1 - value, atol=1e-5, rtol=0)


def test_published_names_find_their_places():
    network = seeded(Shape("ave", batch_norm=False), 1)
    theirs = {}
    for name, value in network.state_dict().items():
        part, layer = name.split(".", 1)
        if part == "head":
            theirs[layer] = value
        elif layer.startswith("fc"):
            theirs[f"{'img' if part == 'frame' else 'aud'}_{layer}"] = value
        else:
            theirs[f"{'icn' if part == 'frame' else 'acn'}.{layer}"] = value
    loaded = published.network(theirs, "ave").state_dict()
    assert all(torch.equal(loaded[name], value) for name, value in network.state_dict().items())


def test_the_same_network_gives_the_same_bytes(tmp_path):
    for folder in ("one", "two"):
        network = seeded(Shape("ave", 0.0625), 7)
        settle(network, 7)
        export(network, "same", Provenance(UNTRAINED, 0.0625, 7), tmp_path / folder)
    for name in ("frame.onnx", "audio.onnx", "head.onnx"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_every_file_carries_its_contract(network, exported):
    for path in sorted(exported.glob("*.onnx")):
        model = onnx.load(path)
        pages = [x.value for x in model.metadata_props if x.key == contract.METADATA_KEY]
        page = json.loads(pages[0])
        assert len(pages) == 1
        assert page["part"] == path.name.split(".")[0]
        assert page["family"] == network.shape.family
        assert page["provenance"]["trained_on"] == UNTRAINED
        assert model.opset_import[0].version <= 21


@pytest.mark.parametrize(
    ("family", "outputs"),
    [
        ("ave", {"distance": True, "heatmap": None, "embedding": 128}),
        ("avol", {"distance": False, "heatmap": [14, 14], "embedding": None}),
        ("l3", {"distance": False, "heatmap": None, "embedding": 256}),
    ],
)
def test_contract_says_what_comes_out(family, outputs):
    found = contract.outputs(Shape(family, 0.5))
    assert found == {"correspondence": "high_corresponds", **outputs}
