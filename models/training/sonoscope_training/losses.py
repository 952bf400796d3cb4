"""Cross-entropy in which what belongs together and what does not weigh half each."""

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional


def correspondence_loss(logits: Tensor, pairs: Literal["all", "two"] = "all") -> Tensor:
    """Of `[n, n]` logits of every picture (rows) with every sound, the diagonal matching.

    With "two", the only other sound of a picture is that of the row behind it.
    """
    count = len(logits)
    matching = functional.softplus(-logits.diagonal()).mean()
    if pairs == "two":
        following = torch.arange(1, count + 1, device=logits.device) % count
        others = functional.softplus(logits.gather(1, following[:, None])).mean()
    else:
        losses = functional.softplus(logits)
        others = (losses.sum() - losses.diagonal().sum()) / (count * (count - 1))
    return (matching + others) / 2


def contrast(logits: Tensor) -> Tensor:
    """Cross-entropy of finding each picture's own sound in the batch, and each sound's picture.

    It asks for order alone, not for a border, and so has a gradient where the border is still
    nowhere to be seen.
    """
    own = torch.arange(len(logits), device=logits.device)
    sounds = functional.cross_entropy(logits, own)
    pictures = functional.cross_entropy(logits.T, own)
    return (sounds + pictures) / 2


def alignment_loss(logits: Tensor) -> Tensor:
    """Of `[2 * n]` logits: the first half is aligned in time, the second half is not."""
    aligned, misaligned = logits.chunk(2)
    return (functional.softplus(-aligned).mean() + functional.softplus(misaligned).mean()) / 2
