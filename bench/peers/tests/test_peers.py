"""Both peers read the same seconds, and score them as the networks' definitions do."""

from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import SECONDS
from sonoscope_training.networks import Shape

import features
import peer
import sound
from peer_decode import decode_pictures
from peer_seek import seek_pictures
from stages import Stages

READERS = [seek_pictures, decode_pictures]


@pytest.mark.parametrize("read_pictures", READERS)
def test_pictures_are_those_of_their_seconds(clip: Path, read_pictures: peer.PictureReader):
    pictures = list(read_pictures(clip, SECONDS, 1))
    assert [second for second, _ in pictures] == list(range(SECONDS))
    reds = [rgb[:, :, 0].mean() for _, rgb in pictures]
    assert reds == pytest.approx([20, 60, 100], abs=4)


def test_decoding_stops_where_the_recording_does(clip: Path):
    assert len(list(decode_pictures(clip, SECONDS + 5, 1))) == SECONDS


def test_sound_is_resampled_and_its_channels_averaged(clip: Path):
    samples = sound.read_mono(clip)
    assert peer.whole_seconds(samples) == SECONDS
    middle = sound.second_of(samples, 1)
    assert np.abs(np.fft.rfft(middle)).argmax() == 1000
    # ffmpeg's sine has an amplitude of an eighth of full scale, and the other channel is silent.
    assert np.abs(middle).max() == pytest.approx(sound.FULL_SCALE / 8 / 2, rel=0.1)


def test_a_second_beyond_the_end_is_silent(clip: Path):
    beyond = sound.second_of(sound.read_mono(clip), SECONDS + 1)
    assert beyond.shape == (features.SAMPLE_RATE_HZ,)
    assert not beyond.any()


@pytest.mark.parametrize("read_pictures", READERS)
def test_rows_are_what_the_network_says(clip: Path, read_pictures: peer.PictureReader):
    network = peer.untrained(Shape("ave", 0.0625), seed=1)
    stages = Stages()
    rows = list(peer.rows(clip, network, read_pictures, 1, stages))
    samples = sound.read_mono(clip)
    for row, (second, rgb) in zip(rows, read_pictures(clip, SECONDS, 1), strict=True):
        frames = features.picture(rgb)[None]
        spectrograms = features.spectrogram(sound.second_of(samples, second))[None]
        with torch.no_grad():
            expected = network(frames, spectrograms)["correspondence"]
        assert row["second"] == second
        assert row["correspondence"] == pytest.approx(float(expected), abs=1e-5)
    summary = stages.summary()
    parts = summary["decode"] + summary["features"] + summary["network"]
    assert 0 < parts <= summary["total"] + 1e-3
