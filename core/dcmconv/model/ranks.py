"""Which value is at a rank among pixels, without sorting the pixels.

Integers of at most 16 bits are counted: in one pass, after which every question is answered from
at most 65,536 counts.  Other values are selected: partitioned in place, so that the value at a rank
is the one that sorting would put there.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dcmconv.model.frame_parts import Lut, Padding, Rescale

__all__ = ["Ranked", "Selection", "ValueCounts", "included", "is_countable", "is_padding"]

_BLOCK = 1 << 17
"""Pixels counted at once: numpy.bincount widens them to 64 bits, which then stay in the processor's
cache.  A CR takes 8 ms, in one piece 20, and sorting its float64 values 200."""


def is_countable(stored_values: NDArray[Any]) -> bool:
    """Whether there are at most 65,536 different values."""
    return stored_values.dtype.kind in "iu" and stored_values.dtype.itemsize <= 2


def is_padding(stored_values: NDArray[Any], padding: Padding) -> NDArray[np.bool_]:
    """Return which values mark padding."""
    if padding.first == padding.last:
        mask: NDArray[np.bool_] = stored_values == padding.first
        return mask
    return (stored_values >= padding.first) & (stored_values <= padding.last)


def included(stored_values: NDArray[Any], padding: Padding | None) -> NDArray[Any]:
    """Return the finite values that are not padding; the array itself if all qualify."""
    values = stored_values
    if values.dtype.kind == "f":
        finite = np.isfinite(values)
        values = values if finite.all() else values[finite]
    if padding is None:
        return values
    excluded = is_padding(values, padding)
    return values[~excluded] if excluded.any() else values


class Ranked(ABC):
    """Values in ascending order, as far as that is asked for."""

    @property
    @abstractmethod
    def total(self) -> int:
        """How many values there are; those that occur twice count twice."""

    @abstractmethod
    def at(self, *ranks: int) -> list[float]:
        """Return the values at some ranks, counted from 0."""

    def percentile(self, percent: float) -> float:
        """Return the value with ``percent`` of the others below it, interpolated; 0 if none."""
        if self.total == 0:
            return 0.0
        # The method "linear" of numpy.percentile.
        position = (self.total - 1) * percent / 100
        below = int(position)
        low, high = self.at(below, min(below + 1, self.total - 1))
        return low + (high - low) * (position - below)


@dataclass(frozen=True, eq=False)
class ValueCounts(Ranked):
    """Different values in ascending order, and how many pixels have each.

    Parameters
    ----------
    values : array, shape (n,)
        Stored values or modality values.
    counts : int64 array, shape (n,)
        At least 1 each.
    """

    values: NDArray[Any]
    counts: NDArray[np.int64]

    @classmethod
    def of(cls, stored_values: NDArray[Any], padding: Padding | None = None) -> ValueCounts:
        """Count stored values that are not padding (see ``is_countable``)."""
        if stored_values.size == 0:
            return cls(np.empty(0, np.int64), np.empty(0, np.int64))
        flat = stored_values.reshape(-1)
        low, high = flat.min(), flat.max()
        index_type = f"u{flat.dtype.itemsize}"
        all_counts = np.zeros(int(high) - int(low) + 1, np.int64)
        for start in range(0, flat.size, _BLOCK):
            # Differences to the least value wrap around in a signed type, and fit an unsigned one.
            above_low = (flat[start : start + _BLOCK] - low).view(index_type)
            counts = np.bincount(above_low)
            all_counts[: counts.size] += counts
        present = np.flatnonzero(all_counts)
        found = cls(present + int(low), all_counts[present])
        return found if padding is None else found._without(padding)

    def _without(self, padding: Padding) -> ValueCounts:
        kept = ~is_padding(self.values, padding)
        return ValueCounts(self.values[kept], self.counts[kept])

    def mapped(self, modality: Rescale | Lut) -> ValueCounts:
        """Return the modality values; two stored values may have the same one."""
        return ValueCounts(modality(self.values), self.counts).ascending()

    def ascending(self) -> ValueCounts:
        """Return the same, in ascending order."""
        # A negative slope and some tables change the order.  Stable, because that way of sorting
        # only passes over values that are in order already, or in the opposite one.
        order = np.argsort(self.values, kind="stable")
        return ValueCounts(self.values[order], self.counts[order])

    @cached_property
    def _ends(self) -> NDArray[np.int64]:
        """The rank after the last pixel of each value."""
        return np.cumsum(self.counts)

    @property
    def total(self) -> int:
        """How many pixels were counted."""
        return int(self._ends[-1]) if self._ends.size else 0

    def at(self, *ranks: int) -> list[float]:
        """Return the values at some ranks, counted from 0."""
        # side: the first value with more than ``rank`` pixels up to it.
        index = np.searchsorted(self._ends, ranks, side="right")
        return [float(value) for value in self.values[index]]


class Selection(Ranked):
    """Values of any type; those at the ranks asked for are found by selection.

    Parameters
    ----------
    stored_values : array, any shape
        Finite and without padding.
    modality : Rescale or Lut
        From stored values to modality units.
    """

    def __init__(self, stored_values: NDArray[Any], modality: Rescale | Lut) -> None:
        self._is_mapped = not isinstance(modality, Rescale)
        # A line keeps the order, or reverses it, so that only the values found are mapped.
        values = modality(stored_values) if self._is_mapped else stored_values
        # A copy, because selecting changes the order in place.
        self._values = values.flatten()
        self._modality = modality

    @property
    def total(self) -> int:
        """How many values there are."""
        return self._values.size

    def at(self, *ranks: int) -> list[float]:
        """Return the modality values at some ranks, counted from 0."""
        if isinstance(self._modality, Rescale) and self._modality.slope < 0:
            ranks = tuple(self.total - 1 - rank for rank in ranks)
        self._values.partition(ranks)
        found = self._values[list(ranks)]
        return [float(value) for value in (found if self._is_mapped else self._modality(found))]
