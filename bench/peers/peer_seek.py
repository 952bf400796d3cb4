"""The reference authors' way: seek to the middle of each second with OpenCV.

With `PYTHONPATH=models/training`:
`.runtime/bench-python/bin/python bench/peers/peer_seek.py VIDEO`.
"""

from pathlib import Path

import cv2

from peer import Pictures, main


def seek_pictures(video: Path, seconds: int, threads: int) -> Pictures:
    """Every second's picture, each sought for itself."""
    cv2.setNumThreads(threads)
    capture = cv2.VideoCapture(str(video), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, threads])
    try:
        for second in range(seconds):
            capture.set(cv2.CAP_PROP_POS_MSEC, (second + 0.5) * 1000)
            found, bgr = capture.read()
            if not found:
                return
            yield second, cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
    finally:
        capture.release()


if __name__ == "__main__":
    main(seek_pictures, seek_pictures.__doc__)
