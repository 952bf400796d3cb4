"""Runs a command and takes its measure."""

import json
import os
import subprocess
import tempfile
import time
from dataclasses import dataclass

from contenders import TRAINING, Contender


class MeasureError(Exception):
    """A contender did not do what it was to do."""


@dataclass(frozen=True)
class Run:
    """One run of a contender, from the start of its process to the end."""

    wall_seconds: float
    cpu_seconds: float
    peak_memory_mib: float
    # Wall-clock seconds by stage, `total` among them, of a contender that tells.
    stages: dict[str, float]
    # Correspondence by second, of those that have one.
    rows: dict[int, float]

    @property
    def work_seconds(self) -> float:
        """Without what a Python program needs to import its libraries and build its network."""
        return self.stages.get("total", self.wall_seconds)


def measure(contender: Contender) -> Run:
    """Run it once."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        started = time.perf_counter()
        # os.wait4 waits for it, since only that tells what the process used.
        process = subprocess.Popen(
            contender.command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            env=os.environ | {"PYTHONPATH": str(TRAINING)},
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall_seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        lines, complaints = _lines(output), _lines(errors)
    if process.returncode != 0:
        last = "\n".join(complaints[-20:])
        raise MeasureError(f"{contender.name} ended with {process.returncode}:\n{last}")
    return Run(
        wall_seconds=wall_seconds,
        cpu_seconds=usage.ru_utime + usage.ru_stime,
        peak_memory_mib=usage.ru_maxrss / 1024,
        stages=json.loads(complaints[-1]) if contender.tells_stages else {},
        rows=_rows(contender, lines),
    )


def _lines(file: tempfile._TemporaryFileWrapper) -> list[str]:
    file.seek(0)
    return file.read().decode(errors="replace").splitlines()


def _rows(contender: Contender, lines: list[str]) -> dict[int, float]:
    rows = map(json.loads, lines)
    scored = (row for row in rows if row["correspondence"] is not None)
    return {row[contender.second_field]: row["correspondence"] for row in scored}
