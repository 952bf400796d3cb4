"""What a training step sees."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from sonoscope_training import shards
from sonoscope_training.batches import Batches, crop
from sonoscope_training.errors import TrainingError
from sonoscope_training.recipe import SCRATCH
from sonoscope_training.tensors import frames_to_tensor

RECIPE = replace(SCRATCH, batch=16)


@pytest.fixture(scope="module")
def clips(made_up):
    return shards.load(made_up).split("train")


def test_a_step_is_the_same_each_time_and_unlike_others(clips):
    one, same, other = (Batches(clips, RECIPE).at(step) for step in (5, 5, 6))
    assert one[0].shape == (16, 3, 224, 224)
    assert one[1].shape == (16, 1, 257, 199)
    assert all(torch.equal(a, b) for a, b in zip(one, same, strict=True))
    assert not torch.equal(one[0], other[0])


def test_another_seed_gives_other_steps(clips):
    one = Batches(clips, RECIPE).at(0)[1]
    assert not torch.equal(one, Batches(clips, replace(RECIPE, seed=1)).at(0)[1])


def test_an_epoch_sees_no_clip_twice(clips):
    """Every clip's loudest row tells which it is; gains shift a whole spectrogram."""
    plain = replace(RECIPE, gain_jitter_db=0.0)
    batches = Batches(clips, plain)
    rows = {clip.spectrograms[row].tobytes(): clip.id for clip in clips for row in range(3)}
    steps = range(len(clips) // plain.batch)
    assert {batches.epoch(step) for step in steps} == {0}
    seen = [
        rows[sound.numpy().astype(np.float16).tobytes()]
        for step in steps
        for sound in batches.at(step)[1]
    ]
    assert len(seen) == len(set(seen)) == len(steps) * plain.batch
    assert batches.epoch(len(steps)) == 1


def test_gain_shifts_a_spectrogram_by_at_most_the_jitter(clips):
    varied = Batches(clips, RECIPE).at(3)[1]
    plain = Batches(clips, replace(RECIPE, gain_jitter_db=0.0)).at(3)[1]
    shifts_db = (varied - plain) * 26.68
    assert torch.allclose(shifts_db, shifts_db[:, :, :1, :1].expand_as(shifts_db), atol=1e-3)
    assert 2.0 < shifts_db.abs().max() <= 4.8001


def test_without_jitter_a_picture_is_a_part_of_the_stored_one(clips):
    frame = clips[0].frames[0]
    part = crop(frame, np.random.default_rng(0))
    places = [
        (y, x, mirrored)
        for mirrored in (False, True)
        for y in range(33)
        for x in range(33)
        if np.array_equal(frame[y : y + 224, x : x + 224][:, :: -1 if mirrored else 1][0], part[0])
    ]
    assert len(places) == 1


def test_colour_jitter_of_nothing_leaves_colours_alone(clips):
    plain = Batches(clips, replace(RECIPE, colour_jitter=0.0))
    frames = torch.from_numpy(np.stack([clip.frames[0][:224, :224] for clip in clips[:2]]))
    unvaried = plain._colours(frames, np.random.default_rng(0))
    torch.testing.assert_close(unvaried, frames_to_tensor(frames), atol=1e-5, rtol=0)


def test_too_few_clips_for_a_batch_are_refused(clips):
    with pytest.raises(TrainingError, match="do not fill a batch"):
        Batches(clips[:10], RECIPE)
