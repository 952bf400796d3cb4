"""How busy a large job keeps the cores, from its first file to its last.

    bench/busy.py --program target/release/sonoscope --network DIR --video FILE --out bench/results

A folder of short clips, and one recording of a third of all seconds that comes last, so that it is
left alone at the end. Others that work on the machine take from what a job can have: what they
took is told, and busy is what the job had of the rest.
"""

import argparse
import os
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import figures

CLIP_SECONDS = 10
SAMPLE_SECONDS = 0.2
TICKS = os.sysconf("SC_CLK_TCK")

# At least how busy both cores are asked to be.
ASKED = 0.95


@dataclass(frozen=True)
class Sample:
    """Seconds since some time, all of them CPU seconds but the first."""

    at: float
    job: float
    machine: float
    rows: int


def machine_seconds() -> float:
    """What all cores together have worked; what a host took away counts as work of others."""
    words = Path("/proc/stat").read_text().splitlines()[0].split()[1:9]
    user, nice, system, _idle, _wait, irq, softirq, steal = map(int, words)
    return (user + nice + system + irq + softirq + steal) / TICKS


def job_seconds(pid: int) -> float:
    """What a process has worked."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def watch(command: list[str], rows: Path) -> list[Sample]:
    """Run a job and look at it now and then."""
    process = subprocess.Popen(
        [*command, "--sink", f"jsonl:{rows}"], stderr=subprocess.PIPE, text=True
    )
    samples = []
    while process.poll() is None:
        written = rows.read_bytes().count(b"\n") if rows.exists() else 0
        sample = (time.perf_counter(), job_seconds(process.pid), machine_seconds(), written)
        samples.append(Sample(*sample))
        time.sleep(SAMPLE_SECONDS)
    if process.returncode != 0:
        raise SystemExit(f"{command[0]} ended with {process.returncode}:\n{process.stderr.read()}")
    return samples


def busy(first: Sample, last: Sample) -> dict[str, float]:
    """Of all cores: the job's share, that of others, and the job's of what these left."""
    could = (last.at - first.at) * os.cpu_count()
    job = last.job - first.job
    others = max(0.0, last.machine - first.machine - job)
    return {
        "wall_seconds": round(last.at - first.at, 2),
        "job": round(job / could, 3),
        "others": round(others / could, 3),
        "job_of_the_rest": round(job / (could - others), 3),
    }


def main() -> None:
    """Measure, write, tell."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("program", "network", "video", "out"):
        options.add_argument(f"--{name}", type=Path, required=True)
    options.add_argument("--clips", type=int, default=60)
    options.add_argument("--precision", default="int8")
    options = options.parse_args()

    with tempfile.TemporaryDirectory() as made:
        home = Path(made)
        folder, rows = home / "archive", home / "rows.jsonl"
        folder.mkdir()
        figures.cut(options.video, CLIP_SECONDS, home / "clip.mp4")
        for number in range(options.clips):
            os.link(home / "clip.mp4", folder / f"clip-{number:04}.mp4")
        clip_seconds = CLIP_SECONDS * options.clips
        figures.cut(options.video, clip_seconds // 2, folder / "long.mp4")
        command = [
            *(str(options.program), "run", "--quiet", str(folder), "--workers", "2"),
            *("--threads", "2", "--device", "cpu", "--network", str(options.network)),
            *("--precision", options.precision),
        ]
        samples = watch(command, rows)

    # From the first row, when the networks are loaded, to the last look before the end.
    working = [sample for sample in samples if sample.rows > 0]
    at_last = [sample for sample in working if sample.rows >= clip_seconds]
    result = {
        "clips": options.clips,
        "long_seconds": clip_seconds // 2,
        "precision": options.precision,
        "busy": busy(working[0], working[-1]),
        "busy_with_the_last_file": busy(at_last[0], at_last[-1]) if len(at_last) > 1 else None,
        "asked": ASKED,
    }
    figures.write(result, options.out, "busy")


if __name__ == "__main__":
    main()
