"""Real World Value Mapping: from stored values to a physical quantity (PS3.3 C.7.6.16.2.11)."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dcmconv.plugin import InputError, Lut, Rescale
from dcmconv_builtins.dicom.file.elements import Elements
from dcmconv_builtins.dicom.file.functional_groups import FrameGroups

__all__ = ["RealWorldMapping", "get_real_world_mapping", "units_of"]

_MACRO = "RealWorldValueMappingSequence"
# The double float attributes are for float pixels; files with integer pixels use the others.
_FIRST = ("DoubleFloatRealWorldValueFirstValueMapped", "RealWorldValueFirstValueMapped")
_LAST = ("DoubleFloatRealWorldValueLastValueMapped", "RealWorldValueLastValueMapped")
_PLAIN_UNITS = {"[hnsf'U]": "HU", "1": "", "{counts}": "counts"}
"""UCUM codes, and how people usually write them."""


class RealWorldMapping(NamedTuple):
    """How stored values become a quantity, its unit, and the range of stored values it covers."""

    transform: Rescale | Lut
    units: str
    first: float
    last: float

    def count_outside(self, stored_values: NDArray[Any]) -> int:
        """Return how many values are outside the mapped range; they are transformed too."""
        outside = (stored_values < self.first) | (stored_values > self.last)
        return int(np.count_nonzero(outside))


def get_real_world_mapping(groups: FrameGroups, *, is_signed: bool) -> RealWorldMapping:
    """Return the first usable item of the Real World Value Mapping Sequence (0040,9096).

    Parameters
    ----------
    groups : FrameGroups
        Of the frame; the sequence may be in its own groups, the shared ones, or the top level.
    is_signed : bool
        Whether stored values are; the first and last value mapped are read the same way.

    Raises
    ------
    InputError
        If there is no item, or no usable one.
    """
    items = _items(groups)
    for item in items:
        first, last = _range(item, is_signed=is_signed)
        # PS3.3 C.7.6.16.2.11: an item has either a table or a slope and an intercept.
        transform = _table(item, first, last) or _line(item)
        if transform is not None:
            _note_others(items, item)
            return RealWorldMapping(transform, units_of(item), first, last)
    found = "is missing" if not items else "has no slope and intercept, and no complete table"
    raise InputError(
        f"Real World Value Mapping Sequence (0040,9096) {found}; values=real-world needs it.",
        hint="Leave out values=real-world to use Rescale Slope instead.",
        reason="no-mapping",
    )


def units_of(item: Elements) -> str:
    """Return the unit of a mapping, from Measurement Units Code Sequence (0040,08EA).

    UCUM codes are returned as people write them: ``g/ml{SUVbw}`` as SUVbw, ``1`` as "".
    """
    for code in item.items("MeasurementUnitsCodeSequence")[:1]:
        # Code Value has at most 16 characters (VR SH); a longer code is in Long Code Value.
        value = code.text("CodeValue") or code.text("LongCodeValue")
        if value in _PLAIN_UNITS:
            return _PLAIN_UNITS[value]
        _, brace, annotation = value.partition("{SUV")
        return f"SUV{annotation.rstrip('}')}" if brace else value
    return ""


def _items(groups: FrameGroups) -> tuple[Elements, ...]:
    for group in (*groups.groups, groups.top):
        items = group.items(_MACRO)
        if items:
            return items
    return ()


def _line(item: Elements) -> Rescale | None:
    slope = item.number("RealWorldValueSlope")
    intercept = item.number("RealWorldValueIntercept")
    # A slope of 0 would give all pixels the same quantity: an error, not a mapping.
    if slope is None or intercept is None or slope == 0:
        return None
    if not (math.isfinite(slope) and math.isfinite(intercept)):
        return None
    return Rescale(float(slope), float(intercept))


def _table(item: Elements, first: float, last: float) -> Lut | None:
    # One entry for each stored value from the first to the last one mapped.
    entries = np.array(item.numbers("RealWorldValueLUTData"), np.float64)
    # If an end is missing, it is infinite, and no table has that length.
    if not entries.size or len(entries) != last - first + 1 or not np.isfinite(entries).all():
        return None
    entries.flags.writeable = False
    return Lut(entries, first=int(first), explanation=item.text("LUTExplanation"))


def _range(item: Elements, *, is_signed: bool) -> tuple[float, float]:
    """Return the first and last stored value that the item maps; infinite if not given."""
    first, last = _number(item, _FIRST), _number(item, _LAST)
    first = -math.inf if first is None else _with_sign(first, is_signed=is_signed)
    last = math.inf if last is None else _with_sign(last, is_signed=is_signed)
    return first, last


def _number(item: Elements, keywords: tuple[str, str]) -> float | None:
    found = (item.number(keyword) for keyword in keywords)
    return next((number for number in found if number is not None), None)


def _with_sign(value: float, *, is_signed: bool) -> float:
    # Writers often use VR US even for signed pixels.
    return value - 0x10000 if is_signed and 0x8000 <= value <= 0xFFFF else value


def _note_others(items: tuple[Elements, ...], used: Elements) -> None:
    if len(items) > 1:
        number = items.index(used) + 1
        used.notes.add(
            f"Real World Value Mapping Sequence (0040,9096) has {len(items)} items; "
            f"used item {number}."
        )
