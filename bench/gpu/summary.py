"""What run.sh measured, against what is to be reached: summary.json and table.txt.

summary.py RESULTS
"""

import json
import sys
from pathlib import Path

# Full-size AVE-Net on a card of the H200's class.
LEAST_PAIRS_A_SECOND = 20_000
LEAST_TIMES_TORCH = 5
MOST_P99_MS = 5
LEAST_DECISIONS = 0.995

REPORTS = ("ave", "ave-nhwc", "ave-graphs", "all", "leak")


def read(path: Path) -> dict | None:
    """A report, or nothing where the step did not get so far."""
    return json.loads(path.read_text()) if path.exists() else None


def tried(reports: list[dict | None]):
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
    torch = read(results / "torch.json")
    pairs = best(trials, 128, "pairs_a_second", max)
    times = pairs / torch["pairs_a_second"] if pairs and torch else None
    agreements = [
        outcome["agreement"]["decisions_equal"]
        for trial, outcome in trials
        if trial["precision"] != "fp32" and outcome["agreement"]["decisions_equal"] is not None
    ]
    leaks = [outcome["leak"]["is_level"] for _, outcome in trials if outcome["leak"]]
    lines = [
        ("ave fp16, pairs a second at batch 128", pairs, LEAST_PAIRS_A_SECOND, True),
        ("the same, times PyTorch eager fp32", times, LEAST_TIMES_TORCH, True),
        ("ave fp16, p99 of a batch of 16, ms", best(trials, 16, "p99_ms", min), MOST_P99_MS, False),
        (
            "decisions equal to fp32, the least share",
            min(agreements, default=None),
            LEAST_DECISIONS,
            True,
        ),
        ("memory level after many batches", float(all(leaks)) if leaks else None, 1.0, True),
    ]
    return [
        {"what": what, "value": value, "goal": goal, "reached": reached(value, goal, more)}
        for what, value, goal, more in lines
    ]


def reached(value: float | None, goal: float, more: bool) -> bool | None:
    """Whether a figure is where it should be."""
    if value is None:
        return None
    return value >= goal if more else value <= goal


def main() -> None:
    """Write both files."""
    results = Path(sys.argv[1])
    lines = summary(results)
    (results / "summary.json").write_text(json.dumps(lines, indent=2) + "\n")
    words = {True: "reached", False: "NOT reached", None: "not measured"}
    table = [
        f"{line['what']:44} {'' if line['value'] is None else format(line['value'], '12.3f'):>12} "
        f"{line['goal']:>10} {words[line['reached']]}"
        for line in lines
    ]
    tables = [(results / f"{name}.log") for name in REPORTS]
    text = "\n".join([*table, "", *(path.read_text() for path in tables if path.exists())])
    (results / "table.txt").write_text(text)
    print("\n".join(table))


if __name__ == "__main__":
    main()
