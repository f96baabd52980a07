"""Real World Value Mapping: from stored values to a physical quantity (PS3.3 C.7.6.16.2.11)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dcmconv.plugin import InputError, Lut, Rescale
from dcmconv_builtins.dicom.elements import Elements
from dcmconv_builtins.dicom.functional_groups import FrameGroups

__all__ = ["find_real_world_mapping", "units_of", "values_outside"]

_MACRO = "RealWorldValueMappingSequence"
_FIRST = ("DoubleFloatRealWorldValueFirstValueMapped", "RealWorldValueFirstValueMapped")
_LAST = ("DoubleFloatRealWorldValueLastValueMapped", "RealWorldValueLastValueMapped")
_PLAIN_UNITS = {"[hnsf'U]": "HU", "1": "", "{counts}": "counts"}
"""Codes of UCUM that people write otherwise."""


def find_real_world_mapping(groups: FrameGroups, *, is_signed: bool) -> tuple[Rescale | Lut, str]:
    """Return the transform of the first usable item, and the unit of its result.

    Parameters
    ----------
    groups : FrameGroups
        Of the frame; the sequence may stand in it, in the shared groups, or at the top level.
    is_signed : bool
        Whether stored values are; the first value of a table is read the same way.

    Raises
    ------
    InputError
        If there is no item, or none that can be used.
    """
    items = _items(groups)
    for item in items:
        transform = _table(item, is_signed=is_signed) or _line(item)
        if transform is not None:
            _note_others(items, item)
            return transform, units_of(item)
    found = "is missing" if not items else "has neither a slope and an intercept nor a whole table"
    raise InputError(
        f"Real World Value Mapping Sequence (0040,9096) {found}; one was needed for real-world.",
        hint="Read the file without values=real-world; its values are those of Rescale Slope then.",
        reason="no-mapping",
    )


def units_of(item: Elements) -> str:
    """Return the unit of a mapping, from Measurement Units Code Sequence (0040,08EA).

    UCUM's code as people write it: ``g/ml{SUVbw}`` is SUVbw, ``1`` is nothing.
    """
    for code in item.items("MeasurementUnitsCodeSequence")[:1]:
        value = code.text("CodeValue") or code.text("LongCodeValue")
        if value in _PLAIN_UNITS:
            return _PLAIN_UNITS[value]
        _, brace, annotation = value.partition("{SUV")
        return f"SUV{annotation.rstrip('}')}" if brace else value
    return ""


def values_outside(stored_values: NDArray[Any], groups: FrameGroups) -> int:
    """Return how many stored values the used item does not map; they follow the same line."""
    for item in _items(groups):
        first, last = _number(item, _FIRST), _number(item, _LAST)
        if first is None or last is None or first > last:
            continue
        return int(np.count_nonzero((stored_values < first) | (stored_values > last)))
    return 0


def _items(groups: FrameGroups) -> tuple[Elements, ...]:
    for group in (*groups.groups, groups.top):
        items = group.items(_MACRO)
        if items:
            return items
    return ()


def _line(item: Elements) -> Rescale | None:
    slope = item.number("RealWorldValueSlope")
    intercept = item.number("RealWorldValueIntercept")
    if slope is None or intercept is None or slope == 0:
        return None
    if not (math.isfinite(slope) and math.isfinite(intercept)):
        return None
    return Rescale(float(slope), float(intercept))


def _table(item: Elements, *, is_signed: bool) -> Lut | None:
    entries = np.array(item.numbers("RealWorldValueLUTData"), np.float64)
    first, last = _number(item, _FIRST), _number(item, _LAST)
    if not entries.size or first is None or last is None or not np.isfinite(entries).all():
        return None
    first, last = (_with_sign(end, is_signed=is_signed) for end in (first, last))
    if len(entries) != last - first + 1:
        return None
    entries.flags.writeable = False
    return Lut(entries, first=first, explanation=item.text("LUTExplanation"))


def _number(item: Elements, keywords: tuple[str, str]) -> float | None:
    found = (item.number(keyword) for keyword in keywords)
    return next((number for number in found if number is not None), None)


def _with_sign(value: float, *, is_signed: bool) -> int:
    # Their VR is often US where the pixels are signed.
    return int(value) - 0x10000 if is_signed and 0x8000 <= value <= 0xFFFF else int(value)


def _note_others(items: tuple[Elements, ...], used: Elements) -> None:
    if len(items) > 1:
        place = items.index(used) + 1
        used.notes.add(
            f"Real World Value Mapping Sequence (0040,9096) has {len(items)} items; "
            f"item {place} was used."
        )
