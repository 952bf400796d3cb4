"""What a measurement was made on, and with which versions."""

import os
import platform
import re
import subprocess
from importlib import metadata
from pathlib import Path

from contenders import REPOSITORY

PACKAGES = ("torch", "scipy", "av", "opencv-python-headless")


def describe(program: Path) -> dict[str, str]:
    """Machine and versions, in words."""
    library = (REPOSITORY / ".runtime/libonnxruntime.so").resolve().name
    return {
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "memory": f"{_memory_gib():.0f} GiB",
        "system": f"{_distribution()}, Linux {platform.release()}",
        "sonoscope": f"{_first_line(program, '--version')}, commit {_commit()}",
        "onnxruntime": library.removeprefix("libonnxruntime.so."),
        "gstreamer": _first_line("pkg-config", "--modversion", "gstreamer-1.0"),
        "ffmpeg": _first_line("ffmpeg", "-version").split(" Copyright")[0],
        "python": platform.python_version(),
    } | {name: metadata.version(name) for name in PACKAGES}


def _processor() -> str:
    found = re.search(r"^model name\s*:\s*(.*)$", Path("/proc/cpuinfo").read_text(), re.M)
    return found[1] if found else platform.machine()


def _memory_gib() -> float:
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30


def _distribution() -> str:
    return platform.freedesktop_os_release().get("PRETTY_NAME", "Linux")


def _commit() -> str:
    """Its short hash; `+` says that files have changed since."""
    try:
        commit = _first_line("git", "-C", REPOSITORY, "rev-parse", "--short", "HEAD")
        changed = _first_line("git", "-C", REPOSITORY, "status", "--porcelain")
    except (OSError, subprocess.CalledProcessError):
        return "none"
    return f"{commit}+" if changed else commit


def _first_line(*command: str | Path) -> str:
    done = subprocess.run(command, check=True, text=True, capture_output=True)
    return (done.stdout.splitlines() or [""])[0]
