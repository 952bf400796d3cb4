"""What came of the runs: figures for a file, and a page for people."""

import os
from pathlib import Path
from statistics import median

from contenders import DECODE, OURS, REPOSITORY, SAME_NETWORK, SEEK, Contender
from measure import Run


def figures(runs: list[Run], recording_seconds: int, reference: Run) -> dict:
    """Medians of a contender's runs, and how far its answers are from the reference's."""
    work = [run.work_seconds for run in runs]
    apart = differences(runs[0], reference)
    return {
        "work_seconds": round(median(work), 2),
        "work_seconds_range": [round(min(work), 2), round(max(work), 2)],
        "process_seconds": round(median(run.wall_seconds for run in runs), 2),
        "cpu_seconds": round(median(run.cpu_seconds for run in runs), 2),
        "peak_memory_mib": round(median(run.peak_memory_mib for run in runs)),
        "times_real_time": round(recording_seconds / median(work), 2),
        "stages_seconds": _stages(runs),
        "rows": len(runs[0].rows),
        "correspondence_apart_median": round(median(apart), 5),
        "correspondence_apart_largest": round(max(apart), 5),
    }


def differences(run: Run, reference: Run) -> list[float]:
    """How far correspondence is apart, at every second that both have."""
    both = run.rows.keys() & reference.rows.keys()
    return [abs(run.rows[second] - reference.rows[second]) for second in sorted(both)]


def markdown(result: dict) -> str:
    """The page, from what the JSON file says."""
    of = result["contenders"]
    lines = [
        f"# {result['date']}: two minutes of 720p, with full-size AVE-Net and ave-small",
        "",
        f"{result['rounds']} rounds, in each of which everyone runs once; medians. "
        f"Load of the machine before: {result['load_before']}.",
        "",
        "| | seconds (least to most) | times real time | process | CPU seconds | MiB |",
        "| --- | --- | --- | --- | --- | --- |",
        *(_row(name, figures) for name, figures in of.items()),
        "",
        "Seconds of the peers leave out Python's imports and the building of the network, which "
        "`process` has; sonoscope's are its whole process.",
        "",
        f"| times as fast | {SEEK} | asked | {DECODE} |",
        "| --- | --- | --- | --- |",
        *(_ratios(of, name) for name in OURS),
        "",
        f"| correspondence against {DECODE} | median difference | largest |",
        "| --- | --- | --- |",
        *(_apart(name, of[name]) for name in SAME_NETWORK),
        "",
        "OpenCV's seek rounds up: it shows the frame after the one on show at the middle. Of key "
        "frames every 5 s, 2 seconds of 5 have one that is near enough.",
        "",
        *(f"- {what}: {value}" for what, value in result["machine"].items()),
        "",
        "```",
        *(figures["command"] for figures in of.values()),
        "```",
    ]
    return "\n".join(lines) + "\n"


def command_line(contender: Contender) -> str:
    """As one would type it in the repository."""
    line = " ".join(contender.command)
    line = line.replace(f"{REPOSITORY}{os.sep}", "").replace(str(Path.home()), "~")
    return f"PYTHONPATH=models/training {line}" if contender.tells_stages else line


def _stages(runs: list[Run]) -> dict[str, float]:
    return {
        stage: round(median(run.stages[stage] for run in runs), 2)
        for stage in runs[0].stages
        if stage not in ("total", "peak_memory_mib")
    }


def _row(name: str, figures: dict) -> str:
    least, most = figures["work_seconds_range"]
    return (
        f"| {name} | {figures['work_seconds']} ({least} to {most}) | {figures['times_real_time']} "
        f"| {figures['process_seconds']} | {figures['cpu_seconds']} "
        f"| {figures['peak_memory_mib']} |"
    )


def _ratios(of: dict, name: str) -> str:
    seek, decode = (of[peer]["work_seconds"] / of[name]["work_seconds"] for peer in (SEEK, DECODE))
    return f"| {name} | {seek:.2f} | {OURS[name].asked:g} | {decode:.2f} |"


def _apart(name: str, figures: dict) -> str:
    return (
        f"| {name} | {figures['correspondence_apart_median']:.5f} "
        f"| {figures['correspondence_apart_largest']:.5f} |"
    )
