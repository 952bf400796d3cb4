"""Many live cameras at once: how late rows are, what is lost, and what stays behind.

    bench/cameras.py load  --program ... --server ... --out bench/results --cameras 16 --seconds 600
    bench/cameras.py churn --program ... --server ... --out bench/results --restarts 200 --adds 1000
    bench/cameras.py soak  --program ... --server ... --out bench/results --seconds 7200

The cameras are one process that sends what was encoded once (`camera-server`), so that serving them
costs little beside what is measured. How late a row is, is the time from the end of its second to
the moment at which its line can be read in the file, by this machine's clock.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from functools import partial
from pathlib import Path

import figures

NS = 1_000_000_000
# The first connections, clocks becoming known.
WARM_UP_SECONDS = 15
# What is asked for.
ASKED_P50_MS = 300
ASKED_P99_MS = 800
ASKED_MEMORY_CHANGE = 0.02


class Cameras:
    """The camera server, told what to do over its standard input."""

    def __init__(self, program: Path, count: int, kept: Path) -> None:
        """Starts it and waits until it listens."""
        self.port = figures.free_port()
        command = [program, "--cameras", count, "--port", self.port, "--kept", kept]
        self.process = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.process.stdout.readline()

    def say(self, word: str) -> None:
        """Has it do something, and waits until it is done."""
        assert self.process.stdin is not None and self.process.stdout is not None
        print(word, file=self.process.stdin, flush=True)
        self.process.stdout.readline()

    def url(self, index: int) -> str:
        """Where one of them is."""
        return f"rtsp://127.0.0.1:{self.port}/cam{index}"

    def end(self) -> None:
        """Switches them off."""
        self.process.kill()
        self.process.wait()


class Watcher:
    """`sonoscope run` on live sources, asked over HTTP and read as it writes."""

    def __init__(self, program: Path, folder: Path, options: list[str]) -> None:
        """Starts it; sources are put in later."""
        self.port = figures.free_port()
        self.rows = folder / "rows.jsonl"
        command = [program, "-q", "run", "--listen", self.port, "--sink", f"jsonl:{self.rows}"]
        self.process = subprocess.Popen([str(word) for word in [*command, *options]])
        self.wait_for(lambda: self.ask("GET", "/healthz") is not None)

    def wait_for(self, holds, seconds: float = 60) -> None:
        """Waits until something holds."""
        end = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > end or self.process.poll() is not None:
                self.process.kill()
                raise SystemExit("the program does not do what it should")
            time.sleep(0.05)

    def ask(self, method: str, path: str, body: dict | None = None):
        """An answer of the interface; nothing when there is none."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"content-type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.read().decode()
        except (urllib.error.URLError, OSError):
            return None

    def add(self, name: str, url: str) -> None:
        """Puts a source in."""
        if self.ask("POST", "/api/sources", {"id": name, "url": url, "transport": "tcp"}) is None:
            raise SystemExit(f"{name} is not taken")

    def states(self) -> Counter:
        """How many sources are in which state."""
        answer = self.ask("GET", "/api/sources")
        return Counter(one["state"] for one in json.loads(answer or "[]"))

    def connections(self) -> list[int]:
        """How many connections after the first each source has had."""
        answer = json.loads(self.ask("GET", "/api/sources") or "[]")
        return [one["counted"]["reconnects"] for one in sorted(answer, key=lambda one: one["id"])]

    def are_back(self, before: list[int]) -> bool:
        """Whether each source has been connected anew since."""
        return all(now > then for now, then in zip(self.connections(), before, strict=True))

    def held(self) -> dict[str, float]:
        """What the process holds: memory in MiB, threads, open files."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        fields = dict(line.split(":", 1) for line in status.splitlines())
        return {
            "rss_mib": int(fields["VmRSS"].split()[0]) / 1024,
            "threads": int(fields["Threads"]),
            "fds": len(list(Path(f"/proc/{self.process.pid}/fd").iterdir())),
        }

    def cpu_seconds(self) -> float:
        """Processor time so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def end(self) -> None:
        """Stops it."""
        self.process.send_signal(2)
        self.process.wait(timeout=20)


class Reader(threading.Thread):
    """Reads rows as they come, and notes how late each is."""

    def __init__(self, path: Path) -> None:
        """Of a file that grows."""
        super().__init__(daemon=True)
        self.path = path
        self.rows: list[tuple[float, dict]] = []
        self.is_over = False

    def run(self) -> None:
        """Until it is told to end."""
        with self.path.open() as lines:
            rest = ""
            while not self.is_over:
                rest += lines.read()
                now_ns = time.time_ns()
                *whole, rest = rest.split("\n")
                for line in whole:
                    row = json.loads(line)
                    self.rows.append(((now_ns - row["end_ns"]) / 1e6, row))
                time.sleep(0.002)


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
    for index in range(arguments.cameras):
        watcher.add(f"cam{index}", cameras.url(index))
    watcher.wait_for(lambda: watcher.states()["streaming"] == arguments.cameras)
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
    came = [(late, row) for late, row in reader.rows if row["end_ns"] > begun * NS]
    late = sorted(late for late, row in came if not is_gap(row))
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


def churn(arguments, folder: Path) -> dict:
    """Cameras that go and come back, and sources that are put in and taken out."""
    cameras = Cameras(arguments.server, 4, arguments.kept)
    watcher = Watcher(arguments.program, folder, arguments.options)
    for index in range(4):
        watcher.add(f"cam{index}", cameras.url(index))
    all_stream = lambda: watcher.states()["streaming"] == 4  # noqa: E731
    watcher.wait_for(all_stream)
    recovered, held = [], None
    for restart in range(arguments.restarts):
        if restart == min(20, arguments.restarts // 2):
            held = watcher.held()
        before = watcher.connections()
        cameras.say("restart")
        begun = time.monotonic()
        # A source may be back before anybody has seen it gone.
        watcher.wait_for(partial(watcher.are_back, before))
        watcher.wait_for(all_stream)
        recovered.append(time.monotonic() - begun)
    after_restarts = watcher.held()
    for number in range(arguments.adds):
        watcher.add("guest", cameras.url(number % 4))
        if number % 10 == 0:
            watcher.wait_for(lambda: watcher.states()["streaming"] == 5)
        watcher.ask("DELETE", "/api/sources/guest")
    time.sleep(5)
    after_adds = watcher.held()
    time.sleep(60)
    a_minute_later = watcher.held()
    watcher.end()
    cameras.end()
    rows = [json.loads(line) for line in watcher.rows.read_text().splitlines()]
    return {
        "restarts": arguments.restarts,
        "adds": arguments.adds,
        "seconds_to_recover": {"median": statistics.median(recovered), "most": max(recovered)},
        "held": {
            "early": held,
            "after_restarts": after_restarts,
            "after_adds": after_adds,
            "a_minute_later": a_minute_later,
        },
        "unaccounted": unaccounted([row for row in rows if row["source"] != "guest"]),
        "asked": {"memory_change": ASKED_MEMORY_CHANGE},
    }


def soak(arguments, folder: Path) -> dict:
    """Faults at random for a long time; every second has to be accounted for."""
    cameras = Cameras(arguments.server, arguments.cameras, arguments.kept)
    watcher = Watcher(arguments.program, folder, arguments.options)
    for index in range(arguments.cameras):
        watcher.add(f"cam{index}", cameras.url(index))
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
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("what", choices=["load", "churn", "soak"])
    parser.add_argument("--program", type=Path, required=True)
    parser.add_argument("--server", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--kept", type=Path, default=Path("out/bench/cameras"))
    parser.add_argument("--cameras", type=int, default=16)
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
