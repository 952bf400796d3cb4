"""How soon a report opens in Chromium: a page of many seconds, made of rows, opened and drawn.

    bench/report_page.py --program target/release/sonoscope --out bench/results

The page itself says when its first timelines were drawn, counted from when it was asked for.
"""

import argparse
import json
import re
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import figures

# At most how long it is asked to take.
ASKED_SECONDS = 3.0
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
NETWORKS = ("one", "two")


def rows(seconds: int, sources: int) -> str:
    """Rows as `run` writes them, of two networks."""
    lines = []
    for number in range(seconds):
        source, segment = divmod(number, seconds // sources)
        row = {"source": f"recording-{source:03}", "segment": segment, "wall_clock": None}
        row |= {"audio": "silent" if segment % 50 < 5 else "present", "video": "present"}
        row |= {"audio_dbfs": -20.0 - segment % 40, "localizable": False, "peak": None}
        row |= {"network_hash": "0123456789abcdef", "provider": "cpu", "precision": "fp32"}
        for network in NETWORKS:
            score = (segment * 37 + len(network) * source) % 100 / 100
            lines.append(json.dumps(row | {"network": network, "correspondence": score}))
    return "\n".join(lines) + "\n"


def opened(browser: str, page: Path, profile: Path) -> tuple[float, float]:
    """Seconds until something was drawn, and those of the browser from its start to its end."""
    started = time.perf_counter()
    done = subprocess.run(
        [
            *(browser, "--headless", "--no-sandbox", "--disable-gpu", "--window-size=1200,2400"),
            *(f"--user-data-dir={profile}", "--dump-dom", page.as_uri()),
        ],
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    whole = time.perf_counter() - started
    ready = re.search(r'data-ready-ms="(\d+)"', done.stdout)
    if "data-error" in done.stdout.split("<head")[0] or not ready:
        raise SystemExit(f"the page was not drawn:\n{done.stderr[-2000:]}")
    return int(ready[1]) / 1000, whole


def main() -> None:
    """Measure, write, tell."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--program", type=Path, required=True)
    options.add_argument("--out", type=Path, required=True)
    options.add_argument("--seconds", type=int, default=10_000)
    options.add_argument("--sources", type=int, default=40)
    options.add_argument("--rounds", type=int, default=5)
    options = options.parse_args()

    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        print("left out: there is no Chromium here to open a report in")
        return
    with tempfile.TemporaryDirectory() as made:
        home = Path(made)
        lines, page = home / "rows.jsonl", home / "report.html"
        lines.write_text(rows(options.seconds, options.sources))
        making = figures.cost([str(options.program), "report", "-o", str(page), str(lines)])
        times = [opened(browser, page, home / "profile") for _ in range(options.rounds)]
        page_kib = page.stat().st_size / 1024
    drawn, whole = zip(*times, strict=True)
    version = subprocess.run([browser, "--version"], check=True, capture_output=True, text=True)
    result = {
        "browser": version.stdout.strip(),
        "seconds": options.seconds,
        "sources": options.sources,
        "networks": len(NETWORKS),
        "rounds": options.rounds,
        "page_kib": round(page_kib),
        "made_in_seconds": round(making.wall_seconds, 3),
        "drawn_after_seconds": {"median": statistics.median(drawn), "most": max(drawn)},
        "browser_from_start_to_end_seconds": round(statistics.median(whole), 3),
        "asked_seconds": ASKED_SECONDS,
    }
    figures.write(result, options.out, "report")


if __name__ == "__main__":
    main()
