"""What to do when a batch does not fit into memory: find one that does, and say so."""

from collections.abc import Callable

import torch

from sonoscope_training.errors import TrainingError

# How PyTorch says it of a processor's memory, for which it has no error class.
PROCESSOR_SAYS = "can't allocate memory"


def is_exhausted(error: RuntimeError) -> bool:
    """Whether memory is what there was not enough of."""
    return isinstance(error, torch.OutOfMemoryError) or PROCESSOR_SAYS in str(error)


def largest_fitting(attempt: Callable[[int], None], batch: int, least: int) -> int | None:
    """The first of `batch / 2`, `batch / 4`, ... with which `attempt` has enough memory."""
    size = batch // 2
    while size >= least:
        try:
            attempt(size)
        except RuntimeError as error:
            if not is_exhausted(error):
                raise
            size //= 2
        else:
            return size
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
    return None


def out_of_memory(device: str, batch: int, fits: int | None) -> TrainingError:
    """The error to end a run with."""
    what = f"a batch of {batch} does not fit into the memory of --device {device}"
    if fits is None:
        return TrainingError(
            f"{what}, and no smaller one does\ntip: end what else uses it, or choose a smaller "
            f"--width"
        )
    return TrainingError(f"{what}; {fits} fits\ntip: --batch {fits}")
