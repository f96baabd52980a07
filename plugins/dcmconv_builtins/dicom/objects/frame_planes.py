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

# Referenced Segment Number, the dimension in which frames of the same plane differ.
_SEGMENT_NUMBER_TAG = 0x0062000B
_DECIMALS = 3
"""Positions in mm are compared after rounding, because writers round each frame separately."""


@dataclass(frozen=True)
class FramePlane:
    """A frame, its segment, the key of its plane, and the sort order of that plane."""

    frame_index: int
    segment: int | None
    key: tuple[Any, ...]
    order: tuple[float, ...]


def group_by_plane(
    top: Elements, groups: Sequence[FrameGroups], positions: Sequence[TilePosition] | None
) -> list[list[FramePlane]]:
    """Return the frames of each plane, sorted by segment; planes are sorted along their normal.

    Frames show the same plane if their position, orientation and time agree.  Without positions
    their dimension indices must agree, except for the segment; without those, their source image.
    """
    frames = [
        _of_tile(index, positions[index], groups[index])
        if positions is not None
        else _of_plane(top, index, groups[index])
        for index in range(len(groups))
    ]
    taken = Counter((frame.key, frame.segment) for frame in frames)
    if max(taken.values(), default=0) > 1:
        # Two frames of one segment at one position were taken at two times: compare the sources.
        frames = [
            replace(frame, key=(*frame.key, *source_image(groups[frame.frame_index])))
            for frame in frames
        ]
    return _grouped(frames)


def source_image(groups: FrameGroups) -> tuple[str, int]:
    """Return SOP Instance UID and frame number of the image that a frame was made from.

    An empty text and 0 if the file does not say.
    """
    for derivation in groups.candidates("DerivationImageSequence"):
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


def _of_tile(index: int, position: TilePosition, groups: FrameGroups) -> FramePlane:
    segment = segment_number(groups)
    # With TILED_FULL a frame has no groups: its segment follows from its position.
    if segment is None and position.path.isdecimal():
        segment = int(position.path)
    key = (position.plane, position.row, position.column)
    return FramePlane(index, segment, key, tuple(map(float, key)))


def temporal_position(groups: FrameGroups) -> float:
    """Return Temporal Position Index or Time Offset of a frame; 0 if the file has neither."""
    item = groups.find("FrameContentSequence", "TemporalPositionIndex")
    if item is not None:
        return float(item.number("TemporalPositionIndex") or 0)
    item = groups.find("TemporalPositionSequence", "TemporalPositionTimeOffset")
    return float(item.number("TemporalPositionTimeOffset") or 0) if item is not None else 0.0


def plane_position(groups: FrameGroups) -> tuple[float, ...]:
    """Return position and orientation of a frame, in the patient or in the volume.

    Three coordinates in mm and six direction cosines, rounded; empty if the file does not say.
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
    """Return the Dimension Index Values of a frame except for one dimension (PS3.3 C.7.6.17).

    None if the file has no such values, or not that dimension.
    """
    found = groups.find("FrameContentSequence", "DimensionIndexValues")
    values = found.numbers("DimensionIndexValues") if found is not None else ()
    pointers = [_tag(item) for item in top.items("DimensionIndexSequence")]
    if len(pointers) != len(values) or without not in pointers:
        return None
    kept = zip(pointers, values, strict=True)
    return tuple(value for pointer, value in kept if pointer != without)


def _of_plane(top: Elements, index: int, groups: FrameGroups) -> FramePlane:
    segment = segment_number(groups)
    position = plane_position(groups)
    if position:
        time = temporal_position(groups)
        # Sort by the distance along the normal, as a viewer would scroll.
        normal = np.cross(position[3:6], position[6:])
        order = (float(np.dot(normal, position[:3])), time)
        return FramePlane(index, segment, (*position, time), order)
    indices = dimension_indices(top, groups, without=_SEGMENT_NUMBER_TAG)
    if indices:
        return FramePlane(index, segment, indices, tuple(map(float, indices)))
    source = source_image(groups)
    # Nothing to compare: the frame is a separate plane.
    key = source if source[0] else ("frame", index)
    return FramePlane(index, segment, key, (float(index),))


def _numbers(groups: FrameGroups, macro: str, keyword: str, count: int) -> tuple[float, ...]:
    item = groups.find(macro, keyword)
    numbers = item.numbers(keyword) if item is not None else ()
    return numbers if len(numbers) == count and np.isfinite(numbers).all() else ()


def _rounded(numbers: tuple[float, ...]) -> tuple[float, ...]:
    # Adding 0.0 turns -0.0 into 0.0.
    return tuple(round(float(number), _DECIMALS) + 0.0 for number in numbers)


def _tag(item: Elements) -> int:
    # An AT is read as two 16-bit words, or as one number by pydicom.
    words = [int(word) for word in item.numbers("DimensionIndexPointer")]
    if len(words) == 2:
        return words[0] << 16 | words[1]
    return words[0] if words else 0
