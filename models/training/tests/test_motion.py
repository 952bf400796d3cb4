"""What the towers of Multisensory learn before they are merged."""

from dataclasses import replace

import made_up_stretches as made_up
import numpy as np
import pytest
import torch
from torch import nn

from sonoscope_training import motion, pieces, stretches, windows
from sonoscope_training.layers import TimePool
from sonoscope_training.multisensory import (
    AUDIO_STRIDE,
    FORMS,
    WINDOW_SAMPLES,
    WINDOW_STEPS,
    time_weights,
)
from sonoscope_training.networks import Shape, seeded
from sonoscope_training.recipe import SCRATCH
from sonoscope_training.tasks import AlignmentTask

FORM = FORMS["reduced"]
RECIPE = replace(SCRATCH, batch=8, steps=60, motion_share=2 / 3, learning_rate=5e-3, bfloat16=False)


@pytest.fixture(scope="module")
def stretch_set(tmp_path_factory):
    folder = tmp_path_factory.mktemp("beats")
    made_up.write_set(folder, 40)
    return stretches.load(folder, FORM)


@pytest.mark.parametrize("seconds", [7, 9, 30])
def test_pieces_hold_the_window_and_sound_far_from_it(tmp_path, seconds):
    made_up.write(tmp_path / "0.tar", {"one": made_up.members(3, seconds)})
    stretch = stretches.load(tmp_path, FORM).stretches[0]
    random = np.random.default_rng(0)
    for window in windows.usable(stretch, FORM):
        piece = pieces.around(window, stretch, random)
        assert piece.sound.shape == (pieces.PIECE_STEPS * AUDIO_STRIDE,)
        own = piece.sound[piece.own * AUDIO_STRIDE :][:WINDOW_SAMPLES]
        there = stretch.waveform[window.first_sample :][:WINDOW_SAMPLES]
        assert np.array_equal(own, there)
        first, *others = piece.places(15, random)
        assert first == piece.own
        assert len(others) == 15
        assert all(0 <= place <= piece.last for place in others)
        assert min(abs(place - first) for place in others) >= pieces.LEAST_STEPS_APART
        # Nothing but a step's rest is padding.
        told_s = (piece.last + WINDOW_STEPS) * AUDIO_STRIDE
        assert not piece.sound[told_s + AUDIO_STRIDE :].any() or piece.last == pieces.LAST_PLACE


def test_windows_are_cut_out_of_features():
    random = torch.Generator().manual_seed(1)
    heard = torch.randn(2, 3, 120, generator=random)
    places = torch.tensor([[0, 5, 33], [9, 9, 2]])
    pool = TimePool(time_weights(FORM))
    got = motion.windows(heard, places, pool)
    for row in range(2):
        for column, place in enumerate(places[row]):
            expected = pool(heard[row, :, place : place + WINDOW_STEPS])
            torch.testing.assert_close(got[row, column], expected)


def test_similarities_are_those_of_a_plain_loop():
    random = torch.Generator().manual_seed(2)
    seen = torch.randn(2, 3, 5, 4, 4, generator=random)
    heard = torch.randn(2, 6, 3, 5, generator=random)
    got = motion.similarities(seen, heard)
    for n in range(2):
        for d in range(6):
            sound = (heard[n, d] - heard[n, d].mean(dim=1, keepdim=True)).flatten()
            cosines = []
            for y in range(4):
                for x in range(4):
                    cell = seen[n, :, :, y, x]
                    cell = (cell - cell.mean(dim=1, keepdim=True)).flatten()
                    cosines.append(torch.cosine_similarity(cell, sound, dim=0) / motion.SOFTNESS)
            expected = torch.logsumexp(torch.stack(cosines), dim=0) * motion.SOFTNESS
            torch.testing.assert_close(got[n, d], expected, rtol=1e-4, atol=1e-5)


def test_signals_are_where_things_move_and_sound():
    pictures = torch.zeros(1, 3, 32, 112, 112)
    pictures[:, :, 10:, 8:16, 24:32] = 1
    moved = motion.motion(pictures, 14)[0]
    assert moved.shape == (3, 32, 14, 14)
    middle = moved - moved.amin()
    assert middle[0].nonzero().tolist() == [[10, 1, 3]]
    assert middle[2].nonzero().tolist() == [[9, 1, 3]]

    sounds = torch.zeros(1, 1, 100 * AUDIO_STRIDE)
    sounds[..., 40 * AUDIO_STRIDE : 60 * AUDIO_STRIDE] = 0.1
    onset, level, again = motion.loudness(sounds)[0]
    assert onset.nonzero().flatten().tolist() == [40]
    assert torch.equal(onset, again)
    loud = (level > level.mean()).nonzero().flatten().tolist()
    assert loud == list(range(40, 60))


def test_what_tells_the_signals_has_no_loss():
    signals = torch.randn(2, 3, 32, 4, 4, generator=torch.Generator().manual_seed(3))
    others = torch.full((2, 5, 32, 4, 4), 7.0)
    told = torch.cat([signals + 2.5, others], dim=1)
    assert motion.signals_loss(told, signals).item() < 1e-9
    assert motion.signals_loss(torch.zeros_like(told), signals).item() == pytest.approx(1, abs=1e-3)


def test_own_sounds_are_found(stretch_set):
    """After forty steps, the own sound is found among sixteen more often than by chance."""
    task = AlignmentTask(stretch_set, RECIPE, FORM)
    network = seeded(Shape("multisensory", 1 / 8, form="reduced"), 0).train()
    plain = torch.autocast("cpu", enabled=False)
    task.start(network, task.batch(0), plain)
    optimizer = torch.optim.Adam(network.parameters(), lr=RECIPE.learning_rate)
    for step in range(RECIPE.motion_steps):
        loss = task.loss(network, task.batch(step), plain)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    found = [own_found(network, task.batches.pieces_at(step, 15)) for step in range(100, 104)]
    assert np.mean(found) > 0.4, found


@torch.no_grad()
def own_found(network: nn.Module, inputs: tuple[torch.Tensor, ...]) -> float:
    pictures, sounds, places = inputs
    seen = motion.mixed(network.head.wide.frame, network.frame(pictures))
    heard = motion.mixed(network.head.wide.audio, network.audio[:-1](sounds))
    choice = motion.similarities(seen, motion.windows(heard, places, network.audio.steps))
    return (choice.argmax(dim=1) == 0).float().mean().item()


def test_batches_change_with_the_lesson(stretch_set):
    task = AlignmentTask(stretch_set, RECIPE, FORM)
    shapes = [[tuple(part.shape) for part in task.batch(step)] for step in (0, 10, 40)]
    sounds = (8, 1, pieces.PIECE_STEPS * AUDIO_STRIDE)
    assert shapes[0][1:] == [sounds, (8, 1)]
    assert shapes[1][1:] == [sounds, (8, 16)]
    assert shapes[2][1:] == [(16, 1, WINDOW_SAMPLES)]
    part = task.part(task.batch(10), 3)
    assert [len(tensor) for tensor in part] == [3, 3, 3]
