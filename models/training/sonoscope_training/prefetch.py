"""Batches prepared ahead on threads of their own, so that the network never waits for them."""

import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType

import torch
from torch import Tensor

Inputs = tuple[Tensor, ...]

# Batches that may be ready or in the making at once, for each thread that makes them.
AHEAD = 2


class Prefetch:
    """The batches of a row of steps, in order. Counts the time for which it was waited for."""

    def __init__(
        self,
        make: Callable[[int], Inputs],
        steps: range,
        *,
        threads: int,
        until_idle: Callable[[], None] = lambda: None,
    ) -> None:
        """`until_idle` returns when the device has nothing left to do: only then does it wait."""
        self.make = make
        self.steps = iter(steps)
        self.until_idle = until_idle
        self.idle_s = 0.0
        self.waiting: deque[Future[Inputs]] = deque()
        # Each works on one core: batches are made beside the network, not instead of it.
        self.pool = ThreadPoolExecutor(
            threads, "batches", initializer=torch.set_num_threads, initargs=(1,)
        )
        for _ in range(AHEAD * threads):
            self._ask_for_another()

    def take(self) -> Inputs:
        """The next step's batch. What went wrong in its making is raised here."""
        batch = self.waiting.popleft()
        self._ask_for_another()
        if not batch.done():
            self.until_idle()
            started = time.monotonic()
            batch.exception()
            self.idle_s += time.monotonic() - started
        return batch.result()

    def _ask_for_another(self) -> None:
        step = next(self.steps, None)
        if step is not None:
            self.waiting.append(self.pool.submit(self.make, step))

    def __enter__(self) -> "Prefetch":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.pool.shutdown(cancel_futures=True)
