"""Rows a second with embeddings into each sink, beside the plain client library in a loop.

Servers are real, on the loopback, with folders of their own; Kafka is librdkafka's mock cluster.
A server that is not installed is told and left out.

    bench/sinks.py --program target/release/sinks-alone --out bench/results
"""

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import figures

# Of the plain client's rows a second.
ASKED = 0.7


def free_port() -> int:
    """A port that nobody has."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


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
    port = free_port()
    command = ["nats-server", "-a", "127.0.0.1", "-p", str(port), "-js", "-sd", str(folder)]
    return Server(command, port, folder), f"nats://127.0.0.1:{port}/sonoscope"


def mqtt(folder: Path) -> tuple[Server, str]:
    """Mosquitto."""
    port = free_port()
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
    port = free_port()
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


def main() -> None:
    """Measures what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("kinds", nargs="*", default=list(KINDS), choices=[*KINDS, []])
    arguments = parser.parse_args()
    sinks = {
        kind: figure
        for kind in arguments.kinds or KINDS
        if (figure := measured(arguments.program.resolve(), kind, arguments.rounds))
    }
    figures.write({"sinks": sinks, "asked_share": ASKED}, arguments.out, "sinks")


if __name__ == "__main__":
    main()
