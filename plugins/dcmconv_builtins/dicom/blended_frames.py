"""One color picture of the frames of several data types at one place (PS3.3 C.7.6.23)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from dcmconv.plugin import Frame, InputError, Rescale
from dcmconv_builtins.dicom.elements import Elements
from dcmconv_builtins.dicom.enhanced_palette import Blending, DataInput
from dcmconv_builtins.dicom.frame_source import FrameSource, TilePlace
from dcmconv_builtins.dicom.functional_groups import FrameGroups
from dcmconv_builtins.dicom.planes import dimension_indices, moment_of, plane_place

__all__ = ["BlendedFrames"]

_DATA_TYPE_TAG = 0x00189808
_HINT = "Use --dicom.data-paths frames to get each frame as it is."


class BlendedFrames:
    """The frames of an image, those of one place and moment blended to one RGB frame.

    Tissue and flow of an enhanced ultrasound volume, for example, are frames of their own; their
    dimension indices, else their positions, say which belong together.

    Parameters
    ----------
    source : FrameSource
        The frames as the file has them.
    top : Elements
        The dataset.
    blending : Blending
        What to do with them.

    Raises
    ------
    InputError
        If a frame does not say of what Data Type or where it is, or a place lacks one.
    """

    def __init__(self, source: FrameSource, top: Elements, blending: Blending) -> None:
        self._source = source
        self._top = top
        self._blending = blending
        self._sets = self._find_sets()
        self.frame_count = len(self._sets)

    @property
    def places(self) -> Sequence[TilePlace] | None:
        """Blended frames are no tiles."""
        return None

    def groups_of(self, frame_index: int) -> FrameGroups:
        """Return the groups of the frame on the primary data path."""
        return self._source.groups_of(self._sets[frame_index][self._primary.data_type])

    def read_frame(self, frame_index: int) -> Frame:
        """Blend the frames of one place, counted from 0: a frame in RGB of 16 bits."""
        frames = {
            data_type: self._source.read_frame(index)
            for data_type, index in self._sets[frame_index].items()
        }
        primary = frames[self._primary.data_type]
        colors = self._blending.colors(frames)
        notes = dict.fromkeys(note for frame in frames.values() for note in frame.notes)
        return replace(
            primary,
            stored_values=np.floor(colors * 65535 + 0.5).astype(np.uint16),
            bits_stored=16,
            photometric_interpretation="RGB",
            modality=Rescale(),
            voi_windows=(),
            voi_luts=(),
            padding=None,
            icc_profile=self._top.data("ICCProfile"),
            frame_number=frame_index + 1,
            frame_count=self.frame_count,
            notes=tuple(notes),
        )

    @property
    def _primary(self) -> DataInput:
        return next(data for data in self._blending.inputs if data.path == "PRIMARY_SINGLE")

    def _find_sets(self) -> list[dict[str, int]]:
        """Return, for each place in the file's order, which frame has which Data Type."""
        wanted = {data.data_type for data in self._blending.inputs}
        sets: dict[tuple[Any, ...], dict[str, int]] = {}
        for index in range(self._source.frame_count):
            groups = self._source.groups_of(index)
            data_type = _data_type(groups)
            if data_type not in wanted:
                if data_type:
                    continue
                raise InputError(
                    f"frame {index + 1} has no Data Type (0018,9808), which says to which data "
                    "path it belongs.",
                    hint=_HINT,
                )
            frames = sets.setdefault(self._place(groups, index), {})
            if data_type in frames:
                raise InputError(
                    f"frames {frames[data_type] + 1} and {index + 1} are both {data_type} of one "
                    "place and moment; one of each was needed.",
                    hint=_HINT,
                )
            frames[data_type] = index
        return [self._whole(frames, wanted) for frames in sets.values()]

    def _whole(self, frames: dict[str, int], wanted: set[str]) -> dict[str, int]:
        missing = sorted(wanted - set(frames))
        if missing:
            raise InputError(
                f"frame {min(frames.values()) + 1} has no counterpart of Data Type (0018,9808) "
                f"{missing[0]} to be blended with.",
                hint=_HINT,
            )
        return frames

    def _place(self, groups: FrameGroups, index: int) -> tuple[Any, ...]:
        indices = dimension_indices(self._top, groups, without=_DATA_TYPE_TAG)
        if indices is not None:
            return indices
        position = plane_place(groups)
        if not position:
            raise InputError(
                f"frame {index + 1} says by neither dimension indices nor a position which frames "
                "it is blended with.",
                hint=_HINT,
            )
        return (*position, moment_of(groups))


def _data_type(groups: FrameGroups) -> str:
    place = groups.find("ImageDataTypeSequence", "DataType")
    return "" if place is None else place.text("DataType").upper()
