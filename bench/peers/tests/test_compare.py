"""Measuring and reporting, with contenders that are a line of Python each."""

import json
import sys

import pytest

import compare
import report
from contenders import DECODE, OURS, SEEK, Contender
from measure import MeasureError, measure


def contender(name: str, answers: list[float], *, total: float | None = None) -> Contender:
    """Says these answers, and that it took `total` seconds."""
    rows = "\n".join(
        json.dumps({"second": second, "correspondence": answer})
        for second, answer in enumerate(answers)
    )
    program = f"import sys; print({rows!r})"
    if total is not None:
        stages = json.dumps({"decode": total / 2, "total": total, "peak_memory_mib": 9})
        program += f"; print('a warning', {stages!r}, sep='\\n', file=sys.stderr)"
    command = (sys.executable, "-S", "-c", program)
    return Contender(name, command, "second", tells_stages=total is not None)


def test_a_run_is_measured_by_what_it_tells_or_by_its_process():
    told = measure(contender("told", [0.25, 0.5], total=100.0))
    assert told.rows == {0: 0.25, 1: 0.5}
    assert told.work_seconds == 100.0
    assert 0 < told.wall_seconds < 100
    untold = measure(contender("untold", [0.25]))
    assert untold.work_seconds == untold.wall_seconds
    assert untold.cpu_seconds > 0
    assert untold.peak_memory_mib > 1


def test_a_contender_that_fails_is_named_with_what_it_said():
    failing = Contender("lame", (sys.executable, "-S", "-c", "raise SystemExit('out')"), "second")
    with pytest.raises(MeasureError, match="lame ended with 1:\nout"):
        measure(failing)


def test_figures_are_medians_and_distances_from_the_reference():
    slow, fast, middling = (measure(contender("a", [0.5, 0.5], total=t)) for t in (8, 2, 4))
    reference = measure(contender("b", [0.5, 0.75, 1.0]))
    figures = report.figures([slow, fast, middling], 120, reference)
    assert figures["work_seconds"] == 4
    assert figures["work_seconds_range"] == [2, 8]
    assert figures["times_real_time"] == 30
    assert figures["stages_seconds"] == {"decode": 2}
    assert figures["correspondence_apart_median"] == 0.125
    assert figures["correspondence_apart_largest"] == 0.25


def test_the_page_tells_ratios_of_everyone():
    ours = (10.0, 5.0, 4.0, 2.0, 1.0)
    totals = dict(zip((*OURS, SEEK, DECODE), (*ours, 40.0, 20.0), strict=True))
    everyone = [contender(name, [0.5], total=total) for name, total in totals.items()]
    runs = compare.in_turn(everyone, rounds=1)
    of = {
        one.name: report.figures(runs[one.name], 120, runs[DECODE][0]) | {"command": one.name}
        for one in everyone
    }
    page = report.markdown(
        {"date": "d", "rounds": 1, "load_before": "0", "machine": {}, "contenders": of}
    )
    assert "| sonoscope fp32 | 4.00 | 3 | 2.00 |" in page
    assert "| ave-small, key frames | 40.00 | 25 | 20.00 |" in page
    assert "| sonoscope int8 | 5.0 (5.0 to 5.0) | 24.0 |" in page
    apart = page.split("median difference")[1]
    assert "sonoscope int8, key frames" in apart
    assert "ave-small |" not in apart, "another network answers otherwise"
