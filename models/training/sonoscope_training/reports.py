"""What `sonoscope eval` found, as a table: the network as it is used, on files.

A report is the JSON that it writes. Of the networks in it one is told of, by name.
"""

from collections.abc import Callable, Sequence

from sonoscope_training.errors import TrainingError

Figures = dict
Cell = Callable[[Figures], str]

DEPTH, GAIN = 30, "exponential"

INTRO = (
    "Through the whole pipeline (`sonoscope eval`: files decoded, cut, resampled, scored). AVC: "
    "the middle second of each clip with its own sound and with that of another clip, half and "
    "half. Own sound: how often a second's own sound fits its picture better than the sounds of "
    "other recordings do (chance .5), with a 95 % interval over recordings. Picture finds sound, "
    "sound finds picture: nDCG@30 with the gain 2^relevance - 1."
)


def table(network: str, reports: Sequence[tuple[str, dict]]) -> str:
    """A row for each report with its label, and the columns of which any report has figures."""
    rows = [(label, _network(network, label, report)) for label, report in reports]
    columns = {
        title: cells
        for title, cell in COLUMNS.items()
        if any(cells := [_shown(cell, figures) for _, figures in rows])
    }
    lines = [
        "| set | numbers | " + " | ".join(columns) + " |",
        "| --- | --- | " + " | ".join("---" for _ in columns) + " |",
    ]
    for place, (label, figures) in enumerate(rows):
        cells = " | ".join(cells[place] or "-" for cells in columns.values())
        lines.append(f"| {label} | {figures['precision']} | {cells} |")
    return "\n".join(lines)


def _network(name: str, label: str, report: dict) -> Figures:
    found = [figures for figures in report["networks"] if figures["network"] == name]
    if not found:
        raise TrainingError(f"the report {label} does not tell of {name}: evaluate it first")
    return found[0]


def _shown(cell: Cell, figures: Figures) -> str:
    """Nothing where it was not measured."""
    try:
        return cell(figures)
    except (KeyError, TypeError):
        return ""


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f} %"


def _own_sound(figures: Figures) -> str:
    own = figures["all_pairs"]["own_sound"]
    return f"{own['value']:.3f} [{own['low']:.3f}, {own['high']:.3f}]"


def ndcg(query: str, result: str) -> Callable[[Figures], float | None]:
    """How to find it in a network's figures; None where it was not measured."""
    wanted = {"query": query, "result": result, "depth": DEPTH, "gain": GAIN}

    def number(figures: Figures) -> float | None:
        cells = figures["retrieval"].get("cells", [])
        return next((c["ndcg"] for c in cells if wanted.items() <= c.items()), None)

    return number


def _ndcg(query: str, result: str) -> Cell:
    number = ndcg(query, result)

    def cell(figures: Figures) -> str:
        value = number(figures)
        return "" if value is None else f"{value:.3f}"

    return cell


COLUMNS: dict[str, Cell] = {
    "AVC": lambda figures: _percent(figures["correspondence"]["accuracy"]),
    "own sound": _own_sound,
    "in step or not": lambda figures: (
        _percent(figures["alignment"]["accuracy"]) if figures["family"] == "multisensory" else ""
    ),
    "pointing": lambda figures: _percent(figures["localisation"]["pointing"]["accuracy"]),
    "beside a silent object": lambda figures: _percent(
        figures["localisation"]["pointing_beside_silent"]["accuracy"]
    ),
    "on a silent object": lambda figures: _percent(figures["localisation"]["peak_on_silent"]),
    "picture finds sound": _ndcg("image", "audio"),
    "sound finds picture": _ndcg("audio", "image"),
}
