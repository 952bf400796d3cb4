"""How far figures of one network spread over trainings by several seeds, as a table."""

from collections import defaultdict
from collections.abc import Callable, Sequence

from sonoscope_training import reports
from sonoscope_training.reports import Figures

Number = Callable[[Figures], float]


def table(evaluations: Sequence[dict]) -> str:
    """A row for each network that `sonoscope eval` told of: mean, and least to most."""
    runs = defaultdict(list)
    for evaluation in evaluations:
        for figures in evaluation["networks"]:
            runs[figures["network"]].append(figures)
    columns = [
        title
        for title, (number, _) in COLUMNS.items()
        if any(_values(number, told) for told in runs.values())
    ]
    lines = [
        "| network | runs | " + " | ".join(columns) + " |",
        "| --- | --- | " + " | ".join("---" for _ in columns) + " |",
    ]
    for network, told in sorted(runs.items()):
        cells = " | ".join(_cell(*COLUMNS[title], told) for title in columns)
        lines.append(f"| {network} | {len(told)} | {cells} |")
    return "\n".join(lines)


def _values(number: Number, told: list[Figures]) -> list[float]:
    """Of the runs of which it was measured."""
    values = []
    for figures in told:
        try:
            value = number(figures)
        except (KeyError, TypeError):
            continue
        if value is not None:
            values.append(value)
    return values


def _cell(number: Number, form: str, told: list[Figures]) -> str:
    values = _values(number, told)
    if not values:
        return "-"
    mean = sum(values) / len(values)
    return f"{mean:{form}} ({min(values):{form}} to {max(values):{form}})"


COLUMNS: dict[str, tuple[Number, str]] = {
    "AVC": (lambda of: of["correspondence"]["accuracy"], ".1%"),
    "all pairs": (lambda of: of["all_pairs"]["balanced_accuracy"], ".1%"),
    "picture, sound": (reports.ndcg("image", "audio"), ".3f"),
    "sound, picture": (reports.ndcg("audio", "image"), ".3f"),
    "picture, picture": (reports.ndcg("image", "image"), ".3f"),
    "sound, sound": (reports.ndcg("audio", "audio"), ".3f"),
    "pointing": (lambda of: of["localisation"]["pointing"]["accuracy"], ".1%"),
    "beside silent": (lambda of: of["localisation"]["pointing_beside_silent"]["accuracy"], ".1%"),
    "on silent": (lambda of: of["localisation"]["peak_on_silent"], ".1%"),
    "mean IoU": (lambda of: of["localisation"]["overlap"]["network"]["mean_iou"], ".3f"),
    "IoU of .5": (lambda of: of["localisation"]["overlap"]["network"]["success"], ".1%"),
}
