"""Windows of a stretch: which there are, and the same stretch's sound from elsewhere in time."""

from dataclasses import dataclass

import numpy as np

from sonoscope_training.multisensory import AUDIO_RATE_HZ, WINDOW_SAMPLES, Form
from sonoscope_training.stretches import Stretch

# Sound from less far away is no negative: rhythms of the two windows would still agree in part.
LEAST_SHIFT_S = 2.0
# Seconds on each side of a window's middle second that it reaches into.
REACH_SECONDS = 2


@dataclass(frozen=True)
class Window:
    """A place in a stretch: its first picture, and the sample at which sound begins."""

    first_picture: int
    first_sample: int


def at_picture(first_picture: int, form: Form) -> Window:
    """The window that begins with a picture; pictures and sound have the same middle."""
    middle_s = (first_picture + form.frames / 2) / form.rate_hz
    return Window(first_picture, round(middle_s * AUDIO_RATE_HZ) - WINDOW_SAMPLES // 2)


def of_second(second: int, form: Form) -> Window:
    """The window of a second of the stretch, as it is served: centred on the second's middle."""
    return at_picture(form.rate_hz * second + (form.rate_hz - form.frames) // 2, form)


def usable(stretch: Stretch, form: Form) -> list[Window]:
    """Every window of the grid of pictures whose sound can be shifted, and is seen and heard.

    Seconds known to be silent or off screen must be fewer than half of those it reaches into.
    """
    apart = stretch.apart()
    last = stretch.seconds * form.rate_hz - form.frames
    places = (at_picture(first, form) for first in range(last + 1))
    return [
        window
        for window in places
        if fits(window, stretch) and shifts(window, stretch, form) and heard(window, apart, form)
    ]


def seconds(stretch: Stretch, form: Form) -> list[Window]:
    """The same, of windows that are centred on a second alone, as they are served."""
    wanted = {of_second(second, form) for second in range(stretch.seconds)}
    return [window for window in usable(stretch, form) if window in wanted]


def fits(window: Window, stretch: Stretch) -> bool:
    """Whether there is sound for all of it."""
    last = stretch.seconds * AUDIO_RATE_HZ - WINDOW_SAMPLES
    return 0 <= window.first_sample <= last


def heard(window: Window, apart: set[int], form: Form) -> bool:
    """Whether most of its seconds are not known to be silent or off screen."""
    middle = (window.first_picture + form.frames // 2) // form.rate_hz
    reach = range(middle - REACH_SECONDS, middle + REACH_SECONDS + 1)
    return 2 * len(apart.intersection(reach)) < len(reach)


def shifts(window: Window, stretch: Stretch, form: Form) -> list[range]:
    """Samples at which misaligned sound may begin, before and after the window's own.

    From as far as the form wishes; in stretches too short for that, from `LEAST_SHIFT_S`.
    """
    last = stretch.seconds * AUDIO_RATE_HZ - WINDOW_SAMPLES
    for shift_s in (form.shift_s, LEAST_SHIFT_S):
        far = round(shift_s * AUDIO_RATE_HZ)
        sides = (
            range(0, window.first_sample - far + 1),
            range(window.first_sample + far, last + 1),
        )
        if found := [side for side in sides if side]:
            return found
    return []


def shifted(window: Window, stretch: Stretch, form: Form, random: np.random.Generator) -> int:
    """The sample at which misaligned sound begins, each possible one as likely as another."""
    sides = shifts(window, stretch, form)
    place = int(random.integers(sum(map(len, sides))))
    for side in sides:
        if place < len(side):
            return side[place]
        place -= len(side)
    raise AssertionError("a place within the sides")
