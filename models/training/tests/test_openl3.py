"""OpenL3's files, made here by their names and shapes, against a forward pass by hand."""

import gzip
import json
from functools import cache

import h5py
import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch.nn import functional as f

from sonoscope_training import contract, keras, openl3
from sonoscope_training.cli import main
from sonoscope_training.contract import Provenance
from sonoscope_training.errors import TrainingError

CHANNELS = (64, 64, 128, 128, 256, 256, 512, 512)
COLOURS = {"frame": 3, "audio": 1}
LAST = {"frame": "vision_embedding_layer", "audio": "audio_embedding_layer"}
# Keras counts on from whatever was made before, so numbers in names are any.
FIRST_NUMBER = {"frame": 9, "audio": 1}


def norm(count, random):
    return {
        "gamma": random.uniform(0.8, 1.2, count),
        "beta": random.normal(0, 0.1, count),
        "moving_mean": random.normal(0, 0.1, count),
        "moving_variance": random.uniform(0.5, 1.5, count),
    }


def convolution(inputs, outputs, random):
    """A kernel of rows, columns, inputs, outputs that keeps activations about as large."""
    return {
        "kernel": random.normal(0, (2 / (9 * inputs)) ** 0.5, (3, 3, inputs, outputs)),
        "bias": random.normal(0, 0.1, outputs),
    }


@cache
def made_up(part):
    """Layers by name, in order, each with its weights: full size, random."""
    random = np.random.default_rng(COLOURS[part])
    number = FIRST_NUMBER[part]
    previous = COLOURS[part]
    layers = {f"batch_normalization_{number}": norm(previous, random)}
    for place, count in enumerate(CHANNELS, start=1):
        is_last = place == len(CHANNELS)
        name = LAST[part] if is_last else f"conv2d_{number + place - 1}"
        layers[name] = convolution(previous, count, random)
        if not is_last:
            layers[f"batch_normalization_{number + place}"] = norm(count, random)
        previous = count
    return layers


def write(path, layers, *, within=""):
    """As Keras writes weights: the names of layers and of their weights as attributes."""
    with h5py.File(path, "w") as file:
        group = file.require_group(within) if within else file
        # Layers without weights are named, too.
        names = ["input_1", *layers, "flatten_1"]
        group.attrs["layer_names"] = np.array([name.encode() for name in names])
        for name in names:
            arrays = {f"{name}/{k}:0": v for k, v in layers.get(name, {}).items()}
            own = group.create_group(name)
            own.attrs["weight_names"] = np.array([key.encode() for key in arrays])
            for key, value in arrays.items():
                own[key] = np.asarray(value, dtype=np.float32)


def write_both(folder):
    """Both files, as the program's own tests want them."""
    for part in ("audio", "frame"):
        write(folder / f"{part}.h5", made_up(part))


def tensor(value):
    return torch.from_numpy(np.asarray(value, dtype=np.float32))


def by_hand(part, layers, flow):
    """What the published network gives for a batch, with its layers written out."""
    weights = list(layers.values())

    def normed(flow, place):
        g, b, m, v = (
            tensor(weights[place][k]) for k in ("gamma", "beta", "moving_mean", "moving_variance")
        )
        shaped = [value[:, None, None] for value in (g, b, m, v)]
        return (flow - shaped[2]) / torch.sqrt(shaped[3] + 1e-3) * shaped[0] + shaped[1]

    def convolved(flow, place):
        kernel = tensor(weights[place]["kernel"].transpose(3, 2, 0, 1))
        return f.conv2d(flow, kernel, tensor(weights[place]["bias"]), padding="same")

    flow = normed(flow, 0)
    for number in range(1, 8):
        flow = convolved(flow, 2 * number - 1)
        if part == "frame" and number == 2:
            flow = normed(f.relu(flow), 2 * number)
        else:
            flow = f.relu(normed(flow, 2 * number))
        if number % 2 == 0:
            flow = f.max_pool2d(flow, 2, 2)
    # The largest pools that are published leave one cell.
    return convolved(flow, 15).flatten(2).max(dim=2).values


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("openl3")
    write_both(folder)
    return folder


@pytest.fixture(scope="module")
def exported(files, tmp_path_factory):
    """Through the command, as the program calls it."""
    out = tmp_path_factory.mktemp("exported")
    inputs = ["--audio", str(files / "audio.h5"), "--image", str(files / "frame.h5")]
    about = ["--name", "openl3/made-up", "--trained-on", "nothing", "--license", "MIT"]
    assert main(["openl3", *inputs, *about, "--hears", "mel128", "--out", str(out)]) == 0
    return out


@torch.no_grad()
@pytest.mark.parametrize(
    ("part", "entrance", "shape"),
    [("frame", "frame", (2, 3, 224, 224)), ("audio", "spectrogram", (2, 1, 128, 199))],
)
def test_onnx_files_give_what_the_published_weights_give(part, entrance, shape, exported):
    batch = np.random.default_rng(5).normal(0, 1, shape).astype(np.float32)
    if part == "audio":
        batch = batch * 15 - 40
    path = exported / f"{part}.onnx"
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    found = session.run(["features"], {entrance: batch})[0]
    wanted = by_hand(part, made_up(part), torch.from_numpy(batch)).numpy()
    assert found.shape == (2, 512)
    scale = np.abs(wanted).max()
    np.testing.assert_allclose(found, wanted, atol=2e-5 * scale, rtol=0)
    # Embeddings that are all alike would agree whatever was computed.
    assert np.abs(wanted[0] - wanted[1]).max() > 1e-2 * scale


def test_both_files_carry_the_contract_and_there_is_no_head(exported):
    assert sorted(path.name for path in exported.iterdir()) == ["audio.onnx", "frame.onnx"]
    for part in ("audio", "frame"):
        model = onnx.load(exported / f"{part}.onnx")
        pages = [x.value for x in model.metadata_props if x.key == contract.METADATA_KEY]
        page = json.loads(pages[0])
        assert (page["part"], page["family"]) == (part, "openl3")
        assert page["outputs"]["correspondence"] is None
        assert (page["mel"]["bins"], page["mel"]["frames"]) == (128, 199)
        assert "spectrogram" not in page


@pytest.mark.parametrize(("hears", "rows"), [("linear", 257), ("mel128", 128), ("mel256", 256)])
def test_frames_fit_into_the_second(hears, rows):
    sound = openl3.HEARS[hears]
    padded = 48_000 + sum(sound["pad_samples"])
    assert sound["frames"] == (padded - sound["fft_samples"]) // sound["hop_samples"] + 1
    assert sound["bins"] == rows


def test_files_of_any_of_keras_forms_are_read(files, tmp_path):
    layers = made_up("audio")
    plain = keras.read(files / "audio.h5")
    (tmp_path / "zipped.h5.gz").write_bytes(gzip.compress((files / "audio.h5").read_bytes(), 0))
    write(tmp_path / "whole.h5", layers, within="model_weights")
    # Before 0.4, the filters of the spectrogram were in the file.
    old = {"melspectrogram_1": {"freq2mel": np.zeros((9, 4))}} | layers
    write(tmp_path / "old.h5", old)
    for name in ("zipped.h5.gz", "whole.h5", "old.h5"):
        tower = openl3.filled("audio", keras.read(tmp_path / name), name)
        same = openl3.filled("audio", plain, "plain")
        own, wanted = tower.state_dict(), same.state_dict()
        assert all(torch.equal(own[key], value) for key, value in wanted.items())


def changed(part, name, weight, value):
    layers = dict(made_up(part))
    layers[name] = dict(layers[name])
    layers[name].pop(weight)
    if value is not None:
        layers[name][weight] = value
    return layers


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        (lambda: made_up("frame"), "audio_embedding_layer/kernel.* is missing"),
        (lambda: dict(list(made_up("audio").items())[:-1]), "it has 15 layers, expected 16"),
        (lambda: changed("audio", "conv2d_2", "bias", None), r"conv2d_2/bias \[64\] is missing"),
        (
            lambda: changed("audio", "conv2d_1", "kernel", np.zeros((3, 3, 3, 64))),
            r"conv2d_1/kernel is \[3, 3, 3, 64\], expected \[3, 3, 1, 64\]",
        ),
        (
            lambda: changed("audio", "conv2d_1", "bias", np.full(64, np.nan)),
            "conv2d_1/bias holds numbers that are not finite",
        ),
    ],
)
def test_other_names_shapes_and_numbers_are_refused(layers, message, tmp_path):
    write(tmp_path / "x.h5", layers())
    complaint = f"x.h5 does not hold the published audio network of OpenL3.*{message}"
    with pytest.raises(TrainingError, match=complaint):
        openl3.filled("audio", keras.read(tmp_path / "x.h5"), "x.h5")


def test_links_to_elsewhere_are_not_followed(files, tmp_path):
    path = tmp_path / "links.h5"
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = np.array([b"conv2d_1"])
        file["conv2d_1"] = h5py.ExternalLink(str(files / "audio.h5"), "/conv2d_1")
    with pytest.raises(TrainingError, match="has no conv2d_1"):
        keras.read(path)


def test_arrays_without_end_are_not_read(tmp_path):
    path = tmp_path / "large.h5"
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = np.array([b"conv2d_1"])
        layer = file.create_group("conv2d_1")
        layer.attrs["weight_names"] = np.array([b"kernel:0"])
        layer.create_dataset("kernel:0", (1 << 20, 1 << 20), "f4", chunks=(64, 64))
    with pytest.raises(TrainingError, match="more than any layer"):
        keras.read(path)


@pytest.mark.parametrize("content", [b"", b"<!DOCTYPE html>", b"\x1f\x8bjunk", b"junk" * 999])
def test_files_that_are_no_hdf5_are_refused(content, tmp_path):
    path = tmp_path / "odd.h5"
    path.write_bytes(content)
    with pytest.raises(TrainingError, match=r"odd\.h5 cannot be read as weights of Keras"):
        keras.read(path)


def test_a_file_cut_short_or_without_layers_is_refused(files, tmp_path):
    path = tmp_path / "cut.h5"
    path.write_bytes((files / "audio.h5").read_bytes()[:100_000])
    with pytest.raises(TrainingError, match="cannot be read"):
        keras.read(path)
    with h5py.File(path, "w") as file:
        file["x"] = 1.0
    with pytest.raises(TrainingError, match="is no file of weights of Keras"):
        keras.read(path)


def test_what_cannot_be_a_spectrogram_is_refused(files):
    with pytest.raises(TrainingError, match="choose one of"):
        openl3.load(files / "audio.h5", files / "frame.h5", "mel512")


def test_weights_may_be_stored_in_half(files, exported, tmp_path):
    network = openl3.load(files / "audio.h5", files / "frame.h5", "mel128")
    openl3.export(network, "x", Provenance("x", 1.0, 0, "MIT"), tmp_path, weights="fp16")
    for name in ("audio.onnx", "frame.onnx"):
        half, whole = (folder / name for folder in (tmp_path, exported))
        assert half.stat().st_size < 0.55 * whole.stat().st_size
