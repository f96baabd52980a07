"""A filter for each row of a PNG (section 12.7), chosen for the smallest file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dcmconv_builtins.writers.png_filter import AVERAGE, NONE, PAETH, SUB, UP, Bytes

__all__ = ["deflated_smallest"]

FILTERS = (NONE, SUB, UP, AVERAGE, PAETH)
BLOCK_BYTES = 2**17
SAMPLED_BYTES = 2**16
SAMPLED_BANDS = 8
TINY_BYTES = 2**12
NOISE = 0.8
"""A sample is noise if its bytes need less than this share of its deflated size without matches."""

Candidates = NDArray[np.uint8]
"""A few rows after each filter: shape (5, rows, bytes of a row)."""

Strategy = Callable[[Candidates], NDArray[np.intp]]
"""Chooses the filter of each row."""


def deflated_smallest(raw: Bytes, pixel_bytes: int) -> bytes:
    """Filter rows by the strategy that compresses best, judged by a sample of them, and deflate.

    No strategy is best for all pictures.  Noise calls for the least entropy; scaled values of 16
    bits for the fewest pairs of bytes, because their high and low bytes repeat together; drawings
    and label maps for no filter.

    Parameters
    ----------
    raw : uint8 array, shape (rows, bytes of a row)
    pixel_bytes : int
        Bytes of one pixel.

    Returns
    -------
    bytes
        One zlib stream (RFC 1950) of the filtered rows.
    """
    bands = [_candidates(raw, band, pixel_bytes) for band in _bands(raw)]
    samples = [
        np.concatenate([_chosen(candidates, strategy) for candidates in bands])
        for strategy in STRATEGIES
    ]
    best, level = _best(samples)
    if len(samples[best]) == len(raw):
        return _deflated(samples[best], level)
    rows = np.empty((raw.shape[0], raw.shape[1] + 1), np.uint8)
    # In blocks, because the candidates and their costs take many times the memory of the rows.
    step = max(1, BLOCK_BYTES // raw.shape[1])
    for first in range(0, raw.shape[0], step):
        block = slice(first, min(first + step, raw.shape[0]))
        rows[block] = _chosen(_candidates(raw, block, pixel_bytes), STRATEGIES[best])
    return _deflated(rows, level)


def _best(samples: list[Bytes]) -> tuple[int, int]:
    """Return the number of the strategy whose sample deflates best, and the level to deflate with.

    Level 1 takes a twentieth of the time of level 11, and mostly ranks the samples in the same
    order.  Not in noise, where a fast search finds short matches that cost more than they save:
    then entropy is the better judge, and the most thorough level is worth its time.
    """
    if samples[0].size <= TINY_BYTES:
        sizes = [len(_deflated(sample, 11)) for sample in samples]
        return sizes.index(min(sizes)), 11
    sizes = [len(_deflated(sample, 1)) for sample in samples]
    entropy = _entropy_bytes(samples[LEAST_ENTROPY])
    if entropy < NOISE * min(sizes):
        return LEAST_ENTROPY, 12
    expected = [size * factor for size, factor in zip(sizes, HANDICAPS, strict=True)]
    best = expected.index(min(expected))
    # Level 12 takes 1.4 times as long.
    return best, 12 if entropy < sizes[best] else 11


def _deflated(rows: Bytes, level: int) -> bytes:
    from imagecodecs import deflate_encode

    # Any buffer will do, whatever the annotations of imagecodecs say.
    flat: Any = rows.reshape(-1)
    return bytes(deflate_encode(flat, level=level, raw=False))


def _entropy_bytes(rows: Bytes) -> float:
    """Return the size after the best code that treats each byte alone."""
    counts = np.bincount(rows.reshape(-1))
    frequent = counts[counts > 0]
    return float(rows.size * np.log2(rows.size) - (frequent * np.log2(frequent)).sum()) / 8


def _bands(raw: Bytes) -> Iterator[slice]:
    """Yield all rows of a small picture, or bands of rows spread evenly over a large one."""
    if raw.size <= SAMPLED_BYTES:
        yield slice(0, raw.shape[0])
        return
    height = max(1, SAMPLED_BYTES // SAMPLED_BANDS // raw.shape[1])
    # Fewer bands than rows, for pictures that are much wider than high.
    count = min(SAMPLED_BANDS, raw.shape[0] // height)
    for number in range(count):
        first = (raw.shape[0] - height) * (2 * number + 1) // (2 * count)
        yield slice(first, first + height)


def _candidates(raw: Bytes, band: slice, pixel_bytes: int) -> Candidates:
    here = raw[band]
    # Above the first row, and left of the first pixel, values count as zero.
    up = np.zeros_like(here)
    if band.start == 0:
        up[1:] = here[:-1]
    else:
        up[...] = raw[band.start - 1 : band.stop - 1]
    left, up_left = np.zeros_like(here), np.zeros_like(here)
    left[:, pixel_bytes:] = here[:, :-pixel_bytes]
    up_left[:, pixel_bytes:] = up[:, :-pixel_bytes]
    result = np.empty((len(FILTERS), *here.shape), np.uint8)
    # uint8 wraps around, as it must: filters compute modulo 256.
    result[NONE] = here
    np.subtract(here, left, out=result[SUB])
    np.subtract(here, up, out=result[UP])
    # The mean without a ninth bit: what both have, and half of what only one has.
    np.subtract(here, (left & up) + ((left ^ up) >> 1), out=result[AVERAGE])
    np.subtract(here, _paeth(left, up, up_left), out=result[PAETH])
    return result


def _paeth(left: Bytes, up: Bytes, up_left: Bytes) -> Bytes:
    # Ties go to the left, then to the one above; decoders rely on this order (section 9.4).
    a, b, c = (values.astype(np.int16) for values in (left, up, up_left))
    to_left, to_up = b - c, a - c
    to_up_left = np.abs(to_left + to_up)
    np.abs(to_left, out=to_left)
    np.abs(to_up, out=to_up)
    is_left = (to_left <= to_up) & (to_left <= to_up_left)
    return np.where(is_left, left, np.where(to_up <= to_up_left, up, up_left))


def _chosen(candidates: Candidates, strategy: Strategy) -> Bytes:
    _, rows, row_bytes = candidates.shape
    kinds = strategy(candidates)
    result = np.empty((rows, row_bytes + 1), np.uint8)
    result[:, 0] = kinds
    result[:, 1:] = candidates[kinds, np.arange(rows)]
    return result


def _always(kind: int) -> Strategy:
    return lambda candidates: np.full(candidates.shape[1], kind)


def _least_sum(candidates: Candidates) -> NDArray[np.intp]:
    # Bytes count as signed here: 255 is a difference of 1.
    magnitudes = np.minimum(candidates, np.negative(candidates))
    kinds: NDArray[np.intp] = magnitudes.sum(axis=2, dtype=np.uint32).argmin(axis=0)
    return kinds


def _least_entropy(candidates: Candidates) -> NDArray[np.intp]:
    # The entropy of n bytes is n * log2(n) - sum(c * log2(c)), for the count c of each value.
    filters, rows, row_bytes = candidates.shape
    terms = np.arange(row_bytes + 1, dtype=np.float64)
    terms[1:] *= np.log2(terms[1:])
    # 256 bins for each row, so that one call counts all rows.
    first_bin = np.arange(filters * rows).reshape(filters, rows, 1) * 256
    counts = np.bincount((candidates + first_bin).reshape(-1), minlength=filters * rows * 256)
    kinds: NDArray[np.intp] = terms[counts].reshape(filters, rows, 256).sum(axis=2).argmax(axis=0)
    return kinds


def _fewest_pairs(candidates: Candidates) -> NDArray[np.intp]:
    pairs = candidates[:, :, :-1].astype(np.uint16) << 8
    pairs |= candidates[:, :, 1:]
    # Equal pairs become neighbors.  A stable sort of 16-bit integers is a radix sort.
    pairs.sort(axis=2, kind="stable")
    kinds: NDArray[np.intp] = np.count_nonzero(np.diff(pairs, axis=2), axis=2).argmin(axis=0)
    return kinds


STRATEGIES: tuple[Strategy, ...] = (
    _least_sum,
    _least_entropy,
    _fewest_pairs,
    *(_always(kind) for kind in FILTERS),
)
LEAST_ENTROPY = STRATEGIES.index(_least_entropy)
# Measured: where the others win at level 1 by less than this, they lose at level 11.
HANDICAPS = (1, 1, 1.01, *(1.025 for _ in FILTERS))
