"""Batches made ahead: in order, bounded, and what is waited for is counted."""

import threading

import pytest
import torch

from sonoscope_training import prefetch
from sonoscope_training.prefetch import Prefetch


def numbered(step):
    return (torch.tensor(step),)


@pytest.mark.parametrize("threads", [1, 4])
def test_batches_come_in_order(threads):
    with Prefetch(numbered, range(5, 45), threads=threads) as batches:
        assert [batches.take()[0].item() for _ in range(40)] == list(range(5, 45))


def test_no_more_is_made_than_may_be():
    made = threading.Semaphore(0)

    def counted(step):
        made.release()
        return numbered(step)

    with Prefetch(counted, range(100), threads=1) as batches:
        for _ in range(prefetch.AHEAD):
            assert made.acquire(timeout=10)
        assert not made.acquire(blocking=False)
        batches.take()
        assert made.acquire(timeout=10)


def test_waiting_is_counted_once_the_device_is_idle():
    device_done, batch_done = threading.Event(), threading.Event()

    def slow(step):
        assert batch_done.wait(10)
        return numbered(step)

    def until_idle():
        device_done.set()
        threading.Timer(0.05, batch_done.set).start()

    with Prefetch(slow, range(1), threads=1, until_idle=until_idle) as batches:
        batches.take()
    assert device_done.is_set()
    assert 0.01 < batches.idle_s < 5


def test_an_error_in_the_making_reaches_the_training():
    def broken(step):
        raise ValueError(f"step {step}")

    with (
        Prefetch(broken, range(3), threads=1) as batches,
        pytest.raises(ValueError, match="step 0"),
    ):
        batches.take()


def test_threads_of_the_network_are_left_alone():
    before = torch.get_num_threads()
    with Prefetch(lambda _: (torch.tensor(torch.get_num_threads()),), range(1), threads=1) as one:
        assert one.take()[0].item() == 1
    assert torch.get_num_threads() == before
