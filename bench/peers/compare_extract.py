"""`sonoscope extract` against the reference authors' way of making training data.

`compare_extract.py --program target/release/sonoscope --out bench/results --clips "720p=FOLDER"`.
Everyone runs once a round on the same clips, into a folder of its own; medians. Seconds of the
peer leave out Python's imports; sonoscope's are its whole process.
"""

import argparse
import datetime
import json
import os
import platform
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import machine
from contenders import HERE, PYTHON

OURS = "sonoscope extract"
PEERS = {"peer: seek, 1 process": 1, "peer: seek, 2 processes": 2}


@dataclass(frozen=True)
class Run:
    """One run: what it wrote, and what it took."""

    pairs: int
    seconds: float
    process_seconds: float
    cpu_seconds: float
    stages: dict[str, float]


def main() -> None:
    """Measure, write, tell."""
    options = _options()
    load_before = " ".join(f"{load:.2f}" for load in os.getloadavg())
    sets = {}
    for name, folder in options.clips:
        clips = sorted(folder.glob("*.mp4"))
        sets[name] = _measure_set(options, clips) | {"clips": len(clips)}
    result = {
        "date": datetime.date.today().isoformat(),
        "rounds": options.rounds,
        "threads": options.threads,
        "load_before": load_before,
        "machine": machine.describe(options.program),
        "sets": sets,
    }
    options.out.mkdir(parents=True, exist_ok=True)
    path = options.out / f"{result['date']}-{platform.node()}-extract.json"
    path.write_text(json.dumps(result, indent=2) + "\n")
    page = markdown(result)
    path.with_suffix(".md").write_text(page)
    print(f"\n{page}\nwritten: {path} and {path.with_suffix('.md').name}")


def _measure_set(options: argparse.Namespace, clips: list[Path]) -> dict:
    words = [str(clip) for clip in clips]
    threads = str(options.threads)
    commands = {OURS: [str(options.program), "extract", "--quiet", "--threads", threads, *words]}
    for name, processes in PEERS.items():
        script = str(HERE / "peer_extract.py")
        commands[name] = [str(PYTHON), script, "--processes", str(processes), *words]
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    for number in range(1, options.rounds + 1):
        for name, command in commands.items():
            run = measure(command)
            runs[name].append(run)
            print(f"round {number}, {name}: {run.seconds:.2f} s", flush=True)
    return {"contenders": {name: figures(of) for name, of in runs.items()}}


def measure(command: list[str]) -> Run:
    """Run it once, into a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        with tempfile.TemporaryFile() as errors:
            process = subprocess.Popen(
                [*command, "--out", folder], stdout=subprocess.DEVNULL, stderr=errors
            )
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            wall = time.perf_counter() - started
            errors.seek(0)
            said = errors.read().decode(errors="replace").splitlines()
        if process.returncode != 0:
            last = "\n".join(said[-20:])
            raise SystemExit(f"error: {command[0]} ended with {process.returncode}:\n{last}")
        manifest = Path(folder) / "manifest.jsonl"
        if manifest.exists():
            lines = map(json.loads, manifest.read_text().splitlines())
            stages, pairs = {}, sum(line["pairs"] for line in lines)
        else:
            stages = json.loads(said[-1])
            pairs = stages.pop("pairs")
    cpu = usage.ru_utime + usage.ru_stime
    return Run(pairs, stages.pop("total", wall), wall, cpu, stages)


def figures(runs: list[Run]) -> dict:
    """Medians of a contender's runs."""
    seconds = [run.seconds for run in runs]
    return {
        "pairs": runs[0].pairs,
        "seconds": round(median(seconds), 2),
        "seconds_range": [round(min(seconds), 2), round(max(seconds), 2)],
        "process_seconds": round(median(run.process_seconds for run in runs), 2),
        "cpu_seconds": round(median(run.cpu_seconds for run in runs), 2),
        "stages_seconds": {
            stage: round(median(run.stages[stage] for run in runs), 2) for stage in runs[0].stages
        },
    }


def markdown(result: dict) -> str:
    """The page, from what the JSON file says."""
    lines = [
        f"# {result['date']}: training data from clips",
        "",
        f"{result['rounds']} rounds, in each of which everyone runs once on the same clips; "
        f"medians. Load of the machine before: {result['load_before']}. sonoscope on "
        f"{result['threads']} threads; the peer as its authors have it, clip after clip in one "
        f"process, and on two processes; OpenCV decodes with as many threads as it likes. "
        f"Seconds of the peer leave out Python's imports, which `process` has. It takes "
        f"whole seconds of sound only, so of a clip whose sound is some milliseconds short it has "
        f"one pair less.",
        "",
        "| clips | | pairs | seconds (least to most) | process | CPU seconds | sonoscope is |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, of in result["sets"].items():
        ours = of["contenders"][OURS]
        for contender, one in of["contenders"].items():
            least, most = one["seconds_range"]
            faster = one["seconds"] / ours["seconds"]
            cheaper = one["cpu_seconds"] / max(ours["cpu_seconds"], 0.01)
            a_pair = faster * ours["pairs"] / max(one["pairs"], 1)
            times = f"{faster:.2f} times as fast, {a_pair:.2f} a pair, {cheaper:.2f} by CPU seconds"
            lines.append(
                f"| {of['clips']}: {name} | {contender} | {one['pairs']} | {one['seconds']} "
                f"({least} to {most}) | {one['process_seconds']} | {one['cpu_seconds']} "
                f"| {'' if contender == OURS else times} |"
            )
    lines += ["", *(f"- {what}: {value}" for what, value in result["machine"].items())]
    return "\n".join(lines) + "\n"


def _named_folder(text: str) -> tuple[str, Path]:
    name, _, folder = text.rpartition("=")
    if not any(Path(folder).glob("*.mp4")):
        raise argparse.ArgumentTypeError(f"there is no *.mp4 in {folder}")
    return name or folder, Path(folder)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", type=Path, required=True, help="sonoscope, built for release")
    parser.add_argument(
        "--clips", type=_named_folder, action="append", required=True, metavar="NAME=DIR"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args()


if __name__ == "__main__":
    main()
