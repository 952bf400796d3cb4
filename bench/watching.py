"""The camera server and `sonoscope run` on live sources, for who measures them."""

import argparse
import json
import os
import re
import socket
import statistics
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from contextlib import suppress
from pathlib import Path

import figures


def options(about: str) -> argparse.ArgumentParser:
    """What all who measure cameras want to know."""
    parser = argparse.ArgumentParser(description=about.splitlines()[0])
    parser.add_argument("--program", type=Path, required=True)
    parser.add_argument("--server", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--kept", type=Path, default=Path("out/bench/cameras"))
    parser.add_argument("--cameras", type=int, default=16)
    return parser


def unnumbered(name: str) -> str:
    """A name up to its first number: GStreamer counts all that it makes."""
    return re.split(r"[\d\[]", name.strip())[0]


def is_open(port: int) -> bool:
    """Whether somebody listens at a port."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def is_shown(port: int, url: str) -> bool:
    """Whether a camera says what it shows to whoever asks."""
    words = f"DESCRIBE {url} RTSP/1.0\r\nCSeq: 1\r\nAccept: application/sdp\r\n\r\n"
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=20) as line:
            line.sendall(words.encode())
            return line.recv(4096).startswith(b"RTSP/1.0 200")
    except OSError:
        return False


class Cameras:
    """The camera server, told what to do over its standard input."""

    def __init__(self, program: Path, count: int, kept: Path) -> None:
        """Starts it and waits until it listens."""
        self.port, self.count = figures.free_port(), count
        command = [program, "--cameras", count, "--port", self.port, "--kept", kept]
        self.process = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.process.stdout.readline()

    def say(self, word: str) -> None:
        """Has it do something, and waits until it is done."""
        assert self.process.stdin is not None and self.process.stdout is not None
        print(word, file=self.process.stdin, flush=True)
        self.process.stdout.readline()

    def url(self, index: int) -> str:
        """Where one of them is."""
        return f"rtsp://127.0.0.1:{self.port}/cam{index}"

    def wait_until_served(self) -> tuple[float, float]:
        """Waits until somebody opens, and until each camera says what it shows; when that was."""
        while not is_open(self.port):
            time.sleep(0.01)
        accepting = time.monotonic()
        for index in range(self.count):
            while not is_shown(self.port, self.url(index)):
                time.sleep(0.01)
        return accepting, time.monotonic()

    def end(self) -> None:
        """Switches them off."""
        self.process.kill()
        self.process.wait()


class Watcher:
    """`sonoscope run` on live sources, asked over HTTP and read as it writes."""

    def __init__(
        self, program: Path, folder: Path, options: list[str], config: Path | None = None
    ) -> None:
        """Starts it; sources are put in later. With a configuration, its sinks are those."""
        self.port = figures.free_port()
        self.rows = folder / "rows.jsonl"
        sinks = ["--config", config] if config else ["--sink", f"jsonl:{self.rows}"]
        command = [program, "-q", "run", "--listen", self.port, *sinks, *options]
        self.process = subprocess.Popen([str(word) for word in command])
        self.wait_for(lambda: self.ask("GET", "/healthz") is not None)

    def wait_for(self, holds, seconds: float = 60) -> None:
        """Waits until something holds."""
        end = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > end or self.process.poll() is not None:
                self.process.kill()
                raise SystemExit("the program does not do what it should")
            time.sleep(0.05)

    def ask(self, method: str, path: str, body: dict | None = None):
        """An answer of the interface; nothing when there is none."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"content-type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.read().decode()
        except (urllib.error.URLError, OSError):
            return None

    def add_all(self, cameras: Cameras) -> None:
        """Puts all cameras in, and waits until they stream."""
        for index in range(cameras.count):
            self.add(f"cam{index}", cameras.url(index))
        self.wait_for(self.all_stream)

    def add(self, name: str, url: str) -> None:
        """Puts a source in."""
        if self.ask("POST", "/api/sources", {"id": name, "url": url, "transport": "tcp"}) is None:
            raise SystemExit(f"{name} is not taken")

    def states(self) -> Counter:
        """How many sources are in which state."""
        answer = self.ask("GET", "/api/sources")
        return Counter(one["state"] for one in json.loads(answer or "[]"))

    def all_stream(self) -> bool:
        """Whether every source streams."""
        return set(self.states()) == {"streaming"}

    def connections(self) -> list[int]:
        """How many connections after the first each source has had."""
        answer = json.loads(self.ask("GET", "/api/sources") or "[]")
        return [one["counted"]["reconnects"] for one in sorted(answer, key=lambda one: one["id"])]

    def are_back(self, before: list[int]) -> bool:
        """Whether each source has been connected anew since."""
        return all(now > then for now, then in zip(self.connections(), before, strict=True))

    def held(self) -> dict[str, float]:
        """What the process holds: memory in MiB, threads, open files."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        fields = dict(line.split(":", 1) for line in status.splitlines())
        return {
            "rss_mib": int(fields["VmRSS"].split()[0]) / 1024,
            # Without what is read of libraries as they are needed.
            "anonymous_mib": int(fields["RssAnon"].split()[0]) / 1024,
            "threads": int(fields["Threads"]),
            "fds": len(list(Path(f"/proc/{self.process.pid}/fd").iterdir())),
        }

    def held_on_average(self, seconds: int = 30) -> dict[str, float]:
        """Likewise, over a while: seconds on their way come and go."""
        samples = []
        for _ in range(seconds):
            time.sleep(1)
            samples.append(self.held())
        return {name: statistics.fmean(one[name] for one in samples) for name in samples[0]}

    def kinds(self) -> Counter:
        """How many threads of each name it has, and open files of each kind, numbers aside."""
        process = Path(f"/proc/{self.process.pid}")
        kinds: Counter = Counter()
        for task in (process / "task").iterdir():
            with suppress(OSError):
                kinds[f"thread {unnumbered((task / 'comm').read_text())}"] += 1
        for file in (process / "fd").iterdir():
            with suppress(OSError):
                kinds[f"file {unnumbered(str(file.readlink()))}"] += 1
        return kinds

    def cpu_seconds(self) -> float:
        """Processor time so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def end(self) -> None:
        """Stops it."""
        self.process.send_signal(2)
        self.process.wait(timeout=20)


class Reader(threading.Thread):
    """Reads lines as they come, and notes when each can be read."""

    def __init__(self, path: Path) -> None:
        """Of a file that grows."""
        super().__init__(daemon=True)
        self.path = path
        self.lines: list[tuple[int, dict]] = []
        self.is_over = False

    def run(self) -> None:
        """Until it is told to end."""
        with self.path.open() as lines:
            rest = ""
            while not self.is_over:
                rest += lines.read()
                *whole, rest = rest.split("\n")
                now_ns = time.time_ns()
                self.lines.extend((now_ns, json.loads(line)) for line in whole)
                time.sleep(0.002)
