"""Many live cameras at once: how late rows are, what is lost, and what stays behind.

    bench/cameras.py load  --program ... --server ... --out bench/results --cameras 16 --seconds 600
    bench/cameras.py churn --program ... --server ... --out bench/results --restarts 200 --adds 1000
    bench/cameras.py soak  --program ... --server ... --out bench/results --seconds 7200

The cameras are one process that sends what was encoded once (`camera-server`), so that serving them
costs little beside what is measured. How late a row is, is the time from the end of its second to
the moment at which its line can be read in the file, by this machine's clock.
"""

import json
import random
import statistics
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import figures
from watching import Cameras, Reader, Watcher, options

NS = 1_000_000_000
# The first connections, clocks becoming known.
WARM_UP_SECONDS = 15
# What is asked for.
ASKED_P50_MS = 300
ASKED_P99_MS = 800
ASKED_MEMORY_CHANGE = 0.02
ASKED_RECOVERY_SECONDS = 5


def unaccounted(rows: list[dict]) -> int:
    """Seconds of any source and network between its first and last row that have none, or two."""
    wrong = 0
    expected: dict[tuple[str, str], int] = {}
    for row in rows:
        key = (row["source"], row["network"])
        if key in expected:
            wrong += abs(row["segment"] - expected[key])
        expected[key] = row["end_ns"] // NS
    return wrong


def is_gap(row: dict) -> bool:
    """Whether nothing came in that second."""
    return row["audio"] == "gap" or row["video"] == "gap"


def load(arguments, folder: Path) -> dict:
    """So many cameras for so long."""
    cameras = Cameras(arguments.server, arguments.cameras, arguments.kept)
    watcher = Watcher(arguments.program, folder, arguments.options)
    watcher.add_all(cameras)
    time.sleep(WARM_UP_SECONDS)
    reader = Reader(watcher.rows)
    reader.start()
    time.sleep(2)
    begun, cpu, held = time.time(), watcher.cpu_seconds(), watcher.held()
    time.sleep(arguments.seconds)
    cpu = (watcher.cpu_seconds() - cpu) / (time.time() - begun)
    held_then = watcher.held()
    reader.is_over = True
    reader.join()
    watcher.end()
    cameras.end()
    # Those that were there when reading began say nothing of lateness.
    came = [(at_ns, row) for at_ns, row in reader.lines if row["end_ns"] > begun * NS]
    late = sorted((at_ns - row["end_ns"]) / 1e6 for at_ns, row in came if not is_gap(row))
    cuts = statistics.quantiles(late, n=100)
    return {
        "cameras": arguments.cameras,
        "seconds": arguments.seconds,
        "rows": len(came),
        "late_ms": {"p50": cuts[49], "p90": cuts[89], "p99": cuts[98], "most": late[-1]},
        "gaps": sum(is_gap(row) for _, row in came),
        "dropped": sum(row["dropped"] for _, row in came),
        "unaccounted": unaccounted([row for _, row in came]),
        "cores_used": cpu,
        "held": {"before": held, "after": held_then},
        "asked": {"p50": ASKED_P50_MS, "p99": ASKED_P99_MS, "dropped": 0},
    }


def spread(seconds: list[float]) -> dict[str, float] | None:
    """The middle and the end of what was taken."""
    if not seconds:
        return None
    ordered = sorted(seconds)
    at = {"median": 0.5, "p90": 0.9, "most": 1.0}
    return {name: ordered[round(share * (len(ordered) - 1))] for name, share in at.items()}


def restarts(count: int, cameras: Cameras, watcher: Watcher, course: list[dict]) -> dict:
    """Switches the cameras off and on; how long after they can be had all stream."""
    times: dict[str, list[float]] = {"accepting": [], "serving": [], "start": []}
    for number in range(count):
        if number % 20 == 0:
            course.append({"restarts": number} | watcher.held())
        before = watcher.connections()
        cameras.say("stop")
        with ThreadPoolExecutor(1) as pool:
            served = pool.submit(cameras.wait_until_served)
            begun = time.monotonic()
            cameras.say("start")
            # A source may be back before anybody has seen it gone.
            watcher.wait_for(partial(watcher.are_back, before), 120)
            watcher.wait_for(watcher.all_stream, 120)
            back = time.monotonic()
            accepting, serving = served.result()
        # Whoever asks is no quicker than the sources.
        for name, since in (("accepting", accepting), ("serving", serving), ("start", begun)):
            times[name].append(max(back - since, 0.0))
    return {f"from_{name}": spread(seconds) for name, seconds in times.items()}


def adds(count: int, cameras: Cameras, watcher: Watcher, course: list[dict]) -> None:
    """Puts a source in and takes it out, most often before it streams."""
    others = len(watcher.connections())
    for number in range(count):
        if number % 100 == 0:
            course.append({"adds": number} | watcher.held())
        watcher.add("guest", cameras.url(number % others))
        if number % 10 == 0:
            watcher.wait_for(watcher.all_stream)
        watcher.ask("DELETE", "/api/sources/guest")


def churn(arguments, folder: Path) -> dict:
    """Cameras that go and come back, and sources that are put in and taken out."""
    cameras = Cameras(arguments.server, 4, arguments.kept)
    watcher = Watcher(arguments.program, folder, arguments.options)
    watcher.add_all(cameras)
    time.sleep(WARM_UP_SECONDS)
    course: list[dict] = []
    before, early = watcher.held_on_average(), watcher.kinds()
    recovered = restarts(arguments.restarts, cameras, watcher, course)
    after_restarts = watcher.held_on_average()
    adds(arguments.adds, cameras, watcher, course)
    # What is on its way out has gone.
    time.sleep(30)
    after_adds, late = watcher.held_on_average(), watcher.kinds()
    watcher.end()
    cameras.end()
    rows = [json.loads(line) for line in watcher.rows.read_text().splitlines()]
    return {
        "restarts": arguments.restarts,
        "adds": arguments.adds,
        "seconds_to_recover": recovered,
        "held": {
            "before": before,
            "course": course,
            "after_restarts": after_restarts,
            "after_adds": after_adds,
        },
        "memory_change": after_adds["rss_mib"] / before["rss_mib"] - 1,
        # Threads and files that there are more or fewer of than at the start.
        "changed": {
            kind: late[kind] - early[kind] for kind in late | early if late[kind] != early[kind]
        },
        "unaccounted": unaccounted([row for row in rows if row["source"] != "guest"]),
        "asked": {
            "memory_change": ASKED_MEMORY_CHANGE,
            "seconds_from_healthy": ASKED_RECOVERY_SECONDS,
        },
    }


def soak(arguments, folder: Path) -> dict:
    """Faults at random for a long time; every second has to be accounted for."""
    cameras = Cameras(arguments.server, arguments.cameras, arguments.kept)
    watcher = Watcher(arguments.program, folder, arguments.options)
    watcher.add_all(cameras)
    dice = random.Random(arguments.seed)
    begun, held, faults = time.monotonic(), [], Counter()
    while time.monotonic() - begun < arguments.seconds:
        time.sleep(dice.uniform(10, 40))
        held.append((time.monotonic() - begun, watcher.held()["rss_mib"]))
        fault = dice.choice(["restart", "stop", "freeze"])
        faults[fault] += 1
        cameras.say(fault)
        if fault != "restart":
            time.sleep(dice.uniform(1, 25))
            cameras.say("start" if fault == "stop" else "thaw")
    watcher.wait_for(lambda: watcher.states()["streaming"] == arguments.cameras, 120)
    watcher.end()
    cameras.end()
    rows = [json.loads(line) for line in watcher.rows.read_text().splitlines()]
    half = held[len(held) // 2 :] if len(held) > 3 else held
    slope = statistics.linear_regression(*zip(*half, strict=True)).slope if len(half) > 1 else 0.0
    return {
        "cameras": arguments.cameras,
        "seconds": arguments.seconds,
        "faults": dict(faults),
        "rows": len(rows),
        "gaps": sum(is_gap(row) for row in rows),
        "dropped": sum(row["dropped"] for row in rows),
        "unaccounted": unaccounted(rows),
        "rss_mib": {"first": held[0][1], "last": held[-1][1], "slope_per_hour": slope * 3600},
    }


def main() -> None:
    """Measures and writes the figures down."""
    parser = options(__doc__)
    parser.add_argument("what", choices=["load", "churn", "soak"])
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--restarts", type=int, default=200)
    parser.add_argument("--adds", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--options", nargs="*", default=["--precision", "int8"])
    arguments = parser.parse_args()
    measure = {"load": load, "churn": churn, "soak": soak}[arguments.what]
    with tempfile.TemporaryDirectory() as folder:
        result = measure(arguments, Path(folder))
    figures.write(result, arguments.out, f"cameras-{arguments.what}")


if __name__ == "__main__":
    main()
