"""The segments of each plane combined to one label frame (PS3.3 C.8.20)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dcmconv.plugin import Attributes, AttributeValue, Frame
from dcmconv_builtins.dicom.file.elements import Elements
from dcmconv_builtins.dicom.file.functional_groups import FrameGroups
from dcmconv_builtins.dicom.objects.frame_planes import FramePlane, group_by_plane, source_image
from dcmconv_builtins.dicom.objects.segments import find_labels
from dcmconv_builtins.dicom.pixels.frame_source import FrameSource, TilePosition

__all__ = ["LabelMaps"]


class LabelMaps:
    """The frames of a segmentation, those of one plane combined to one label frame.

    The value of a pixel is its Segment Number, or 0 outside all segments.  Where segments overlap,
    the higher number wins, and a note counts the pixels.  A fractional segment covers a pixel whose
    value is at least half of Maximum Fractional Value.  Frames of a label map are kept.

    Parameters
    ----------
    source : FrameSource
        The frames as stored in the file.
    top : Elements
        The dataset.
    """

    def __init__(self, source: FrameSource, top: Elements) -> None:
        self._source = source
        self._top = top
        self._kind = top.text("SegmentationType").upper()
        groups = [source.groups_of(index) for index in range(source.frame_count)]
        self._planes = (
            [[FramePlane(index, None, (index,), (index,))] for index in range(len(groups))]
            if self._is_label_map
            else group_by_plane(top, groups, source.tile_positions)
        )
        self.frame_count = len(self._planes)

    @property
    def tile_positions(self) -> Sequence[TilePosition] | None:
        """The positions of a tiled segmentation's planes, no longer separated by segment."""
        positions = self._source.tile_positions
        if positions is None:
            return None
        return [positions[plane[0].frame_index]._replace(path="") for plane in self._planes]

    def groups_of(self, frame_index: int) -> FrameGroups:
        """Return the groups of the plane's first frame."""
        return self._source.groups_of(self._planes[frame_index][0].frame_index)

    def attributes_of(self, frame_index: int) -> Attributes:
        """Return the attributes of the plane's first frame, with those of the plane."""
        plane = self._planes[frame_index]
        return self._attributes(plane, self._source.attributes_of(plane[0].frame_index))

    def read_frame(self, frame_index: int) -> Frame:
        """Combine the segments of one plane, counted from 0.

        Returns
        -------
        Frame
            ``is_label``, with labels.  Its attributes ReferencedSOPInstanceUID and
            ReferencedSegmentNumber give the source image and the segments of the plane.
        """
        plane = self._planes[frame_index]
        first = self._source.read_frame(plane[0].frame_index)
        values, overlapping = self._combined(plane, first)
        return replace(
            first,
            stored_values=values,
            bits_stored=8 * values.dtype.itemsize,
            photometric_interpretation="MONOCHROME2",
            is_label=True,
            labels=self._labels if first.palette is None else find_labels(self._top, first.palette),
            # The labels have taken its colors over; the pixels stay segment numbers.
            palette=None,
            icc_profile=b"",
            attributes=self._attributes(plane, first.attributes),
            frame_number=frame_index + 1,
            frame_count=self.frame_count,
            notes=(*first.notes, *self._notes(overlapping, frame_index + 1)),
        )

    def _combined(self, plane: list[FramePlane], first: Frame) -> tuple[NDArray[Any], int]:
        """Return segment numbers, and how many pixels belong to several segments."""
        if self._is_label_map:
            return first.stored_values, 0
        values = np.zeros(first.stored_values.shape, self._type)
        overlapping = np.zeros(values.shape, np.bool_)
        # A plane is sorted by segment, so the highest number is written last.
        for number, shown in enumerate(plane):
            frame = first if number == 0 else self._source.read_frame(shown.frame_index)
            covered = frame.stored_values >= self._threshold
            segment = shown.segment or 0
            # Two frames of the same segment may overlap without a conflict.
            overlapping |= covered & (values != 0) & (values != segment)
            values[covered] = segment
        return values, int(np.count_nonzero(overlapping))

    def _notes(self, overlapping: int, frame_number: int) -> list[str]:
        notes = []
        if overlapping:
            notes.append(
                f"Frame {frame_number}: {overlapping} pixels belong to several segments; used the "
                "highest segment number."
            )
        if self._kind == "FRACTIONAL":
            notes.append("Fractional segments were drawn where their value is at least one half.")
        return notes

    def _attributes(self, plane: list[FramePlane], attributes: Attributes) -> Attributes:
        uid, _ = source_image(self._source.groups_of(plane[0].frame_index))
        segments = tuple(frame.segment for frame in plane if frame.segment is not None)
        added: dict[str, AttributeValue] = {}
        if uid:
            added["ReferencedSOPInstanceUID"] = uid
        if segments:
            added["ReferencedSegmentNumber"] = segments
        return _WithAttributes(attributes, added)

    @cached_property
    def _labels(self) -> tuple[Any, ...]:
        return find_labels(self._top)

    @property
    def _is_label_map(self) -> bool:
        return self._kind == "LABELMAP"

    @property
    def _threshold(self) -> float:
        if self._kind != "FRACTIONAL":
            return 1
        return float(self._top.number("MaximumFractionalValue") or 255) / 2

    @cached_property
    def _type(self) -> type[np.unsignedinteger[Any]]:
        # One type for all frames of the Instance, whatever segments a plane has.
        numbers = (frame.segment or 0 for plane in self._planes for frame in plane)
        return np.uint8 if max(numbers, default=0) <= 255 else np.uint16


class _WithAttributes(Mapping[str, AttributeValue]):
    """Attributes of a frame, with those of its plane added."""

    def __init__(self, attributes: Attributes, added: Mapping[str, AttributeValue]) -> None:
        self._attributes = attributes
        self._added = added

    def __getitem__(self, key: str) -> AttributeValue:
        return self._added[key] if key in self._added else self._attributes[key]

    def __iter__(self) -> Iterator[str]:
        yield from self._added
        yield from (key for key in self._attributes if key not in self._added)

    def __len__(self) -> int:
        # A set, because an added attribute may replace one of the frame.
        return len({*self._added, *self._attributes})
