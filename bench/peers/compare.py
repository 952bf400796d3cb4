"""Run sonoscope and the peers in turn, and write what was measured.

`bench/run.sh` builds and makes all that this needs.
"""

import argparse
import datetime
import json
import os
import platform
import sys
from pathlib import Path

import machine
import report
from contenders import DECODE, Contender, contenders
from measure import MeasureError, Run, measure


def main() -> int:
    """Measure, report; returns the exit status."""
    options = _options()
    everyone = contenders(
        options.program,
        options.network,
        options.video,
        threads=options.threads,
        seed=options.seed,
    )
    load_before = " ".join(f"{load:.2f}" for load in os.getloadavg())
    try:
        runs = in_turn(everyone, options.rounds)
    except MeasureError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    reference = runs[DECODE][0]
    result = {
        "date": datetime.date.today().isoformat(),
        "rounds": options.rounds,
        "load_before": load_before,
        "machine": machine.describe(options.program),
        "contenders": {
            one.name: report.figures(runs[one.name], len(reference.rows), reference)
            | {"command": report.command_line(one)}
            for one in everyone
        },
    }
    _write(result, options.out)
    return 0


def in_turn(everyone: list[Contender], rounds: int) -> dict[str, list[Run]]:
    """Every contender once a round, so that a machine that slows down does so for all."""
    runs: dict[str, list[Run]] = {one.name: [] for one in everyone}
    for number in range(1, rounds + 1):
        for one in everyone:
            run = measure(one)
            runs[one.name].append(run)
            print(f"round {number}, {one.name}: {run.work_seconds:.1f} s", flush=True)
    return runs


def _write(result: dict, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{result['date']}-{platform.node()}.json"
    path.write_text(json.dumps(result, indent=2) + "\n")
    page = report.markdown(result)
    path.with_suffix(".md").write_text(page)
    print(f"\n{page}\nwritten: {path} and {path.with_suffix('.md').name}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", type=Path, required=True, help="sonoscope, built for release")
    parser.add_argument("--network", type=Path, required=True, help="exported AVE-Net, width 1")
    parser.add_argument("--video", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--seed", type=int, default=1, help="of the network's weights")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
