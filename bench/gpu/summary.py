"""What run.sh measured, against what is to be reached: summary.json and table.txt.

summary.py RESULTS
"""

import json
import sys
from collections.abc import Iterable
from pathlib import Path

# Full-size AVE-Net on a card of the H200's class.
LEAST_PAIRS_A_SECOND = 20_000
LEAST_TIMES_TORCH = 5
MOST_P99_MS = 5
LEAST_DECISIONS = 0.995

REPORTS = (
    "ave",
    "ave-nhwc",
    "ave-graphs",
    "ave-tensorrt",
    "leak",
    "two-1",
    "two-2",
    "all",
    "all-tensorrt",
)
# Those that have the card for themselves.
ALONE = tuple(name for name in REPORTS if not name.startswith("two"))
LOGS = (*ALONE, "torch", "two")


def read(path: Path) -> dict | None:
    """A report, or nothing where the step did not get so far."""
    return json.loads(path.read_text()) if path.exists() else None


def tried(reports: Iterable[dict | None]):
    """Each trial that came to figures."""
    for report in filter(None, reports):
        for trial in report["trials"]:
            if "tried" in trial["outcome"]:
                yield trial, trial["outcome"]["tried"]


def best(trials, batch: int, figure: str, choose) -> float | None:
    """The best figure of AVE-Net in halves at a size of batch."""
    values = [
        one[figure]
        for trial, outcome in trials
        if trial["network"] == "ave" and trial["precision"] == "fp16"
        for one in outcome["figures"]
        if one["batch"] == batch
    ]
    return choose(values, default=None)


def summary(results: Path) -> list[dict]:
    """Each figure with its goal; `reached` is null where it was not measured."""
    reports = [read(results / f"{name}.json") for name in REPORTS]
    trials = list(tried(reports))
    alone = list(tried(read(results / f"{name}.json") for name in ALONE))
    torch = read(results / "torch.json")
    pairs = best(alone, 128, "pairs_a_second", max)
    times = pairs / torch["pairs_a_second"] if pairs and torch else None
    decisions = {precision: fewest_decisions(trials, precision) for precision in ("fp16", "int8")}
    leaks = [outcome["leak"]["is_level"] for _, outcome in trials if outcome["leak"]]
    shorts = [little["is_well"] for _, outcome in trials for little in outcome["memory"]]
    pair = [read(results / f"two-{process}.json") for process in (1, 2)]
    both = [outcome["agreement"]["agrees"] for _, outcome in tried(pair)] if all(pair) else []
    lines = [
        ("ave fp16, pairs a second at batch 128", pairs, LEAST_PAIRS_A_SECOND, True),
        ("the same, times PyTorch eager fp32", times, LEAST_TIMES_TORCH, True),
        ("ave fp16, p99 of a batch of 16, ms", best(alone, 16, "p99_ms", min), MOST_P99_MS, False),
        ("fp16, decisions equal to fp32", decisions["fp16"], LEAST_DECISIONS, True),
        # What it costs on a processor, too: told, and no goal beside fp16.
        ("int8, decisions equal to fp32", decisions["int8"], None, True),
        ("memory level after many batches", share(leaks), 1.0, True),
        ("where memory is short, all or a word", share(shorts), 1.0, True),
        ("two processes at once, both right", share(both), 1.0, True),
    ]
    return [
        {"what": what, "value": value, "goal": goal, "reached": reached(value, goal, more)}
        for what, value, goal, more in lines
    ]


def fewest_decisions(trials, precision: str) -> float | None:
    """The least share of decisions that are those of single precision."""
    shares = [
        outcome["agreement"]["decisions_equal"]
        for trial, outcome in trials
        if trial["precision"] == precision and outcome["agreement"]["decisions_equal"] is not None
    ]
    return min(shares, default=None)


def share(outcomes: list[bool]) -> float | None:
    """Of them, how many are as they should be; nothing of none."""
    return sum(outcomes) / len(outcomes) if outcomes else None


def reached(value: float | None, goal: float | None, more: bool) -> bool | None:
    """Whether a figure is where it should be."""
    if value is None or goal is None:
        return None
    return value >= goal if more else value <= goal


def row(line: dict) -> str:
    """A figure for people."""
    value, goal = ("" if line[name] is None else line[name] for name in ("value", "goal"))
    words = {True: "reached", False: "NOT reached", None: "" if goal == "" else "not measured"}
    value = f"{value:.3f}" if value != "" else value
    return f"{line['what']:44} {value:>12} {goal:>10} {words[line['reached']]}".rstrip()


def main() -> int:
    """Write both files; 1 if a goal that was measured is missed."""
    results = Path(sys.argv[1])
    lines = summary(results)
    (results / "summary.json").write_text(json.dumps(lines, indent=2) + "\n")
    table = [row(line) for line in lines]
    tables = [(results / f"{name}.log") for name in LOGS]
    text = "\n".join([*table, "", *(path.read_text() for path in tables if path.exists())])
    (results / "table.txt").write_text(text)
    print("\n".join(table))
    return int(any(line["reached"] is False for line in lines))


if __name__ == "__main__":
    sys.exit(main())
