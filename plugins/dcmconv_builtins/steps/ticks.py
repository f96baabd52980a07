"""Round numbers along an axis, as matplotlib's ``AutoLocator`` chooses them."""

from __future__ import annotations

import math

import numpy as np

__all__ = ["round_values", "tick_labels", "tick_values", "value_labels"]

# matplotlib's AutoLocator: these steps, at most nine intervals, at least two ticks.
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
        How many labels have room.
    """
    first, last = -0.5, pixels - 0.5
    intervals = min(max(space, 1), MOST_INTERVALS)
    rough_step = pixels / intervals
    scale = 10.0 ** math.floor(math.log10(rough_step))
    # As in MaxNLocator: from a tenth of the steps to twice the greatest.
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


def round_values(low: float, high: float, space: int) -> list[float]:
    """Return round numbers from ``low`` to ``high``, both included, no more than ``space``.

    >>> round_values(-160.0, 240.0, 5)
    [-100.0, 0.0, 100.0, 200.0]
    """
    if not high > low:
        return [low]
    scale = 10.0 ** math.floor(math.log10(high - low))
    for step in sorted(stair * power for stair in STEPS[:-1] for power in (scale / 10, scale)):
        # With a tolerance: 0.3 / 0.1 is 2.9999999999999996.
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if 0 <= last - first < space:
            return [number * step for number in range(first, last + 1)]
    return [low, high]


def tick_labels(values: list[float]) -> list[str]:
    """Format ticks with just enough decimals to distinguish them, and a true minus sign."""
    step = values[1] - values[0] if len(values) > 1 else 1.0
    decimals = next(n for n in range(16) if abs(step - round(step, n)) < step * 1e-6)
    # Adding 0.0 turns -0.0 into 0.0.
    return [f"{value + 0.0:.{decimals}f}".replace("-", "\N{MINUS SIGN}") for value in values]


def value_labels(values: list[float]) -> list[str]:
    """Format numbers of any size: like ticks, or with an exponent if that is shorter."""
    largest = max(map(abs, values))
    is_handy = len(values) > 1 and largest < 1e7 and values[1] - values[0] > 1e-6
    return tick_labels(values) if is_handy else [f"{value:.6g}" for value in values]
