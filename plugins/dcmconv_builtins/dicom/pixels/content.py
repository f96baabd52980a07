"""What only the pixels themselves show: word order, number of frames, bits in use.

Neighboring pixels of a picture are alike.  Where a header leaves two readings, the one that is
clearly smoother is right; where neither is, a picture would be a guess.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dcmconv.plugin import InputError
from dcmconv_builtins.dicom.file.notes import Notes
from dcmconv_builtins.dicom.pixels.pixel_description import PixelDescription

__all__ = [
    "bits_above",
    "bits_are_bytes",
    "in_smoother_word_order",
    "is_one_cell_of_several",
    "uses_bits_below",
]

_CLEARLY = 2
"""The right reading is at least this many times smoother."""
_FRAMES = 8
"""How many frames are checked; the first may be blank."""

ReadCells = Callable[[PixelDescription, int], NDArray[Any]]
"""Returns the cells of a frame, counted from 0, as a description reads them."""


def in_smoother_word_order(
    description: PixelDescription, read_cells: ReadCells, notes: Notes
) -> PixelDescription:
    """Decide the order of the words of big endian cells of 32 or 64 bits in OW.

    By the standard each word of 16 bits is big endian, and the low word comes first (PS3.5 6.2,
    8.1.1); pydicom and others write the whole cell big endian.  The decision is always noted.

    Raises
    ------
    InputError
        If neither reading is clearly smoother.
    """
    swapped = replace(description, has_low_word_first=True)
    for frame_index in range(min(description.frame_count, _FRAMES)):
        as_written = read_cells(description, frame_index)
        as_standard = read_cells(swapped, frame_index)
        if np.array_equal(as_written, as_standard):
            continue
        roughness = _roughness(as_written), _roughness(as_standard)
        subject = f"Pixel Data (7FE0,0010) is big endian in OW, {description.bits_allocated} bits"
        if roughness[0] * _CLEARLY < roughness[1]:
            notes.add(f"{subject} a pixel; read it with the high word first, which is smoother.")
            return description
        if roughness[1] * _CLEARLY < roughness[0]:
            notes.add(f"{subject} a pixel; read it with the low word first, which is smoother.")
            return swapped
        raise InputError(
            f"{subject} a pixel; its words may have the low one first (PS3.5 8.1.1) or the high "
            "one, and the pixels do not show which.",
            hint="Ask the sender for a little endian file.",
        )
    # Both readings are the same.
    return description


def is_one_cell_of_several(cells: NDArray[Any], count: int) -> bool:
    """Whether rows of cells look like pixels of ``count`` cells each: 16 bits read as 8, or RGB."""
    flat = cells.reshape(1, -1)
    if count > 4 or flat.size <= count:
        return False
    return _roughness(flat, count) * _CLEARLY < _roughness(flat)


def bits_are_bytes(bits: NDArray[Any]) -> bool:
    """Whether 1-bit pixels look like bytes of 0 and 1, or of 0 and 255."""
    flat = bits.reshape(-1)
    octets = flat[: flat.size // 8 * 8].reshape(-1, 8)
    rest = octets[:, 1:]
    is_binary = not rest.any() or bool((rest == octets[:, :1]).all())
    return is_binary and bool(octets.any())


def bits_above(cells: NDArray[Any], bits_stored: int, planes: Iterable[int]) -> bool:
    """Whether pixels use bits above their field, other than those of overlay planes.

    A sign that is extended into these bits is none of them.

    Parameters
    ----------
    cells : integer array
        All bits of the pixels.
    bits_stored : int
        The width of the field, whose lowest bit is 0; signed if ``cells`` are.
    planes : iterable of int
        Bits that hold overlays.
    """
    width = cells.dtype.itemsize * 8
    mask = (1 << width) - (1 << bits_stored)
    for plane in planes:
        mask &= ~(1 << plane)
    above = cells.view(f"u{cells.dtype.itemsize}") & mask
    if cells.dtype.kind == "u":
        return bool(above.any())
    sign = cells.view(f"u{cells.dtype.itemsize}") >> (bits_stored - 1) & 1
    return bool(((above != 0) & ~((above == mask) & (sign == 1))).any())


def uses_bits_below(cells: Iterable[NDArray[Any]], lowest_bit: int, planes: Iterable[int]) -> bool:
    """Whether pixels use bits below their field, other than those of overlay planes.

    Parameters
    ----------
    cells : iterable of integer arrays
        All bits of the pixels, frame by frame.
    lowest_bit : int
        The lowest bit of the field.
    planes : iterable of int
        Bits that hold overlays.
    """
    mask = (1 << lowest_bit) - 1
    for plane in planes:
        mask &= ~(1 << plane)
    return any((values.view(f"u{values.itemsize}") & mask).any() for values in cells)


def _roughness(values: NDArray[Any], step: int = 1) -> float:
    """Return the mean difference between pixels that are ``step`` columns apart."""
    values = values.reshape(len(values), -1) if step > 1 or values.ndim == 1 else values
    # Differences of integers could wrap around.
    exact = values.astype(np.float64)
    if exact.shape[1] <= step:
        exact = exact.reshape(1, -1)
    steps = np.abs(exact[:, step:] - exact[:, :-step])
    return float(steps.mean()) if steps.size else 0.0
