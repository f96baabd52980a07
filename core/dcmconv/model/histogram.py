"""A histogram that merges: the values of many frames in little memory, in any order.

If all frames have the same linear modality transform and stored values of at most 16 bits, it
counts each stored value, which is exact.  Otherwise it counts modality values in bins of equal
width, a power of two that depends only on the extremes.  Two bins of half the width combine into
one, so merging in any order gives exactly the histogram of everything counted at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import floor, frexp, isfinite, ldexp
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dcmconv.model.frame_parts import Lut, Padding, Rescale
from dcmconv.model.ranks import ValueCounts, included, is_countable

__all__ = ["MOST_BINS", "Histogram"]

MOST_BINS = 1 << 16
"""Bins from the least to the greatest value: a bin is narrower than 1/32767 of the range, or as
narrow as the distance from the greatest value to the next float64."""

_LEAST_EXPONENT = -1074
"""Every float64 is a whole multiple of 2 to this power."""
_MANTISSA = 53

Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Histogram:
    """Counts of modality values.

    Parameters
    ----------
    minimum, maximum : float
        The extremes, in modality units.
    numbers : int64 array, shape (n,)
        The bins that are not empty, in ascending order.  With a ``modality`` they are stored
        values, else multiples of the width 2**exponent, each the lower end of its bin.
    counts : int64 array, shape (n,)
        How many pixels are in each.
    modality : Rescale, optional
        From stored values to modality units; None for bins.
    exponent : int
        Of the width; 0 with a ``modality``.
    is_whole : bool
        Every modality value is a whole number, so bins of width 1 and less are exact.
    """

    minimum: float
    maximum: float
    numbers: Integers
    counts: Integers
    modality: Rescale | None
    exponent: int
    is_whole: bool

    @classmethod
    def of(
        cls, stored_values: NDArray[Any], modality: Rescale | Lut, padding: Padding | None = None
    ) -> Histogram | None:
        """Count stored values.

        Parameters
        ----------
        stored_values : integer or float array, any shape
            Values that are not finite are left out.
        modality : Rescale or Lut
            From stored values to modality units.
        padding : Padding, optional
            Stored values to leave out.

        Returns
        -------
        Histogram or None
            None if there is no value, or if modality values overflow.
        """
        counts: Integers | None = None
        if is_countable(stored_values):
            stored = ValueCounts.of(stored_values, padding)
            modality_values, counts = modality(stored.values), stored.counts
        else:
            modality_values = modality(included(stored_values, padding)).reshape(-1)
        if modality_values.size == 0:
            return None
        # Adding 0.0 turns -0.0 into 0.0, so that the order of merging does not matter.
        minimum, maximum = float(modality_values.min()) + 0.0, float(modality_values.max()) + 0.0
        if not (isfinite(minimum) and isfinite(maximum)):
            return None
        is_whole = bool((modality_values == np.floor(modality_values)).all())
        if isinstance(modality, Rescale) and counts is not None:
            return cls(minimum, maximum, stored.values, counts, modality, 0, is_whole)
        exponent = _exponent(minimum, maximum)
        bins, counts = _summed(_bins(modality_values, exponent), counts)
        return cls(minimum, maximum, bins, counts, None, exponent, is_whole)

    @property
    def error(self) -> float:
        """How far below the exact value a percentile may be, in modality units; 0 if exact."""
        is_constant = self.minimum == self.maximum
        if self.modality is not None or is_constant or (self.is_whole and self.exponent <= 0):
            return 0.0
        return ldexp(1.0, self.exponent)

    @property
    def count(self) -> int:
        """How many pixels were counted."""
        return int(self.counts.sum())

    def merged(self, other: Histogram) -> Histogram:
        """Return the histogram of the values of both."""
        minimum, maximum = min(self.minimum, other.minimum), max(self.maximum, other.maximum)
        is_whole = self.is_whole and other.is_whole
        if self.modality is not None and self.modality == other.modality:
            modality, exponent, parts = self.modality, 0, (self, other)
        else:
            # Equal stored values of two transforms are different values: only bins can be added.
            modality, exponent = None, _exponent(minimum, maximum)
            parts = (self._in_bins(exponent), other._in_bins(exponent))
        numbers, counts = _summed(
            np.concatenate([part.numbers for part in parts]),
            np.concatenate([part.counts for part in parts]),
        )
        return Histogram(minimum, maximum, numbers, counts, modality, exponent, is_whole)

    def percentile(self, percent: float) -> float:
        """Return the modality value with ``percent`` of the pixels below it, interpolated.

        It is the exact value, or less than ``error`` below it.
        """
        return self._ranked.percentile(percent)

    @cached_property
    def _ranked(self) -> ValueCounts:
        if self.modality is not None:
            return ValueCounts(self.numbers, self.counts).mapped(self.modality)
        values = np.ldexp(self.numbers.astype(np.float64), self.exponent)
        # The lower end of the first bin may be below the minimum.
        return ValueCounts(np.maximum(values, self.minimum), self.counts)

    def _in_bins(self, exponent: int) -> Histogram:
        """Return the same counts in bins of width 2**exponent, at least the current width."""
        if self.modality is not None:
            bins = _bins(self.modality(self.numbers), exponent)
        else:
            # Shifting rounds down, also below 0: each bin lies wholly in one of the wider bins.
            # 63 bits already leave only 0 or -1, as any greater shift must.
            bins = self.numbers >> min(exponent - self.exponent, 63)
        numbers, counts = _summed(bins, self.counts)
        return Histogram(self.minimum, self.maximum, numbers, counts, None, exponent, self.is_whole)


def _summed(numbers: Integers, counts: Integers | None) -> tuple[Integers, Integers]:
    """Return each number once, in ascending order, with its counts summed; by default 1 each."""
    # The first and the last are never more than MOST_BINS apart: there is no need to sort.
    first = int(numbers.min())
    if counts is None:
        sums = np.bincount(numbers - first)
    else:
        sums = np.zeros(int(numbers.max()) - first + 1, np.int64)
        np.add.at(sums, numbers - first, counts)
    present = np.flatnonzero(sums)
    return present + first, sums[present]


def _exponent(minimum: float, maximum: float) -> int:
    """Return the least exponent that needs at most ``MOST_BINS`` bins for the range.

    A narrower range never gives a greater exponent, so the order of merging does not matter.
    """
    largest = max(abs(minimum), abs(maximum))
    # The number of a bin must itself be exact in float64.
    exponent = max(frexp(largest)[1] - _MANTISSA, _LEAST_EXPONENT) if largest else _LEAST_EXPONENT
    while _bin(maximum, exponent) - _bin(minimum, exponent) >= MOST_BINS:
        exponent += 1
    return exponent


def _bin(modality_value: float, exponent: int) -> int:
    number = floor(ldexp(modality_value, -exponent))
    # The quotient of a tiny negative value may underflow to 0; its bin is still the one below.
    return min(number, -1) if modality_value < 0 else number


def _bins(modality_values: NDArray[np.float64], exponent: int) -> Integers:
    # Equal to _bin, for arrays.
    numbers = np.floor(np.ldexp(modality_values, -exponent)).astype(np.int64)
    return np.where(modality_values < 0, np.minimum(numbers, -1), numbers)
