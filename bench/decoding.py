"""Decoding by itself: sources of `run` with nothing behind them, against ffmpeg.

    bench/decoding.py --alone target/release/decode-alone --video FILE --out bench/results

ffmpeg decodes every picture and all sound, as `ffmpeg -i FILE -f null -` does. Ours decodes what
the pictures of the seconds' middles need, turns these into RGB, and the sound into 48 kHz mono.
"""

import argparse
from pathlib import Path

import figures

FFMPEG = "ffmpeg"

# At most which share of ffmpeg's time is asked for.
ASKED = {"exact": 0.75, "keyframe": 0.1}


def main() -> None:
    """Measure, write, tell."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("alone", "video", "out"):
        options.add_argument(f"--{name}", type=Path, required=True)
    options.add_argument("--rounds", type=int, default=5)
    options = options.parse_args()

    video = str(options.video)
    commands = {
        FFMPEG: ["ffmpeg", "-nostdin", "-v", "error", "-i", video, "-f", "null", "-"],
    } | {which: [str(options.alone), video, which] for which in ("exact", "keyframe", "all")}
    costs = figures.in_turn(commands, options.rounds)
    wall = figures.medians(costs, "wall_seconds")
    result = {
        "video": options.video.name,
        "rounds": options.rounds,
        "wall_seconds": wall,
        "cpu_seconds": figures.medians(costs, "cpu_seconds"),
        "share_of_ffmpeg": {which: round(wall[which] / wall[FFMPEG], 3) for which in ASKED},
        "asked": ASKED,
        "wall_seconds_of_rounds": {
            name: [round(one.wall_seconds, 3) for one in rounds] for name, rounds in costs.items()
        },
    }
    figures.write(result, options.out, "decoding")


if __name__ == "__main__":
    main()
