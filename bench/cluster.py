"""An archive by two processes, each with a core, against one process with one of them.

    bench/cluster.py --program target/release/sonoscope --video FILE --out bench/results

The same folder of clips, in turn; rows go to a file of lines. The processes of two are held to a
core each, so that the second core is all that they have more. What goes over the loopback
interface meanwhile is what they tell each other: nothing else may use it.
"""

import argparse
import os
import secrets
import subprocess
import tempfile
import time
from pathlib import Path

import figures

CLIP_SECONDS = 10

# At least how many times as fast two are asked to be.
ASKED = 1.8


def seconds(commands: list[list[str]]) -> float:
    """Wall time until all of these have ended, which are started at once."""
    started = time.perf_counter()
    running = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for command in commands]
    for process in running:
        said = process.communicate()[1]
        if process.returncode != 0:
            raise SystemExit(f"ended with {process.returncode}:\n{said[-2000:]}")
    return time.perf_counter() - started


def loopback_bytes() -> int:
    """What has gone over the loopback interface so far, headers included."""
    for line in Path("/proc/net/dev").read_text().splitlines():
        name, _, counts = line.partition(":")
        if name.strip() == "lo":
            return int(counts.split()[0])
    raise SystemExit("there is no loopback interface")


def main() -> None:
    """Measure, write, tell."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("program", "video", "out"):
        options.add_argument(f"--{name}", type=Path, required=True)
    options.add_argument("--network", default="ave-small")
    options.add_argument("--clips", type=int, default=60)
    options.add_argument("--rounds", type=int, default=3)
    options = options.parse_args()

    with tempfile.TemporaryDirectory() as made:
        home = Path(made)
        folder, hosts, secret = home / "archive", home / "hosts.txt", home / "secret"
        folder.mkdir()
        figures.cut(options.video, CLIP_SECONDS, home / "clip.mp4")
        for number in range(options.clips):
            os.link(home / "clip.mp4", folder / f"clip-{number:04}.mp4")
        secret.write_text(secrets.token_hex(32))

        def run(core: int, rows: Path, *more: str) -> list[str]:
            command = ["taskset", "--cpu-list", str(core), str(options.program), "run", "--quiet"]
            command += ["--device", "cpu", "--threads", "1", "--network", options.network]
            return [*command, "--sink", f"jsonl:{rows}", str(folder), *more]

        def member(process: int, rows: Path) -> list[str]:
            place = ["--processes", "2", "--process", str(process), "--hosts", str(hosts)]
            return run(process, rows, *place, "--cluster-secret-file", str(secret))

        walls: dict[str, list[float]] = {"one": [], "two": []}
        told: list[float] = []
        for number in range(options.rounds):
            alone, both = home / f"one-{number}", home / f"two-{number}"
            walls["one"].append(seconds([run(0, alone)]))
            hosts.write_text("".join(f"127.0.0.1:{figures.free_port()}\n" for _ in range(2)))
            before = loopback_bytes()
            walls["two"].append(seconds([member(process, both) for process in range(2)]))
            said = loopback_bytes() - before
            rows = sorted(both.open())
            told.append(said / len(rows))
            if sorted(alone.open()) != rows:
                raise SystemExit("two processes have other rows than one")

    ratios = [one / two for one, two in zip(walls["one"], walls["two"], strict=True)]
    result = {
        "network": options.network,
        "clips": options.clips,
        "clip_seconds": CLIP_SECONDS,
        "wall_seconds": {name: [round(wall, 2) for wall in all_] for name, all_ in walls.items()},
        "times_as_fast": [round(ratio, 3) for ratio in ratios],
        "asked": ASKED,
        "bytes_between_processes_a_row": [round(each) for each in told],
    }
    figures.write(result, options.out, "cluster")


if __name__ == "__main__":
    main()
