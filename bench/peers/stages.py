"""How long each stage of a run takes."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Stages:
    """Wall-clock seconds by the name of a stage, added up over its visits."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._started = time.perf_counter()

    @contextmanager
    def of(self, stage: str) -> Iterator[None]:
        """Counts the time in the `with` block for `stage`."""
        started = time.perf_counter()
        try:
            yield
        finally:
            spent = time.perf_counter() - started
            self.seconds[stage] = self.seconds.get(stage, 0.0) + spent

    def summary(self) -> dict[str, float]:
        """Seconds of each stage, and `total` since this was made."""
        total = time.perf_counter() - self._started
        return {name: round(value, 4) for name, value in {**self.seconds, "total": total}.items()}
