"""A fairer way: decode once, in order, and keep the picture on show at each second's middle.

With `PYTHONPATH=models/training`:
`.runtime/bench-python/bin/python bench/peers/peer_decode.py VIDEO`.
"""

from pathlib import Path

import av

from peer import Pictures, main


def decode_pictures(video: Path, seconds: int, threads: int) -> Pictures:
    """Every second's picture, from one pass; only those asked for become RGB."""
    second = 0
    with av.open(str(video)) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = threads
        stream.codec_context.thread_type = "AUTO"
        frame_seconds = 1 / stream.average_rate
        on_show = None
        for frame in container.decode(stream):
            while on_show is not None and second < seconds and frame.time > second + 0.5:
                yield second, on_show.to_ndarray(format="rgb24")
                second += 1
            if second == seconds:
                return
            on_show = frame
        if on_show is not None and on_show.time + frame_seconds > second + 0.5:
            yield second, on_show.to_ndarray(format="rgb24")


if __name__ == "__main__":
    main(decode_pictures, decode_pictures.__doc__)
