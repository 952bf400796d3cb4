"""Clips shards, their windows, and what a training step of Multisensory sees."""

import json
from dataclasses import replace

import made_up_stretches as made_up
import numpy as np
import pytest
import torch

from sonoscope_training import stretches, windows
from sonoscope_training.errors import TrainingError
from sonoscope_training.multisensory import FORMS
from sonoscope_training.recipe import SCRATCH
from sonoscope_training.stretches import Stretch
from sonoscope_training.tasks import AlignmentTask
from sonoscope_training.window_batches import WindowBatches

FORM = FORMS["reduced"]
RECIPE = replace(SCRATCH, batch=4, gain_jitter_db=0.0, colour_jitter=0.0)


def blank(seconds: int, form=FORM, *, apart=()) -> Stretch:
    """A stretch of which only the times matter."""
    truths = [{"second": 40 + k, "silent": k in apart, "off_screen": False} for k in range(seconds)]
    nothing = np.zeros(0, np.uint8)
    return Stretch("a", nothing, nothing, 40, seconds, "train", {"seconds": truths})


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("beats")
    made_up.write_set(path, 10)
    return path


def changed(number: int, **about) -> dict[str, bytes]:
    parts = made_up.members(number)
    return parts | {"json": json.dumps(json.loads(parts["json"]) | about).encode()}


def test_what_was_written_is_read(folder):
    loaded = stretches.load(folder, FORM)
    stretch = next(one for one in loaded.stretches if one.id == "beats-3")
    wanted = made_up.members(3)
    assert made_up.npy(stretch.pictures) == wanted["pictures.npy"]
    assert made_up.npy(stretch.waveform) == wanted["waveform.npy"]
    assert (stretch.seconds, stretch.first_segment) == (9, 0)


def test_stretches_of_a_recording_share_a_split(tmp_path):
    recordings = {f"a-{n}": changed(n, source="one recording") for n in range(6)}
    made_up.write(tmp_path / "0.tar", recordings)
    assert len({one.split for one in stretches.load(tmp_path, FORM).stretches}) == 1


def test_a_split_that_is_told_holds(tmp_path):
    recordings = {f"a-{n}": changed(n, split="test") for n in range(6)}
    made_up.write(tmp_path / "0.tar", recordings)
    assert len(stretches.load(tmp_path, FORM).split("test")) == 6


@pytest.mark.parametrize(
    ("parts", "complaint"),
    [
        (changed(0, rate_hz=30), "30 pictures a second, not 8"),
        (changed(0, seconds=8), "pictures are uint8"),
        (changed(0) | {"json": b"{}"}, "cannot be read"),
        (changed(0) | {"waveform.npy": made_up.npy(np.zeros(189_000))}, "waveform are float64"),
        (changed(0) | {"pictures.npy": b"not an array"}, "cannot be read"),
    ],
)
def test_wrong_members_are_named(tmp_path, parts, complaint):
    made_up.write(tmp_path / "0.tar", {"a": parts})
    with pytest.raises(TrainingError, match=f"a.*{complaint}"):
        stretches.load(tmp_path, FORM)


@pytest.mark.parametrize(("name", "seconds"), [("reduced", 10), ("full", 10), ("full", 14)])
def test_windows_of_seconds_are_centred_as_in_the_contract(name, seconds):
    form = FORMS[name]
    found = windows.seconds(blank(seconds, form), form)
    assert len(found) == seconds - 4
    for second, window in enumerate(found, start=2):
        first = form.rate_hz * second + form.rate_hz // 2 - form.frames // 2
        assert window.first_picture == first
        assert window.first_sample == round((second - 1.6) * 21_000)


@pytest.mark.parametrize(("name", "seconds"), [("reduced", 7), ("reduced", 12), ("full", 11)])
def test_every_shift_is_far_enough_and_inside(name, seconds):
    form = FORMS[name]
    stretch = blank(seconds, form)
    random = np.random.default_rng(0)
    for window in windows.usable(stretch, form):
        last = seconds * 21_000 - 88_200
        farthest = max(window.first_sample, last - window.first_sample)
        least = round(form.shift_s * 21_000) if farthest >= form.shift_s * 21_000 else 42_000
        drawn = [windows.shifted(window, stretch, form, random) for _ in range(20)]
        assert all(0 <= first <= last for first in drawn)
        assert all(abs(first - window.first_sample) >= least for first in drawn)


@pytest.mark.parametrize("seconds", [1, 4, 5, 6])
def test_stretches_too_short_to_shift_give_no_window(seconds):
    assert windows.usable(blank(seconds), FORM) == []


def test_windows_that_are_mostly_silent_are_left_out():
    assert len(windows.seconds(blank(10), FORM)) == 6
    kept = windows.seconds(blank(10, apart=(0, 1, 2)), FORM)
    # The first looks at seconds 0 to 4, the second at 1 to 5: three silent ones, then two.
    assert [window.first_picture for window in kept] == [8 * k - 12 for k in range(3, 8)]
    assert windows.usable(blank(10, apart=range(10)), FORM) == []


def test_a_step_shows_and_plays_the_same_moments(folder):
    """Light and tone go together in the first half of the sounds, and not in the second."""
    batches = WindowBatches(stretches.load(folder, FORM).stretches, RECIPE, FORM)
    pictures, sounds = batches.at(3)
    assert pictures.shape == (4, 3, 32, 112, 112)
    assert sounds.shape == (8, 1, 88_200)
    lit = pictures.amax(dim=(1, 3, 4)) - pictures.mean(dim=(1, 3, 4))
    # Sound begins a tenth of a second before the first picture's time.
    heard = sounds[:, 0, 2100:-2100].unflatten(1, (32, -1)).square().mean(dim=2).sqrt()
    agreement = [
        [torch.corrcoef(torch.stack([lit[row], sound[row]]))[0, 1].item() for row in range(4)]
        for sound in (heard[:4], heard[4:])
    ]
    assert min(agreement[0]) > 0.9
    assert np.mean(agreement[1]) < 0.5


def test_a_step_is_the_same_each_time_and_unlike_others(folder):
    batches = WindowBatches(stretches.load(folder, FORM).stretches, RECIPE, FORM)
    one, same, other = (batches.at(step) for step in (1, 1, 2))
    assert all(torch.equal(a, b) for a, b in zip(one, same, strict=True))
    assert not torch.equal(one[0], other[0])


def test_without_jitter_colours_are_those_of_the_picture(folder):
    batches = WindowBatches(stretches.load(folder, FORM).stretches, RECIPE, FORM)
    random = np.random.default_rng(0)
    stored = torch.from_numpy(random.integers(0, 256, (2, 3, 4, 4, 3), np.uint8))
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    wanted = ((stored / 255 - mean) / std).permute(0, 4, 1, 2, 3)
    torch.testing.assert_close(batches._colours(stored, random), wanted, atol=1e-5, rtol=0)


def test_too_few_windows_are_refused(tmp_path):
    made_up.write(tmp_path / "0.tar", {f"b-{n}": made_up.members(n, 5) for n in range(6)})
    with pytest.raises(TrainingError, match=r"0 of \d training recordings have a window"):
        AlignmentTask(stretches.load(tmp_path, FORM), RECIPE, FORM)


def test_a_part_of_a_batch_keeps_both_sounds_of_each_window():
    inputs = torch.arange(4), torch.arange(8)
    pictures, sounds = AlignmentTask.part(None, inputs, 2)
    assert pictures.tolist() == [0, 1]
    assert sounds.tolist() == [0, 1, 4, 5]
