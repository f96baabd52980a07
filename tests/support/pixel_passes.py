"""Passes over the pixels of a frame, and the memory that goes with them: counted, not timed.

>>> found = passes_over(stored_values, lambda values: (values.min(), values.max()))
>>> found.total, found.names
(2.0, ('minimum.reduce', 'maximum.reduce'))
"""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Passes", "passes_over", "peak_bytes"]


@dataclass
class Passes:
    """What numpy did with the pixels: name and share of the pixels, in order."""

    pixels: int
    steps: list[tuple[str, float]] = field(default_factory=list)

    def add(self, name: str, *operands: Any) -> None:
        """Count one operation."""
        elements = max((each.size for each in operands if isinstance(each, np.ndarray)), default=0)
        self.steps.append((name, elements / self.pixels))

    @property
    def total(self) -> float:
        """Passes over the whole frame; operations on parts of it add up."""
        return sum(share for _, share in self.steps)

    @property
    def names(self) -> tuple[str, ...]:
        """Each operation once, in order of its first use."""
        return tuple(dict.fromkeys(name for name, _ in self.steps))


class _Watched(np.ndarray[Any, Any]):
    """An array that reports what is done with it, and with everything computed from it."""

    passes: Passes

    def __array_finalize__(self, source: object) -> None:
        if isinstance(source, _Watched):
            self.passes = source.passes

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        suffix = "" if method == "__call__" else f".{method}"
        return self._reported(ufunc.__name__ + suffix, getattr(ufunc, method), inputs, options)

    def __array_function__(self, function: Any, _: Any, inputs: Any, options: Any) -> Any:
        return self._reported(function.__name__, function, inputs, options)

    def _reported(self, name: str, function: Any, inputs: Any, options: Any) -> Any:
        self.passes.add(name, *inputs)
        plain = {key: _plain(value) for key, value in options.items()}
        result = function(*map(_plain, inputs), **plain)
        if isinstance(result, np.ndarray):
            watched = result.view(_Watched)
            watched.passes = self.passes
            return watched
        return result


def _plain(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return type(value)(map(_plain, value))
    return value.view(np.ndarray) if isinstance(value, _Watched) else value


def _reporting(name: str) -> Callable[..., Any]:
    def method(self: _Watched, *inputs: Any, **options: Any) -> Any:
        self.passes.add(name, self)
        return getattr(super(_Watched, self), name)(*inputs, **options)

    return method


# Methods that numpy does not announce as those above.
for _name in ("argsort", "astype", "copy", "flatten", "nonzero", "partition", "sort", "take"):
    setattr(_Watched, _name, _reporting(_name))


def passes_over(pixels: NDArray[Any], work: Callable[[NDArray[Any]], object]) -> Passes:
    """Do some work on pixels, and return numpy's operations on them and on what they become."""
    watched = pixels.view(_Watched)
    watched.passes = Passes(pixels.size)
    work(watched)
    return watched.passes


def peak_bytes(work: Callable[[], object]) -> int:
    """Return how many bytes the work allocates at most at one time, its result included."""
    # The first time, modules are imported and caches are filled.
    work()
    tracemalloc.start()
    try:
        # Held, because a result that is dropped would leave its memory to the next step.
        result = work()
        _, peak = tracemalloc.get_traced_memory()
        del result
    finally:
        tracemalloc.stop()
    return peak
