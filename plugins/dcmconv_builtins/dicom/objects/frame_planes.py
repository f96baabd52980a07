"""Which frames of a segmentation show the same plane (PS3.3 C.7.6.16.2, C.7.6.17)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dcmconv_builtins.dicom.file.elements import Elements
from dcmconv_builtins.dicom.file.functional_groups import FrameGroups
from dcmconv_builtins.dicom.objects.segments import segment_number
from dcmconv_builtins.dicom.pixels.frame_source import TilePosition

__all__ = [
    "FramePlane",
    "dimension_indices",
    "group_by_plane",
    "plane_position",
    "source_image",
    "temporal_position",
]

_SEGMENT_NUMBER_TAG = 0x0062000B
_DECIMALS = 3
"""Of a position in mm: writers round each frame's on its own."""


@dataclass(frozen=True)
class FramePlane:
    """A frame, the segment that it shows, its plane, and how planes are ordered."""

    frame_index: int
    segment: int | None
    key: tuple[Any, ...]
    order: tuple[float, ...]


def group_by_plane(
    top: Elements, groups: Sequence[FrameGroups], places: Sequence[TilePosition] | None
) -> list[list[FramePlane]]:
    """Return the frames of each plane, in the order of their segments; planes from end to end.

    Frames show the same plane if they lie at the same position with the same orientation and at
    the same time; without positions, if their dimension indices but for the segment agree, and
    without those, if they come from the same source image.
    """
    frames = [
        _of_tile(index, places[index], groups[index])
        if places is not None
        else _of_plane(top, index, groups[index])
        for index in range(len(groups))
    ]
    taken = Counter((frame.key, frame.segment) for frame in frames)
    if max(taken.values(), default=0) > 1:
        # Two frames of one segment at one place are two moments: their sources tell them apart.
        frames = [
            replace(frame, key=(*frame.key, *source_image(groups[frame.frame_index])))
            for frame in frames
        ]
    return _grouped(frames)


def source_image(groups: FrameGroups) -> tuple[str, int]:
    """Return SOP Instance UID and frame number of the image that a frame was made from.

    Empty and 0 where the file does not say.
    """
    for derivation in groups.places("DerivationImageSequence"):
        for source in derivation.items("SourceImageSequence")[:1]:
            uid = source.text("ReferencedSOPInstanceUID")
            return uid, source.integer("ReferencedFrameNumber") or 0
    return "", 0


def _grouped(frames: list[FramePlane]) -> list[list[FramePlane]]:
    planes: dict[tuple[Any, ...], list[FramePlane]] = {}
    for frame in frames:
        planes.setdefault(frame.key, []).append(frame)
    by_segment = [sorted(plane, key=lambda frame: frame.segment or 0) for plane in planes.values()]
    return sorted(by_segment, key=lambda plane: plane[0].order)


def _of_tile(index: int, place: TilePosition, groups: FrameGroups) -> FramePlane:
    segment = segment_number(groups)
    if segment is None and place.path.isdecimal():
        segment = int(place.path)
    key = (place.plane, place.row, place.column)
    return FramePlane(index, segment, key, tuple(map(float, key)))


def temporal_position(groups: FrameGroups) -> float:
    """Return when a frame was taken, in the file's own count; 0 where it does not say."""
    place = groups.find("FrameContentSequence", "TemporalPositionIndex")
    if place is not None:
        return float(place.number("TemporalPositionIndex") or 0)
    place = groups.find("TemporalPositionSequence", "TemporalPositionTimeOffset")
    return float(place.number("TemporalPositionTimeOffset") or 0) if place is not None else 0.0


def plane_position(groups: FrameGroups) -> tuple[float, ...]:
    """Return position and orientation of a frame, in the patient or in the volume.

    Nine numbers, in mm and as direction cosines, rounded, because writers round each frame's on its
    own; empty where the file does not say.
    """
    for frame_of_reference in ("Patient", "Volume"):
        macro = "" if frame_of_reference == "Patient" else frame_of_reference
        position = _numbers(
            groups, f"PlanePosition{macro}Sequence", f"ImagePosition{frame_of_reference}", 3
        )
        orientation = _numbers(
            groups, f"PlaneOrientation{macro}Sequence", f"ImageOrientation{frame_of_reference}", 6
        )
        if position and orientation:
            return _rounded((*position, *orientation))
    return ()


def dimension_indices(
    top: Elements, groups: FrameGroups, *, without: int
) -> tuple[float, ...] | None:
    """Return the Dimension Index Values of a frame but for one dimension (PS3.3 C.7.6.17).

    None where the file has none, or not that dimension.
    """
    place = groups.find("FrameContentSequence", "DimensionIndexValues")
    values = place.numbers("DimensionIndexValues") if place is not None else ()
    pointers = [_tag(item) for item in top.items("DimensionIndexSequence")]
    if len(pointers) != len(values) or without not in pointers:
        return None
    kept = zip(pointers, values, strict=True)
    return tuple(value for pointer, value in kept if pointer != without)


def _of_plane(top: Elements, index: int, groups: FrameGroups) -> FramePlane:
    segment = segment_number(groups)
    place = plane_position(groups)
    if place:
        moment = temporal_position(groups)
        normal = np.cross(place[3:6], place[6:])
        order = (float(np.dot(normal, place[:3])), moment)
        return FramePlane(index, segment, (*place, moment), order)
    indices = dimension_indices(top, groups, without=_SEGMENT_NUMBER_TAG)
    if indices:
        return FramePlane(index, segment, indices, tuple(map(float, indices)))
    source = source_image(groups)
    key = source if source[0] else ("frame", index)
    return FramePlane(index, segment, key, (float(index),))


def _numbers(groups: FrameGroups, macro: str, keyword: str, count: int) -> tuple[float, ...]:
    place = groups.find(macro, keyword)
    numbers = place.numbers(keyword) if place is not None else ()
    return numbers if len(numbers) == count and np.isfinite(numbers).all() else ()


def _rounded(numbers: tuple[float, ...]) -> tuple[float, ...]:
    # Adding 0.0 makes one zero of both.
    return tuple(round(float(number), _DECIMALS) + 0.0 for number in numbers)


def _tag(item: Elements) -> int:
    words = [int(word) for word in item.numbers("DimensionIndexPointer")]
    if len(words) == 2:
        return words[0] << 16 | words[1]
    return words[0] if words else 0
