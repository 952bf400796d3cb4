"""Training data the reference authors' way: OpenCV seeks, ffmpeg, scipy, an npz a clip.

`.runtime/bench-python/bin/python bench/peers/peer_extract.py CLIP... --out DIR`. Every second's
picture is sought for itself at the second's middle and resized to 256x256; the sound goes through
a WAV file of ffmpeg's to scipy. The last line on stderr tells the times of the stages.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import signal
from scipy.io import wavfile

from stages import Stages

PICTURE_SIDE = 256
SAMPLE_RATE_HZ = 48_000
WINDOW_SAMPLES = 480
HOP_SAMPLES = 240
FFT_SAMPLES = 512
TUKEY_ALPHA = 0.25
POWER_FLOOR = 1e-7
DECIBEL_DIVISOR = 26.68


def extract(clip: Path, out: Path) -> tuple[int, dict[str, float]]:
    """Writes the pairs of a clip; returns how many, and seconds by stage."""
    stages = Stages()
    with stages.of("sound"):
        samples = sound(clip)
    with stages.of("spectrograms"):
        seconds = np.split(samples, range(SAMPLE_RATE_HZ, len(samples), SAMPLE_RATE_HZ))
        whole = [second for second in seconds if len(second) == SAMPLE_RATE_HZ]
        spectrograms = [spectrogram(second) for second in whole]
    with stages.of("pictures"):
        frames = pictures(clip, len(whole))
    pairs = min(len(frames), len(spectrograms))
    with stages.of("npz"):
        np.savez(
            out / f"{clip.stem}.npz",
            frames=np.stack(frames[:pairs]),
            spectrograms=np.stack(spectrograms[:pairs]),
        )
    return pairs, stages.summary()


def sound(clip: Path) -> NDArray[np.int16]:
    """The sound as 16-bit integers, mono at 48 kHz."""
    with tempfile.TemporaryDirectory() as folder:
        wav = Path(folder) / "sound.wav"
        command = ["ffmpeg", "-nostdin", "-v", "error", "-i", str(clip), "-vn", "-ac", "1"]
        subprocess.run([*command, "-ar", str(SAMPLE_RATE_HZ), str(wav)], check=True)
        return wavfile.read(wav)[1]


def spectrogram(second: NDArray[np.int16]) -> NDArray[np.float16]:
    """A second of sound, to `[257, 199]`."""
    _, _, power = signal.spectrogram(
        second.astype(np.float32),
        SAMPLE_RATE_HZ,
        window=("tukey", TUKEY_ALPHA),
        nperseg=WINDOW_SAMPLES,
        noverlap=WINDOW_SAMPLES - HOP_SAMPLES,
        nfft=FFT_SAMPLES,
    )
    return (10 * np.log10(power + POWER_FLOOR) / DECIBEL_DIVISOR).astype(np.float16)


def pictures(clip: Path, seconds: int) -> list[NDArray[np.uint8]]:
    """The picture at each second's middle, sought for itself, `[256, 256, 3]`."""
    found = []
    capture = cv2.VideoCapture(str(clip), cv2.CAP_FFMPEG)
    try:
        for second in range(seconds):
            capture.set(cv2.CAP_PROP_POS_MSEC, (second + 0.5) * 1000)
            there, bgr = capture.read()
            if not there:
                break
            small = cv2.resize(bgr, (PICTURE_SIDE, PICTURE_SIDE))
            found.append(cv2.cvtColor(small, cv2.COLOR_BGR2RGB))
    finally:
        capture.release()
    return found


def main() -> None:
    """Extract all clips; pairs and times to stderr."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clips", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--processes", type=int, default=1, help="clips read at the same time")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    work = partial(extract, out=options.out)
    whole = Stages()
    if options.processes == 1:
        results = [work(clip) for clip in options.clips]
    else:
        with ProcessPoolExecutor(options.processes) as pool:
            results = list(pool.map(work, options.clips))
    summary = {"pairs": sum(pairs for pairs, _ in results), **whole.summary()}
    for name in ("sound", "spectrograms", "pictures", "npz"):
        summary[name] = round(sum(times[name] for _, times in results), 4)
    print(json.dumps(summary), file=sys.stderr)


if __name__ == "__main__":
    main()
