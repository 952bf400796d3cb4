"""Figures of an evaluation against scores whose figures are known."""

import numpy as np
import pytest

from sonoscope_training import evaluate
from sonoscope_training.shards import Clip

SECONDS = [
    {"second": 0, "box": [0, 0, 128, 128], "silent": True, "off_screen": False},
    {"second": 1, "box": [128, 0, 256, 64], "silent": False, "off_screen": False},
    {"second": 2, "box": None, "silent": False, "off_screen": True},
]


def clip(number: int, seconds: list[dict] | None) -> Clip:
    truth = seconds and {"class": f"{number % 2}", "width": 256, "height": 128, "seconds": seconds}
    frames = np.full((3, 256, 256, 3), number, np.uint8)
    spectrograms = np.full((3, 257, 199), number, np.float16)
    return Clip(f"clip-{number}", frames, spectrograms, [0, 1, 2], truth, "test")


class Oracle:
    """Knows a clip by its number, and takes clips three apart for the same."""

    kind = "oracle"

    def __init__(self, family: str, peak: tuple[int, int] = (0, 0)) -> None:
        self.family = family
        self.peak = peak

    def frame_features(self, frames):
        return frames[:, 0, 0, :1].astype(np.float32)

    def audio_features(self, spectrograms):
        return spectrograms[:, 0, :1].astype(np.float32)

    def scores(self, frame, audio):
        apart = np.abs(frame - audio)[:, 0]
        heatmap = np.zeros((len(frame), 14, 14), np.float32)
        heatmap[:, *self.peak] = 1
        return {"correspondence": np.where(apart == 0, 0.9, 0.8 * (apart == 3)), "heatmap": heatmap}


def test_correspondence_counts_both_kinds_of_error():
    figures = evaluate.evaluate(Oracle("l3"), [clip(i, None) for i in range(4)])
    assert figures["correspondence"] == {
        "balanced_accuracy": (1 + 10 / 12) / 2,
        "true_positive_rate": 1.0,
        "true_negative_rate": 10 / 12,
        "rank_auc": 1.0,
        "pairs": 16,
    }
    assert figures["clips"] == 4
    assert "pointing" not in figures


def test_rank_auc_counts_ties_half():
    matching, others = np.array([0.5, 0.9]), np.array([0.1, 0.5, 0.7])
    assert evaluate.rank_auc(matching, others) == pytest.approx((1.5 + 3) / 6)


def test_silent_and_off_screen_seconds_are_left_out():
    chosen = evaluate.middle(clip(0, SECONDS))
    assert chosen.row == 1
    nothing = [second | {"silent": True} for second in SECONDS]
    assert evaluate.middle(clip(0, nothing)) is None
    assert evaluate.middle(clip(0, None)).row == 1


@pytest.mark.parametrize(("peak", "accuracy"), [((0, 13), 1.0), ((6, 13), 1.0), ((7, 13), 0.0)])
def test_pointing_looks_at_the_peak(peak, accuracy):
    clips = [clip(i, SECONDS) for i in range(2)]
    figures = evaluate.evaluate(Oracle("avol", peak), clips)["pointing"]
    assert figures == {"accuracy": accuracy, "centre_guess": 0.0, "chance": 0.25, "seconds": 2}


def test_retrieval_leaves_out_the_clip_itself():
    angles = np.radians([0, 10, 90, 100])
    frame = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    figures = evaluate.retrieval(frame, frame[[0, 1, 3, 2]], np.array(["a", "a", "b", "a"]))
    assert figures["image_to_image"] == 0.5
    assert figures["chance"] == pytest.approx(6 / 12)
