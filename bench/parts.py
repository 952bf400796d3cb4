"""What the dataflow itself costs: CPU seconds of a whole run against those of its parts alone.

    bench/parts.py --program target/release/sonoscope --alone target/release \
        --network DIR --video FILE --out bench/results

The parts are decoding (`decode-alone`: what the wanted pictures need, and all sound), features
(`features-alone`) and inference (`infer-alone`), each a program in the folder `--alone`. Everyone
runs once a round; medians.
"""

import argparse
import json
import subprocess
from pathlib import Path

import figures

# At most how many times the parts' sum a run is asked to take.
ASKED = 1.10
PRECISIONS = ("fp32", "int8")


def picture_of(video: Path) -> tuple[int, int, int]:
    """Width and height, and whole seconds."""
    command = ["ffprobe", "-v", "error", "-of", "json", "-select_streams", "v:0"]
    command += ["-show_entries", "stream=width,height:format=duration", str(video)]
    said = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    stream = said["streams"][0]
    return stream["width"], stream["height"], round(float(said["format"]["duration"]))


def commands(options: argparse.Namespace) -> dict[str, list[str]]:
    """The parts, and the runs that are made of them."""
    width, height, seconds = picture_of(options.video)
    video, network, count = str(options.video), str(options.network), str(seconds)
    alone = {name: str(options.alone / f"{name}-alone") for name in ("decode", "features", "infer")}
    everyone = {
        "decoding": [alone["decode"], video, "exact"],
        "features": [alone["features"], network, count, str(width), str(height)],
    }
    for precision in PRECISIONS:
        everyone[f"inference {precision}"] = [alone["infer"], network, precision, count, "2"]
        everyone[f"run {precision}"] = [
            *(str(options.program), "run", video, "--sink", "jsonl:/dev/null", "--quiet"),
            *("--network", network, "--precision", precision),
            *("--device", "cpu", "--threads", "2"),
        ]
    return everyone


def main() -> None:
    """Measure, write, tell."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("program", "alone", "network", "video", "out"):
        options.add_argument(f"--{name}", type=Path, required=True)
    options.add_argument("--rounds", type=int, default=3)
    options = options.parse_args()

    costs = figures.in_turn(commands(options), options.rounds)
    cpu = figures.medians(costs, "cpu_seconds")
    shared = cpu["decoding"] + cpu["features"]
    times = {
        precision: round(cpu[f"run {precision}"] / (shared + cpu[f"inference {precision}"]), 3)
        for precision in PRECISIONS
    }
    result = {
        "rounds": options.rounds,
        "cpu_seconds": cpu,
        "run_over_parts": times,
        "asked": ASKED,
        "cpu_seconds_of_rounds": {
            name: [round(one.cpu_seconds, 3) for one in rounds] for name, rounds in costs.items()
        },
    }
    figures.write(result, options.out, "parts")


if __name__ == "__main__":
    main()
