"""Round numbers along an axis, as matplotlib's ``AutoLocator`` chooses them."""

from __future__ import annotations

import math

import numpy as np

__all__ = ["tick_labels", "tick_values"]

STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
MOST_INTERVALS = 9
FEWEST_TICKS = 2


def tick_values(pixels: int, space: int) -> list[float]:
    """Return ticks within the view of ``imshow``, which spans -0.5 to ``pixels`` - 0.5.

    Parameters
    ----------
    pixels : int
        Rows or columns of the picture.
    space : int
        How many labels there is room for.
    """
    first, last = -0.5, pixels - 0.5
    intervals = min(max(space, 1), MOST_INTERVALS)
    rough_step = pixels / intervals
    scale = 10.0 ** math.floor(math.log10(rough_step))
    stairs = [0.1 * step * scale for step in STEPS[:-1]] + [step * scale for step in (*STEPS, 20)]
    allowed = [step for step in stairs if step < rough_step]
    wide_enough = [step for step in stairs if step >= rough_step]
    ticks: list[float] = []
    for step in reversed(allowed + wide_enough[:1]):
        slack = 1e-9 * step
        numbers = np.arange(
            math.ceil((first - slack) / step), math.floor((last + slack) / step) + 1
        )
        ticks = [float(number) * step for number in numbers]
        if len(ticks) >= FEWEST_TICKS:
            break
    return ticks


def tick_labels(values: list[float]) -> list[str]:
    """Write ticks with as many decimals as tell them apart, and a true minus sign."""
    step = values[1] - values[0] if len(values) > 1 else 1.0
    decimals = next(n for n in range(16) if abs(step - round(step, n)) < step * 1e-6)
    return [f"{value + 0.0:.{decimals}f}".replace("-", "\N{MINUS SIGN}") for value in values]
