"""What the dataflow itself costs: CPU seconds of a whole run beyond those of its parts alone.

    bench/parts.py --program target/release/sonoscope --alone target/release/infer-alone \
        --network DIR --video FILE --out bench/results

The parts are decoding (GStreamer's own launcher, the same elements, nothing behind them) and
inference (`infer-alone`). Everyone runs once a round; medians.
"""

import argparse
import datetime
import json
import os
import resource
import statistics
import subprocess
from pathlib import Path


def cpu_seconds(command: list[str]) -> float:
    """User and system seconds of a command and all that it started."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)


def decoding(video: Path) -> list[str]:
    """Both tracks decoded, and let go."""
    return (
        f"gst-launch-1.0 -q filesrc location={video} ! parsebin name=p multiqueue name=q "
        "max-size-bytes=8388608 max-size-buffers=0 max-size-time=0 "
        "p. ! video/x-h264 ! q.sink_0 q.src_0 ! avdec_h264 ! fakesink sync=false async=false "
        "p. ! audio/mpeg ! q.sink_1 q.src_1 ! avdec_aac ! fakesink sync=false async=false"
    ).split()


def main() -> None:
    """Measure, write, tell."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("program", "alone", "network", "video", "out"):
        options.add_argument(f"--{name}", type=Path, required=True)
    options.add_argument("--pairs", type=int, default=120)
    options.add_argument("--rounds", type=int, default=3)
    options = options.parse_args()

    rounds: dict[str, list[float]] = {}
    for _ in range(options.rounds):
        commands = {"decoding": decoding(options.video)}
        for precision in ("fp32", "int8"):
            arguments = [str(options.network), precision, str(options.pairs), "2"]
            commands[f"inference {precision}"] = [str(options.alone), *arguments]
            commands[f"run {precision}"] = [
                *(str(options.program), "run", str(options.video), "--sink", "jsonl:/dev/null"),
                *("--network", str(options.network), "--precision", precision, "--quiet"),
                *("--device", "cpu", "--threads", "2"),
            ]
        for name, command in commands.items():
            rounds.setdefault(name, []).append(cpu_seconds(command))
    medians = {name: round(statistics.median(values), 3) for name, values in rounds.items()}
    own = {}
    for precision in ("fp32", "int8"):
        parts = medians["decoding"] + medians[f"inference {precision}"]
        own[precision] = round(medians[f"run {precision}"] / parts - 1, 4)
    result = {
        "date": datetime.date.today().isoformat(),
        "load": os.getloadavg(),
        "cpu_seconds": medians,
        "own_share_of_parts": own,
        "rounds": rounds,
    }
    options.out.mkdir(parents=True, exist_ok=True)
    name = f"{result['date']}-{os.uname().nodename}-parts.json"
    (options.out / name).write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
