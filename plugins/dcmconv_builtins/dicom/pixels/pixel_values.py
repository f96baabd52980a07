"""From pixel cells to stored values: Bits Stored, High Bit, sign, padding (PS3.5 8.1)."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dcmconv.plugin import Frame, Padding
from dcmconv_builtins.dicom.file.elements import Elements

__all__ = ["StoredRange", "find_padding", "is_padding", "stored_values_of"]


class StoredRange(NamedTuple):
    """The least and the greatest value that the stored bits can hold."""

    least: float
    greatest: float

    @classmethod
    def of(cls, bits_stored: int, *, is_signed: bool) -> StoredRange:
        """Return the range of integers of this many bits."""
        if is_signed:
            return cls(-(1 << (bits_stored - 1)), (1 << (bits_stored - 1)) - 1)
        return cls(0, (1 << bits_stored) - 1)


def stored_values_of(
    cells: NDArray[Any], *, bits_stored: int, high_bit: int, is_signed: bool
) -> NDArray[Any]:
    """Extract the stored value from each pixel cell, and extend its sign (PS3.5 8.1.1).

    Parameters
    ----------
    cells : integer array, any shape
        As decoded: bits outside Bits Stored may hold anything, such as overlays.
    bits_stored, high_bit : int
        Bits Stored (0028,0101) and High Bit (0028,0102), the most significant bit of the value.  If
        High Bit is not Bits Stored - 1, a retired usage, cells are shifted down.
    is_signed : bool
        Pixel Representation (0028,0103) is 1.

    Returns
    -------
    integer array, same shape and item size
        Signed if ``is_signed``.  The same memory if no bit has to change.

    >>> cells = np.array([0xF7FF, 0x0800], np.uint16)
    >>> stored_values_of(cells, bits_stored=12, high_bit=11, is_signed=True).tolist()
    [2047, -2048]
    """
    bits_allocated = cells.dtype.itemsize * 8
    kind = "i" if is_signed else "u"
    # A view, not a conversion: the bits stay, and only the sign is read differently.
    values = cells.view(np.dtype(f"{cells.dtype.byteorder}{kind}{cells.dtype.itemsize}"))
    above = bits_allocated - 1 - high_bit
    if above == 0 and bits_stored == bits_allocated:
        return values
    if high_bit == bits_stored - 1 and _all_fit(values, bits_stored, is_signed=is_signed):
        return values
    if not is_signed:
        shifted = values >> (high_bit + 1 - bits_stored)
        masked: NDArray[Any] = shifted & values.dtype.type((1 << bits_stored) - 1)
        return masked
    # Shift the sign bit to the top, then down again: the second shift copies it.
    extended: NDArray[Any] = (values << above) >> (bits_allocated - bits_stored)
    return extended


def _all_fit(values: NDArray[Any], bits_stored: int, *, is_signed: bool) -> bool:
    """Whether all values are in range already; to check that is cheaper than to mask."""
    # Not values.max(), which is a Python function of numpy around this one.
    greatest = (1 << (bits_stored - is_signed)) - 1
    if np.maximum.reduce(values, axis=None) > greatest:
        return False
    return not is_signed or bool(np.minimum.reduce(values, axis=None) >= -1 - greatest)


def find_padding(top: Elements, *, is_signed: bool, is_float: bool) -> Padding | None:
    """Return Pixel Padding Value and Range Limit as a range of stored values (PS3.3 C.7.5.1.1.2).

    Their VR, US or SS, is often wrong; Pixel Representation decides whether they are signed.
    """
    value = _padding_number(top, "PixelPaddingValue", is_float=is_float)
    limit = _padding_number(top, "PixelPaddingRangeLimit", is_float=is_float)
    if value is None:
        return None
    ends = [value, value if limit is None else limit]
    if not is_float:
        ends = [_with_sign_of_pixels(int(end), is_signed=is_signed) for end in ends]
    return Padding(min(ends), max(ends))


def is_padding(frame: Frame) -> NDArray[np.bool_]:
    """Return which pixels are padding: bool array, shape (rows, columns), new."""
    if frame.padding is None:
        return np.zeros((frame.rows, frame.columns), np.bool_)
    first, last = frame.padding
    inside: NDArray[np.bool_] = (frame.stored_values >= first) & (frame.stored_values <= last)
    return inside


_FLOAT_PADDING = {
    "PixelPaddingValue": ("FloatPixelPaddingValue", "DoubleFloatPixelPaddingValue"),
    "PixelPaddingRangeLimit": (
        "FloatPixelPaddingRangeLimit",
        "DoubleFloatPixelPaddingRangeLimit",
    ),
}


def _padding_number(top: Elements, keyword: str, *, is_float: bool) -> float | None:
    if not is_float:
        return top.number(keyword)
    found = (top.number(name) for name in _FLOAT_PADDING[keyword])
    return next((number for number in found if number is not None), None)


def _with_sign_of_pixels(value: int, *, is_signed: bool) -> int:
    # Padding of a wrong VR is off by 65536: FFFF is -1 where pixels are signed.
    if is_signed and 0x8000 <= value <= 0xFFFF:
        return value - 0x10000
    if not is_signed and -0x8000 <= value < 0:
        return value + 0x10000
    return value
