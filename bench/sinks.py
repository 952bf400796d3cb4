"""Rows a second with embeddings into each sink, beside the plain client library in a loop.

Servers are real, on the loopback, with folders of their own; Kafka is librdkafka's mock cluster.
A server that is not installed is told and left out. Then what it costs to hand on the rows of a
hundred cameras as they come, to all sinks at once; and what writing costs beside all that a job
does.

    bench/sinks.py --alone target/release/sinks-alone --program target/release/sonoscope \
        --video two-minutes.mp4 --out bench/results
"""

import argparse
import contextlib
import http.server
import json
import os
import shutil
import socket
import statistics
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import figures

ASKED = {
    # Of the plain client's rows a second.
    "share_of_the_plain_client": 0.7,
    # Of a core, 200 rows a second to all sinks.
    "of_a_core": 0.1,
    # Of a job's CPU seconds.
    "writing_share_of_a_job": 0.02,
}

# Rows a second of a hundred cameras and two networks, and for how long.
ROWS_A_SECOND, SECONDS = 200, 60


class Server:
    """A server that is killed when it is no longer needed."""

    def __init__(
        self, command: list[str], port: int, folder: Path, user: str | None = None
    ) -> None:
        """Starts it and waits until its port is open."""
        log = (folder / "server.log").open("w")
        drop = {"user": user, "group": user, "extra_groups": []} if user else {}
        self.process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, **drop)
        end = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return
            except OSError as error:
                if time.monotonic() > end or self.process.poll() is not None:
                    said = (folder / "server.log").read_text()
                    raise SystemExit(f"{command[0]} does not start: {said}") from error
                time.sleep(0.05)

    def end(self) -> None:
        """Kills it."""
        self.process.kill()
        self.process.wait()


def nats(folder: Path) -> tuple[Server, str]:
    """NATS with JetStream."""
    port = figures.free_port()
    command = ["nats-server", "-a", "127.0.0.1", "-p", str(port), "-js", "-sd", str(folder)]
    return Server(command, port, folder), f"nats://127.0.0.1:{port}/sonoscope"


def mqtt(folder: Path) -> tuple[Server, str]:
    """Mosquitto."""
    port = figures.free_port()
    settings = folder / "mosquitto.conf"
    settings.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\n"
        f"max_inflight_messages 0\nuser root\n"
    )
    server = Server(["mosquitto", "-c", str(settings)], port, folder)
    return server, f"mqtt://127.0.0.1:{port}/sonoscope"


def postgres(folder: Path) -> tuple[Server, str]:
    """PostgreSQL, which does not run as root."""
    user = "postgres" if os.geteuid() == 0 else None
    if user:
        shutil.chown(folder, user, user)
        folder.parent.chmod(0o755)
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1]
    drop = {"user": user, "group": user, "extra_groups": []} if user else {}
    data = folder / "data"
    begin = [programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8"]
    subprocess.run(begin, check=True, capture_output=True, cwd=folder, **drop)
    port = figures.free_port()
    command = [programs / "postgres", "-D", data, "-p", str(port), "-h", "127.0.0.1", "-k", folder]
    server = Server([str(word) for word in command], port, folder, user)
    return server, f"postgres://postgres@127.0.0.1:{port}/postgres?sslmode=disable"


def files(folder: Path) -> tuple[None, str]:
    """Lines in a file."""
    return None, f"jsonl:{folder / 'rows.jsonl'}"


def itself(kind: str):
    """The program brings its own."""
    return lambda _: (None, {"kafka": "kafka://mock/rows", "webhook": "own"}[kind])


KINDS = {
    "jsonl": (files, None, 40_000),
    "webhook": (itself("webhook"), None, 40_000),
    "kafka": (itself("kafka"), None, 40_000),
    "nats": (nats, "nats-server", 20_000),
    "mqtt": (mqtt, "mosquitto", 20_000),
    "postgres": (postgres, "psql", 20_000),
}


def measured(program: Path, kind: str, rounds: int) -> dict | None:
    """Rows a second of the sink and of the plain client; nothing where there is no server."""
    start, needs, rows = KINDS[kind]
    if needs and not shutil.which(needs) and not shutil.which(needs, path="/usr/sbin"):
        print(f"left out: {needs} is not installed (make setup-bench)")
        return None
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home) / kind
        folder.mkdir()
        server, uri = start(folder)
        try:
            command = [program, kind, uri, rows, rounds]
            words = [str(word) for word in command]
            done = subprocess.run(words, check=False, capture_output=True, text=True)
        finally:
            if server:
                server.end()
    if done.returncode != 0:
        raise SystemExit(f"{kind}: {done.stderr[-2000:]}")
    seconds = json.loads(done.stdout)
    by_sink, plainly = (
        rows / statistics.median(seconds[name]) for name in ("sink_seconds", "plain_seconds")
    )
    return {
        "rows_a_second": round(by_sink),
        "plain_client": round(plainly),
        "share": round(by_sink / plainly, 3),
        **seconds,
    }


class Hook(http.server.BaseHTTPRequestHandler):
    """Takes whatever is posted."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Reads it, and is content."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@contextlib.contextmanager
def receivers(folder: Path):
    """All that can be had on this machine: their addresses."""
    servers, uris = [], {"parquet": f"parquet:{folder / 'rows'}", "kafka": "kafka://mock/rows"}
    hook = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=hook.serve_forever, daemon=True).start()
    uris["webhook"] = f"webhook+http://127.0.0.1:{hook.server_port}/rows"
    for kind in ("jsonl", "nats", "mqtt", "postgres"):
        start, needs, _ = KINDS[kind]
        if needs and not shutil.which(needs) and not shutil.which(needs, path="/usr/sbin"):
            continue
        home = folder / kind
        home.mkdir()
        server, uris[kind] = start(home)
        servers += [server] if server else []
    try:
        yield uris
    finally:
        for server in servers:
            server.end()
        hook.shutdown()


def steady(alone: Path, include: str, uris: list[str]) -> dict:
    """What rows as of a hundred cameras cost, for a minute."""
    words = [alone, "steady", ROWS_A_SECOND, SECONDS, include, *uris]
    command = [str(word) for word in words]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(uris)}: {done.stderr[-2000:]}")
    told = json.loads(done.stdout)
    return {
        "of_a_core": round(told["cpu_seconds"] / told["wall_seconds"], 4),
        "us_a_row": round(1e6 * told["cpu_seconds"] / told["rows"], 1),
        **told,
    }


def as_they_come(alone: Path) -> dict:
    """All sinks at once, with embeddings and without, and the files alone."""
    figures_of = {}
    for include in ("scores", "all"):
        with tempfile.TemporaryDirectory() as home, receivers(Path(home)) as uris:
            figures_of["sinks"] = sorted(uris)
            figures_of[f"all_sinks_{include}"] = steady(alone, include, list(uris.values()))
    for kind in ("jsonl", "parquet"):
        with tempfile.TemporaryDirectory() as home:
            figures_of[kind] = steady(alone, "all", [f"{kind}:{Path(home) / 'rows'}"])
    return figures_of


def job_us_a_row(program: Path, video: Path) -> float:
    """Processor time of a job for each of its rows, without writing them anywhere."""
    with tempfile.TemporaryDirectory() as home:
        lines = Path(home) / "rows.jsonl"
        command = [program, "-q", "run", video, "--include", "embeddings", "--precision", "int8"]
        rows = [str(word) for word in [*command, "--sink", f"jsonl:{lines}"]]
        subprocess.run(rows, check=True)
        count = len(lines.read_text().splitlines())
        bare = figures.cost([str(word) for word in [*command, "--sink", "null:"]])
        return 1e6 * bare.cpu_seconds / count


def main() -> None:
    """Measures what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--alone", type=Path, required=True)
    parser.add_argument("--program", type=Path, required=True)
    parser.add_argument("--video", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="+", default=list(KINDS), choices=KINDS)
    arguments = parser.parse_args()
    alone = arguments.alone.resolve()
    sinks = {
        kind: figure
        for kind in arguments.only
        if (figure := measured(alone, kind, arguments.rounds))
    }
    steadily = as_they_come(alone)
    job_us = job_us_a_row(arguments.program.resolve(), arguments.video)
    shares = {kind: round(steadily[kind]["us_a_row"] / job_us, 4) for kind in ("jsonl", "parquet")}
    result = {
        "sinks": sinks,
        "as_they_come": steadily,
        "job_us_a_row": round(job_us),
        "writing_share_of_a_job": shares,
        "asked": ASKED,
    }
    figures.write(result, arguments.out, "sinks")


if __name__ == "__main__":
    main()
