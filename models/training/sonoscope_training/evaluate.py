"""How well a network does on clips it has not seen: figures as a JSON-able dictionary."""

from dataclasses import dataclass

import numpy as np

from sonoscope_training.avol import CELLS
from sonoscope_training.errors import TrainingError
from sonoscope_training.multisensory import form_of
from sonoscope_training.scorers import Scorer
from sonoscope_training.shards import Clip
from sonoscope_training.stretches import Stretch
from sonoscope_training.window_validation import examples, stored

# At and above it the network says 'corresponds'.
THRESHOLD = 0.5
ALIGNMENT_WINDOWS_MAX = 2000


@dataclass(frozen=True)
class Second:
    """One second of a clip: the row in its arrays, and what is true of it if anything is known."""

    clip: Clip
    row: int
    truth: dict | None

    @property
    def corresponds(self) -> bool:
        """Whether picture and sound of it can belong together at all."""
        return self.truth is None or not (self.truth["silent"] or self.truth["off_screen"])

    @property
    def box(self) -> tuple[float, float, float, float] | None:
        """Left, top, right, bottom of what sounds, as shares of the picture."""
        if self.truth is None or self.truth["box"] is None or not self.corresponds:
            return None
        left, top, right, bottom = self.truth["box"]
        width, height = self.clip.truth["width"], self.clip.truth["height"]
        return left / width, top / height, right / width, bottom / height


def evaluate(scorer: Scorer, clips: list[Clip]) -> dict:
    """Every figure that the network and the clips' truths allow."""
    middles = [second for clip in clips if (second := middle(clip)) is not None]
    if len(middles) < 2:
        raise TrainingError("a test of correspondence needs at least two clips with sound in them")
    frame = scorer.frame_features(frames(middles))
    audio = scorer.audio_features(spectrograms(middles))
    figures = {
        "network": scorer.family,
        "towers": scorer.kind,
        "clips": len(middles),
        "correspondence": correspondence(all_pairs(scorer, frame, audio)),
    }
    boxed = [second for clip in clips for second in seconds(clip) if second.box is not None]
    if scorer.family == "avol" and boxed:
        figures["pointing"] = pointing(scorer, boxed)
    if scorer.family == "ave" and all(second.clip.truth for second in middles):
        classes = np.array([second.clip.truth["class"] for second in middles])
        figures["retrieval"] = retrieval(frame, audio, classes)
    return figures


def alignment(scorer: Scorer, stretches: list[Stretch]) -> dict:
    """Is a window's sound told from sound of elsewhere in the same recording?"""
    form = form_of(scorer.form)
    chosen = examples(stretches, form, most=ALIGNMENT_WINDOWS_MAX)
    own, other = [], []
    for pictures, aligned, misaligned in stored(chosen, form):
        frame = scorer.frame_features(pictures)
        for sounds, scores in ((aligned, own), (misaligned, other)):
            audio = scorer.audio_features(sounds)
            scores.append(scorer.scores(frame, audio)["correspondence"])
    matching, others = np.concatenate(own), np.concatenate(other)
    return {
        "network": scorer.family,
        "towers": scorer.kind,
        "clips": len({example.stretch.id for example in chosen}),
        "alignment": told_apart(matching, others),
    }


def seconds(clip: Clip) -> list[Second]:
    """All of a clip."""
    truths = {}
    if clip.truth is not None:
        truths = {truth["second"]: truth for truth in clip.truth["seconds"]}
    return [Second(clip, row, truths.get(k)) for row, k in enumerate(clip.segments)]


def middle(clip: Clip) -> Second | None:
    """The second nearest the middle in which something seen is heard, as far as is known."""
    return seconds(clip)[clip.middle()] if clip.pairs() else None


def frames(chosen: list[Second]) -> np.ndarray:
    """Pictures of some seconds."""
    return np.stack([second.clip.frames[second.row] for second in chosen])


def spectrograms(chosen: list[Second]) -> np.ndarray:
    """Spectrograms of some seconds."""
    return np.stack([second.clip.spectrograms[second.row] for second in chosen])


def all_pairs(scorer: Scorer, frame: np.ndarray, audio: np.ndarray) -> np.ndarray:
    """Correspondence of every picture (rows) with every sound (columns)."""
    rows = [
        scorer.scores(np.repeat(picture[None], len(audio), axis=0), audio)["correspondence"]
        for picture in frame
    ]
    return np.stack(rows)


def correspondence(scores: np.ndarray) -> dict:
    """Of `[n, n]` scores: the diagonal belongs together, nothing else does."""
    own = np.eye(len(scores), dtype=bool)
    return told_apart(scores[own], scores[~own])


def told_apart(matching: np.ndarray, others: np.ndarray) -> dict:
    """Figures of scores of what belongs together and of what does not."""
    hits = float((matching >= THRESHOLD).mean())
    rejections = float((others < THRESHOLD).mean())
    return {
        "balanced_accuracy": (hits + rejections) / 2,
        "true_positive_rate": hits,
        "true_negative_rate": rejections,
        "rank_auc": rank_auc(matching, others),
        "pairs": matching.size + others.size,
    }


def rank_auc(matching: np.ndarray, others: np.ndarray) -> float:
    """Chance that a matching pair scores above another one; a tie counts half."""
    ordered = np.sort(others)
    below = np.searchsorted(ordered, matching, side="left")
    not_above = np.searchsorted(ordered, matching, side="right")
    return float((below + not_above).mean() / (2 * len(others)))


def pointing(scorer: Scorer, boxed: list[Second]) -> dict:
    """Share of seconds in which the heatmap's peak lies in the box of what sounds."""
    boxes = np.array([second.box for second in boxed])
    maps = heatmaps(scorer, boxed)
    peaks = maps.reshape(len(maps), -1).argmax(axis=1)
    y, x = np.divmod(peaks, CELLS)
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    return {
        "accuracy": float(inside(boxes, (x + 0.5) / CELLS, (y + 0.5) / CELLS).mean()),
        "centre_guess": float(inside(boxes, 0.5, 0.5).mean()),
        "chance": float(areas.mean()),
        "seconds": len(boxed),
    }


def heatmaps(scorer: Scorer, chosen: list[Second], batch: int = 64) -> np.ndarray:
    """Of each second's own picture and sound. Batched: features of all would not fit."""
    maps = []
    for start in range(0, len(chosen), batch):
        part = chosen[start : start + batch]
        frame = scorer.frame_features(frames(part))
        audio = scorer.audio_features(spectrograms(part))
        maps.append(scorer.scores(frame, audio)["heatmap"])
    return np.concatenate(maps)


def inside(boxes: np.ndarray, x: np.ndarray | float, y: np.ndarray | float) -> np.ndarray:
    """Whether points lie in their boxes; all are shares of the picture."""
    left, top, right, bottom = boxes.T
    return (left <= x) & (x < right) & (top <= y) & (y < bottom)


def retrieval(frame: np.ndarray, audio: np.ndarray, classes: np.ndarray) -> dict:
    """Share of queries whose nearest item of another clip is of the query's class."""
    same = classes[:, None] == classes[None, :]
    np.fill_diagonal(same, False)
    spaces = {"image": frame, "audio": audio}
    figures = {
        f"{query}_to_{result}": _nearest_share(spaces[query], spaces[result], same)
        for query in spaces
        for result in spaces
    }
    return figures | {"chance": float(same.sum() / (same.size - len(same)))}


def _nearest_share(queries: np.ndarray, results: np.ndarray, same: np.ndarray) -> float:
    # Of unit vectors, the nearest has the largest scalar product.
    likeness = queries @ results.T
    np.fill_diagonal(likeness, -np.inf)
    nearest = likeness.argmax(axis=1)
    return float(same[np.arange(len(same)), nearest].mean())
