"""How soon after a row what views make of it can be read, of many live cameras.

    bench/answers.py --program ... --server ... --out bench/results --cameras 16 --seconds 120

Rows and changes go to one file of lines. A row of a second brings a change of `rolling` over the
last minute whose `end` is that of the second; the time between the two lines is what is measured.
"""

import statistics
import tempfile
import time
from pathlib import Path

import figures
from watching import Cameras, Reader, Watcher, options

VIEWS = ["episodes", "rolling", "sync"]
# The first connections, and windows that fill.
WARM_UP_SECONDS = 90
ASKED_MS = 250

Line = tuple[int, dict]


def updates(lines: list[Line], begun_ns: int, ended_ns: int) -> tuple[list[float], int]:
    """Milliseconds from each row of a while to the change that it brings; how many brought none."""
    came = {}
    late = []
    for at_ns, line in lines:
        if "kind" not in line:
            if begun_ns < at_ns < ended_ns:
                second = (line["source"], line["network"], line["end_ns"] // 1_000_000_000)
                came.setdefault(second, at_ns)
        elif line["kind"] == "rolling" and line["answer"]["window_s"] == 60:
            answer = line["answer"]
            second = (line["source"], answer["network"]["name"], answer["end"])
            if second in came:
                late.append((at_ns - came.pop(second)) / 1e6)
    return late, len(came)


def measure(arguments, folder: Path) -> dict:
    """Watches cameras with views, and reads along."""
    lines, config = folder / "lines.jsonl", folder / "views.toml"
    config.write_text(f'[[sink]]\nuri = "jsonl:{lines}"\nviews = {VIEWS}\n')
    words = ["--precision", "int8", *(word for view in VIEWS for word in ("--view", view))]
    cameras = Cameras(arguments.server, arguments.cameras, arguments.kept)
    watcher = Watcher(arguments.program, folder, words, config)
    watcher.add_all(cameras)
    reader = Reader(lines)
    reader.start()
    time.sleep(WARM_UP_SECONDS)
    begun_ns, cpu = time.time_ns(), watcher.cpu_seconds()
    time.sleep(arguments.seconds)
    cpu = watcher.cpu_seconds() - cpu
    ended_ns = time.time_ns()
    # Changes of the last rows.
    time.sleep(2)
    reader.is_over = True
    reader.join()
    watcher.end()
    cameras.end()
    late, without = updates(reader.lines, begun_ns, ended_ns)
    cuts = statistics.quantiles(late, n=100)
    return {
        "cameras": arguments.cameras,
        "seconds": arguments.seconds,
        "views": VIEWS,
        "updates": len(late),
        "rows_without_one": without,
        "ms_from_row": {"p50": cuts[49], "p99": cuts[98], "most": max(late)},
        "cores_used": cpu / arguments.seconds,
        "asked_ms": ASKED_MS,
    }


def main() -> None:
    """Measures and writes the figures down."""
    parser = options(__doc__)
    parser.add_argument("--seconds", type=float, default=120)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = measure(arguments, Path(folder))
    figures.write(result, arguments.out, "answers")


if __name__ == "__main__":
    main()
