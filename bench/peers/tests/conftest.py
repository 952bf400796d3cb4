"""A short recording to hold the peers to."""

import subprocess
from pathlib import Path

import pytest

SECONDS = 3


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures whose red grows by 40 a second, B-frames and all; a tone on the left."""
    path = tmp_path_factory.mktemp("clips") / "steps.mp4"
    red = "geq=r='40*floor(T)+20':g=90:b=60"
    command = [
        *("ffmpeg", "-nostdin", "-loglevel", "error"),
        *("-f", "lavfi", "-i", f"color=size=160x90:rate=25,format=rgb24,{red}"),
        *("-f", "lavfi", "-i", "sine=frequency=1000:sample_rate=44100,pan=stereo|c0=c0"),
        *("-t", str(SECONDS), "-pix_fmt", "yuv420p"),
        *("-c:v", "libx264", "-bf", "3", "-g", "50", "-c:a", "aac", str(path)),
    ]
    subprocess.run(command, check=True)
    return path
