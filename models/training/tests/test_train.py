"""Training learns, and a run that was stopped goes on as if it had not been."""

from dataclasses import replace

import pytest
import torch

from sonoscope_training import checkpoint, shards
from sonoscope_training.ave import distance
from sonoscope_training.contract import Provenance
from sonoscope_training.errors import TrainingError
from sonoscope_training.evaluate import evaluate
from sonoscope_training.networks import Shape, seeded
from sonoscope_training.recipe import SCRATCH
from sonoscope_training.scorers import TorchScorer
from sonoscope_training.tasks import PairTask
from sonoscope_training.train import Run

SHAPE = Shape("ave", 0.0625)
TINY = replace(SCRATCH, batch=16, steps=40, warmup_steps=10, learning_rate=5e-3, validate_every=20)


@pytest.fixture(scope="module")
def shard_set(made_up):
    return shards.load(made_up)


def start(shard_set, recipe, folder):
    provenance = Provenance("made-up squares", SHAPE.width, 0)
    task = PairTask(shard_set, recipe)
    return Run(seeded(SHAPE, 0), task, recipe, provenance=provenance, folder=folder)


def test_a_learnable_set_is_learned(shard_set, tmp_path):
    """Of four classes a quarter of the others are alike, so .87 is about all there is."""
    best = checkpoint.load(start(shard_set, TINY, tmp_path).train())
    figures = evaluate(TorchScorer(best.network()), shard_set.split("test"))
    assert figures["correspondence"]["balanced_accuracy"] > 0.75
    assert figures["correspondence"]["rank_auc"] > 0.75
    assert figures["retrieval"]["audio_to_image"] > 2 * figures["retrieval"]["chance"]
    assert best.validation_loss < 0.65


def test_a_resumed_run_equals_an_uninterrupted_one(shard_set, tmp_path):
    recipe = replace(TINY, steps=4, validate_every=2)
    start(shard_set, recipe, tmp_path / "whole").train()
    start(shard_set, recipe, tmp_path / "parts").train(until=2)
    start(shard_set, recipe, tmp_path / "parts").train()
    whole, parts = (checkpoint.load(tmp_path / folder / "last.pt") for folder in ("whole", "parts"))
    assert whole.step == parts.step == 4
    assert whole.validation_loss == parts.validation_loss
    for name, value in whole.weights.items():
        assert torch.equal(value, parts.weights[name]), name
    logs = [(tmp_path / folder / "log.jsonl").read_text() for folder in ("whole", "parts")]
    assert [log.count("\n") for log in logs] == [2, 2]


def test_a_run_of_another_recipe_is_not_resumed(shard_set, tmp_path):
    recipe = replace(TINY, steps=1, validate_every=1)
    start(shard_set, recipe, tmp_path).train()
    with pytest.raises(TrainingError, match="another network, recipe or training set"):
        start(shard_set, replace(recipe, steps=2), tmp_path).train()


def test_the_head_starts_at_the_distance_there_is(shard_set, tmp_path):
    run = start(shard_set, TINY, tmp_path)
    run._start()
    frames, sounds = run.task.batch(0)
    with torch.no_grad(), run._autocast():
        frame, audio = run.network.frame(frames).float(), run.network.audio(sounds).float()
    middle = distance(frame[:, None], audio[None, :]).mean()
    logit = run.network.head.logit(middle)
    assert abs(logit.item()) < 0.05
    assert run.network.head.logit(middle - 0.1) > 0.5


def test_a_damaged_checkpoint_is_named(tmp_path):
    path = tmp_path / "best.pt"
    path.write_bytes(b"not a checkpoint")
    with pytest.raises(TrainingError, match=r"best\.pt is not a checkpoint"):
        checkpoint.load(path)
    with pytest.raises(TrainingError, match="no such checkpoint"):
        checkpoint.load(tmp_path / "none.pt")
