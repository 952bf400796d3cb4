"""The peer that makes training data, and the page that compares it."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import SECONDS

import compare_extract
import features
import peer_extract
import sound


def test_a_clip_becomes_its_pairs(clip: Path, tmp_path: Path):
    pairs, times = peer_extract.extract(clip, tmp_path)
    assert pairs == SECONDS
    assert times.keys() == {"sound", "spectrograms", "pictures", "npz", "total"}
    with np.load(tmp_path / f"{clip.stem}.npz") as written:
        frames, spectrograms = written["frames"], written["spectrograms"]
    assert frames.shape == (SECONDS, 256, 256, 3)
    assert frames[..., 0].mean(axis=(1, 2)) == pytest.approx([20, 60, 100], abs=4)
    assert spectrograms.shape == (SECONDS, 257, 199)
    wanted = features.spectrogram(sound.second_of(sound.read_mono(clip), 1))[0].numpy()
    # Two resamplers, one of which rounds to whole numbers: alike where there is sound.
    loud = wanted > 0
    assert np.abs(spectrograms[1] - wanted)[loud].max() < 0.1


def test_what_a_run_tells_is_read_and_ratios_are_told():
    def run(total: float) -> compare_extract.Run:
        told = json.dumps({"pairs": 3, "total": total, "pictures": total / 2})
        program = f"import sys; print('a warning', {told!r}, sep='\\n', file=sys.stderr)"
        return compare_extract.measure([sys.executable, "-S", "-c", program])

    ours = compare_extract.figures([run(2.0)])
    theirs = compare_extract.figures([run(8.0), run(10.0), run(100.0)])
    assert (theirs["pairs"], theirs["seconds"]) == (3, 10.0)
    assert theirs["seconds_range"] == [8.0, 100.0]
    assert theirs["stages_seconds"] == {"pictures": 5.0}
    contenders = {compare_extract.OURS: ours, "peer: seek, 1 process": theirs}
    page = compare_extract.markdown(
        {
            "date": "2026-01-01",
            "rounds": 3,
            "threads": 2,
            "load_before": "0 0 0",
            "machine": {"processor": "some"},
            "sets": {"720p": {"clips": 4, "contenders": contenders}},
        }
    )
    assert "5.00 times as fast" in page
    assert "| 4: 720p | sonoscope extract | 3 | 2.0 " in page


def test_a_program_that_fails_ends_the_comparison():
    with pytest.raises(SystemExit, match="ended with 1:\nout"):
        compare_extract.measure([sys.executable, "-S", "-c", "raise SystemExit('out')"])
