"""Towers without their batch normalisations give what they gave with them."""

import torch

from sonoscope_training.folding import BATCH_NORMS, fold


@torch.no_grad()
def test_folded_towers_agree(network, samples):
    for part, tower in (("frame", network.frame), ("audio", network.audio)):
        folded = fold(tower)
        assert any(isinstance(layer, BATCH_NORMS) for layer in tower)
        assert not any(isinstance(layer, BATCH_NORMS) for layer in folded)
        wanted = tower(samples[part])
        difference = (folded(samples[part]) - wanted).abs().max()
        assert difference <= 1e-5 * wanted.abs().max()


def test_folding_leaves_the_tower_as_it_was(network):
    before = {name: value.clone() for name, value in network.frame.state_dict().items()}
    fold(network.frame)
    after = network.frame.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(after[name], value) for name, value in before.items())
