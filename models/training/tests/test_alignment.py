"""Multisensory learns what goes together in time."""

from dataclasses import replace

import made_up_stretches as made_up
import pytest

from sonoscope_training import checkpoint, stretches
from sonoscope_training.contract import Provenance
from sonoscope_training.evaluate import alignment
from sonoscope_training.multisensory import FORMS
from sonoscope_training.networks import Shape, seeded
from sonoscope_training.recipe import SCRATCH
from sonoscope_training.scorers import TorchScorer
from sonoscope_training.tasks import AlignmentTask
from sonoscope_training.train import Run

FORM = FORMS["reduced"]
SHAPE = Shape("multisensory", 1 / 32, form="reduced")
TINY = replace(SCRATCH, batch=8, steps=50, warmup_steps=5, learning_rate=5e-3, validate_every=50)


@pytest.fixture(scope="module")
def stretch_set(tmp_path_factory):
    folder = tmp_path_factory.mktemp("beats")
    made_up.write_set(folder, 40)
    return stretches.load(folder, FORM)


@pytest.fixture(scope="module")
def unseen(tmp_path_factory):
    folder = tmp_path_factory.mktemp("unseen")
    made_up.write(folder / "0.tar", {f"unseen-{n}": made_up.members(1000 + n) for n in range(8)})
    return stretches.load(folder, FORM)


def test_alignment_is_learned(stretch_set, unseen, tmp_path):
    task = AlignmentTask(stretch_set, TINY, FORM)
    provenance = Provenance("made-up beats", SHAPE.width, 0)
    run = Run(seeded(SHAPE, 0), task, TINY, provenance=provenance, folder=tmp_path)
    best = checkpoint.load(run.train())
    figures = alignment(TorchScorer(best.network()), unseen.stretches)
    assert figures["alignment"]["pairs"] == 2 * 8 * 5
    assert figures["alignment"]["rank_auc"] > 0.75
    assert best.validation_loss < 0.65
