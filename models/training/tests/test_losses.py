"""The loss against a plain loop over pairs, and the course of the learning rate."""

import math
from dataclasses import replace

import pytest
import torch

from sonoscope_training import configuration
from sonoscope_training.losses import alignment_loss, contrast, correspondence_loss
from sonoscope_training.recipe import SCRATCH
from sonoscope_training.validation import balanced_accuracy

LOGITS = torch.randn(6, 6, generator=torch.Generator().manual_seed(0))


def cross_entropy(logit: float, corresponds: bool) -> float:
    probability = 1 / (1 + math.exp(-logit))
    return -math.log(probability if corresponds else 1 - probability)


def test_contrast_is_the_surprise_at_ones_own_among_all():
    logits = LOGITS.tolist()
    columns = [list(column) for column in zip(*logits, strict=True)]
    surprises = [
        math.log(sum(math.exp(other) for other in row)) - row[i]
        for rows in (logits, columns)
        for i, row in enumerate(rows)
    ]
    assert contrast(LOGITS).item() == pytest.approx(sum(surprises) / 12, rel=1e-5)


def test_all_pairs():
    logits = LOGITS.tolist()
    matching = [cross_entropy(logits[i][i], True) for i in range(6)]
    others = [cross_entropy(logits[i][j], False) for i in range(6) for j in range(6) if i != j]
    wanted = (sum(matching) / 6 + sum(others) / 30) / 2
    assert correspondence_loss(LOGITS).item() == pytest.approx(wanted, rel=1e-5)


def test_two_pairs_a_clip():
    logits = LOGITS.tolist()
    matching = [cross_entropy(logits[i][i], True) for i in range(6)]
    others = [cross_entropy(logits[i][(i + 1) % 6], False) for i in range(6)]
    wanted = (sum(matching) + sum(others)) / 12
    assert correspondence_loss(LOGITS, "two").item() == pytest.approx(wanted, rel=1e-5)


def test_guessing_costs_ln_2():
    assert correspondence_loss(torch.zeros(4, 4)).item() == pytest.approx(math.log(2))


def test_balanced_accuracy():
    logits = torch.tensor([[1.0, -1, 1], [-1, -1, -1], [-1, -1, 1]])
    assert balanced_accuracy(logits) == pytest.approx((2 / 3 + 5 / 6) / 2)


def test_warm_up_then_cosine_to_one_per_cent():
    recipe = replace(SCRATCH, steps=1100)
    rates = [recipe.learning_rate_at(step, 0) for step in range(1100)]
    assert rates[0] == pytest.approx(1e-5)
    assert rates[99] == pytest.approx(1e-3)
    assert rates[600] == pytest.approx(1e-3 * (0.01 + 0.99 / 2))
    assert rates[-1] == pytest.approx(1e-5, rel=0.01)
    assert max(rates) == pytest.approx(1e-3)


def test_published_rate_falls_every_16_epochs():
    published = configuration.load("published")
    rates = [published.learning_rate_at(0, epoch) for epoch in (0, 15, 16, 32)]
    assert rates == pytest.approx([5e-5, 5e-5, 5e-5 * 0.94, 5e-5 * 0.94**2])


def test_aligned_and_misaligned_windows_weigh_half_each():
    logits = torch.tensor([2.0, -1.0, 0.5, -3.0])
    aligned = (cross_entropy(2.0, True) + cross_entropy(-1.0, True)) / 2
    misaligned = (cross_entropy(0.5, False) + cross_entropy(-3.0, False)) / 2
    assert alignment_loss(logits).item() == pytest.approx((aligned + misaligned) / 2)
