"""What a file costs besides its seconds: a folder of short clips against one long clip.

    bench/overhead.py --program target/release/sonoscope --out bench/results --files 10000

The short clips and the long one have the same codecs, size and rate, and together as many seconds.
The folder holds links to a few clips, so that ten thousand files fit on any disk. Memory is read
from /proc while the job runs.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import figures

CLIP_SECONDS = 2
CLIPS = 4
SAMPLE_SECONDS = 0.1
# Until so many files are done, buffers and tables are still being made.
FIRST = 100
# What is asked for: overhead a file, and memory in all.
ASKED_MS = 40
ASKED_MIB = 900


@dataclass
class Job:
    """A run of the program, measured from its start to its end."""

    wall_seconds: float
    cpu_seconds: float
    rows: int
    # Resident memory in MiB, by the number of rows that were written.
    resident: list[tuple[int, float]] = field(default_factory=list)


def encode(seconds: int, tone_hz: int, path: Path) -> None:
    """A clip with picture and sound."""
    subprocess.run(
        [
            *("ffmpeg", "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i"),
            f"testsrc2=size=320x240:rate=25:duration={seconds}",
            *("-f", "lavfi", "-i", f"sine=frequency={tone_hz}:duration={seconds}"),
            *("-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-c:a", "aac", "-shortest"),
            str(path),
        ],
        check=True,
    )


def resident_mib(pid: int) -> float:
    """What a process has in memory now; nothing when it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    lines = [line.split() for line in status.splitlines()]
    return next((int(line[1]) / 1024 for line in lines if line[0] == "VmRSS:"), 0.0)


def job(command: list[str], rows: Path) -> Job:
    """Run it once, looking at its memory."""
    rows.unlink(missing_ok=True)
    started = time.perf_counter()
    process = subprocess.Popen([*command, "--sink", f"jsonl:{rows}"], stderr=subprocess.DEVNULL)
    resident, written, position = [], 0, 0
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if rows.exists():
            with rows.open("rb") as file:
                file.seek(position)
                new = file.read()
            written, position = written + new.count(b"\n"), position + len(new)
        if pid:
            break
        resident.append((written, resident_mib(process.pid)))
        time.sleep(SAMPLE_SECONDS)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{command[0]} ended with {process.returncode}")
    return Job(time.perf_counter() - started, usage.ru_utime + usage.ru_stime, written, resident)


def resident_at(resident: list[tuple[int, float]], rows: int) -> float:
    """Memory when so many rows were first written."""
    return next((mib for written, mib in resident if written >= rows), resident[-1][1])


def slope_kib_a_file(resident: list[tuple[int, float]]) -> float | None:
    """How memory grows, once the first files are done: the slope of a line through it."""
    later = [(rows / CLIP_SECONDS, mib) for rows, mib in resident if rows >= FIRST * CLIP_SECONDS]
    if len({files for files, _ in later}) < 2:
        return None
    return round(statistics.linear_regression(*zip(*later, strict=True)).slope * 1024, 3)


def main() -> None:
    """Measure, write, tell."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--program", type=Path, required=True)
    options.add_argument("--out", type=Path, required=True)
    options.add_argument("--files", type=int, default=10_000)
    options.add_argument("--network", default="ave-small")
    options = options.parse_args()

    with tempfile.TemporaryDirectory() as made:
        home = Path(made)
        folder = home / "clips"
        folder.mkdir()
        for clip in range(CLIPS):
            encode(CLIP_SECONDS, 440 + clip, home / f"{clip}.mp4")
        for number in range(options.files):
            os.link(home / f"{number % CLIPS}.mp4", folder / f"clip-{number:06}.mp4")
        encode(CLIP_SECONDS * options.files, 440, home / "long.mp4")
        command = [str(options.program), "run", "--quiet", "--network", options.network]
        rows = home / "rows.jsonl"
        many = job([*command, str(folder)], rows)
        one = job([*command, str(home / "long.mp4")], rows)
        shutil.rmtree(folder)

    seconds = CLIP_SECONDS * options.files
    if many.rows != seconds or one.rows != seconds:
        raise SystemExit(f"{many.rows} and {one.rows} rows where there should be {seconds}")

    def per_file_ms(of_many: float, of_one: float) -> float:
        return round((of_many - of_one) / options.files * 1000, 2)

    result = {
        "program": str(options.program),
        "files": options.files,
        "seconds": seconds,
        "overhead_ms_a_file": {
            "wall": per_file_ms(many.wall_seconds, one.wall_seconds),
            "cpu": per_file_ms(many.cpu_seconds, one.cpu_seconds),
        },
        "wall_seconds": {"files": many.wall_seconds, "one": one.wall_seconds},
        "cpu_seconds": {"files": many.cpu_seconds, "one": one.cpu_seconds},
        "resident_mib": {
            "at file 10": resident_at(many.resident, 10 * CLIP_SECONDS),
            "at file 100": resident_at(many.resident, FIRST * CLIP_SECONDS),
            "at the end": many.resident[-1][1],
            "most": max(mib for _, mib in many.resident),
            "slope in KiB a file after 100": slope_kib_a_file(many.resident),
        },
        "asked": {"overhead_ms_a_file": ASKED_MS, "resident_mib": ASKED_MIB},
    }
    figures.write(result, options.out, "overhead")


if __name__ == "__main__":
    main()
