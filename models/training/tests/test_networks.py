"""The definitions against a forward pass written out from the published description."""

from dataclasses import replace

import pytest
import torch
from torch.nn import functional as f

from sonoscope_training.errors import TrainingError
from sonoscope_training.networks import Network, Shape, seeded, start_from
from sonoscope_training.towers import channels


def norm(weights, name, flow):
    statistics = weights[f"{name}.running_mean"], weights[f"{name}.running_var"]
    affine = weights[f"{name}.weight"], weights[f"{name}.bias"]
    return f.batch_norm(flow, *statistics, *affine)


def oracle_trunk(weights, tower, flow):
    for block in (1, 2, 3, 4):
        for place in (1, 2):
            name = f"{tower}.conv{block}_{place}"
            stride = 2 if block == place == 1 else 1
            flow = f.conv2d(
                flow, weights[f"{name}.weight"], weights[f"{name}.bias"], stride=stride, padding=1
            )
            flow = f.relu(norm(weights, f"{tower}.bn{block}_{place}", flow))
        if block < 4:
            flow = f.max_pool2d(flow, 2)
    return flow


def oracle_fc(weights, name, flow):
    flow = f.linear(flow, weights[f"{name}.weight"], weights[f"{name}.bias"])
    tower, layer = name.split(".")
    return norm(weights, f"{tower}.bn_{layer}", flow)


def oracle_embedding(weights, tower, flow):
    flow = oracle_trunk(weights, tower, flow).flatten(2).max(dim=2).values
    flow = f.relu(oracle_fc(weights, f"{tower}.fc1", flow))
    return oracle_fc(weights, f"{tower}.fc2", flow)


def oracle_cells(weights, flow):
    flow = oracle_trunk(weights, "frame", flow)
    for name in ("conv5", "conv6"):
        flow = f.conv2d(flow, weights[f"frame.{name}.weight"], weights[f"frame.{name}.bias"])
        flow = norm(weights, f"frame.bn_{name}", flow)
    return flow


def oracle(family, weights, frames, spectrograms):
    if family == "ave":
        frame = oracle_embedding(weights, "frame", frames)
        audio = oracle_embedding(weights, "audio", spectrograms)
        frame, audio = (x / x.pow(2).sum(1, keepdim=True).sqrt() for x in (frame, audio))
        distance = (frame - audio).norm(dim=1, keepdim=True)
        classes = f.linear(distance, weights["head.fc3.weight"], weights["head.fc3.bias"])
        return {"correspondence": classes.softmax(dim=1)[:, 0], "distance": distance[:, 0]}
    if family == "avol":
        cells = oracle_cells(weights, frames)
        audio = oracle_embedding(weights, "audio", spectrograms)
        products = (cells * audio[:, :, None, None]).sum(dim=1, keepdim=True)
        heatmap = f.conv2d(products, weights["head.conv7.weight"], weights["head.conv7.bias"])
        heatmap = heatmap.sigmoid()[:, 0]
        return {"correspondence": heatmap.flatten(1).max(dim=1).values, "heatmap": heatmap}
    frame = oracle_trunk(weights, "frame", frames).flatten(2).max(dim=2).values
    audio = oracle_trunk(weights, "audio", spectrograms).flatten(2).max(dim=2).values
    hidden = torch.cat([frame, audio], dim=1)
    hidden = f.relu(f.linear(hidden, weights["head.fc1.weight"], weights["head.fc1.bias"]))
    classes = f.linear(hidden, weights["head.fc2.weight"], weights["head.fc2.bias"])
    return {"correspondence": classes.softmax(dim=1)[:, 0]}


@torch.no_grad()
def test_scores_are_those_of_the_description(network, samples):
    wanted = oracle(network.shape.family, network.state_dict(), samples["frame"], samples["audio"])
    scores = network(samples["frame"], samples["audio"])
    assert scores.keys() == wanted.keys()
    for name, value in wanted.items():
        torch.testing.assert_close(scores[name], value, atol=1e-5, rtol=1e-4)


@torch.no_grad()
def test_all_pairs_agree_with_pair_by_pair(network, samples):
    logits = network.all_pairs(samples["frame"], samples["audio"][:3])
    assert logits.shape == (4, 3)
    for row in range(4):
        frames = samples["frame"][row].expand(3, -1, -1, -1)
        scores = network(frames, samples["audio"][:3])["correspondence"]
        torch.testing.assert_close(logits[row].sigmoid(), scores, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize(
    ("family", "part", "shape"),
    [
        ("ave", "fc1", (128, 512)),
        ("ave", "conv1_1", (64, 3, 3, 3)),
        ("ave", "conv4_2", (512, 512, 3, 3)),
        ("avol", "conv5", (128, 512, 1, 1)),
        ("avol", "conv6", (128, 128, 1, 1)),
    ],
)
def test_published_sizes_at_full_width(family, part, shape):
    weights = Network(Shape(family)).state_dict()
    assert weights[f"frame.{part}.weight"].shape == shape


def test_width_scales_the_trunk_alone():
    assert channels(0.25) == (16, 32, 64, 128)
    weights = Network(Shape("ave", 0.25)).state_dict()
    assert weights["audio.fc1.weight"].shape == (128, 128)
    assert weights["audio.fc2.weight"].shape == (128, 128)


def test_a_width_between_channels_is_refused():
    with pytest.raises(TrainingError, match=r"multiple of 1/64"):
        channels(0.3)


def test_a_seed_decides_the_weights():
    one, same, other = (seeded(Shape("ave", 0.0625), seed).state_dict() for seed in (1, 1, 2))
    name = "frame.conv2_1.weight"
    assert torch.equal(one[name], same[name])
    assert not torch.equal(one[name], other[name])


def test_seeding_leaves_the_global_generator_alone():
    torch.manual_seed(5)
    wanted = torch.rand(3)
    torch.manual_seed(5)
    seeded(Shape("l3", 0.0625), 1)
    assert torch.equal(torch.rand(3), wanted)


def test_avol_starts_from_the_towers_of_ave():
    ave, avol = (seeded(Shape(family, 0.0625), seed) for seed, family in enumerate(("ave", "avol")))
    fresh = {name: value.clone() for name, value in avol.state_dict().items()}
    taken = start_from(avol, ave)
    weights = avol.state_dict()
    for name in ("frame.conv4_2.weight", "audio.fc2.bias", "audio.bn_fc1.running_mean"):
        assert name in taken
        assert torch.equal(weights[name], ave.state_dict()[name])
    for name in ("frame.conv5.weight", "head.conv7.bias"):
        assert name not in taken
        assert torch.equal(weights[name], fresh[name])


def test_the_same_family_keeps_its_head():
    one, other = (seeded(Shape("l3", 0.0625), seed) for seed in (1, 2))
    assert "head.fc2.weight" in start_from(other, one)
    assert torch.equal(other.head.fc2.weight, one.head.fc2.weight)


@torch.no_grad()
def test_a_widened_network_says_the_same(network, samples):
    wide = seeded(replace(network.shape, width=2 * network.shape.width), 7)
    start_from(wide, network)
    assert wide.frame.conv4_1.weight.shape[:2] > network.frame.conv4_1.weight.shape[:2]
    said = wide.eval()(samples["frame"], samples["audio"])
    for name, value in network(samples["frame"], samples["audio"]).items():
        torch.testing.assert_close(said[name], value, atol=1e-5, rtol=1e-4)


def test_copies_of_a_widened_channel_are_read_unevenly():
    narrow, wide = (Network(Shape("ave", width)) for width in (0.0625, 0.125))
    start_from(wide, narrow)
    first, second = wide.frame.conv2_1.weight.detach().unflatten(1, (-1, 2)).unbind(2)
    torch.testing.assert_close(
        first + second, narrow.frame.conv2_1.weight.detach().repeat_interleave(2, dim=0)
    )
    assert (first - second).abs().mean() > 0.05 * (first + second).abs().mean()


def test_a_width_that_is_no_multiple_is_refused():
    with pytest.raises(TrainingError, match="cannot be widened"):
        start_from(Network(Shape("l3", 0.0625)), Network(Shape("l3", 0.125)))
