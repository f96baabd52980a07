"""One color picture of the frames of several data types at one place (PS3.3 C.7.6.23)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from dcmconv.plugin import Frame, InputError, Rescale
from dcmconv_builtins.dicom.color.blending import Blending
from dcmconv_builtins.dicom.color.data_paths import FRAMES_HINT, DataInput, data_type_of, named_type
from dcmconv_builtins.dicom.file.elements import Elements
from dcmconv_builtins.dicom.file.functional_groups import FrameGroups
from dcmconv_builtins.dicom.objects.frame_planes import (
    dimension_indices,
    plane_position,
    temporal_position,
)
from dcmconv_builtins.dicom.pixels.frame_source import FrameSource, TilePosition
from dcmconv_builtins.dicom.pixels.pixel_values import is_padding

__all__ = ["BlendedFrames"]

_DATA_TYPE_TAG = 0x00189808
_NOISE = 255 * 2.0**-36
"""A half that a sum of weights left this much short is rounded up too."""


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
    may_lack : bool
        Frames are known to be missing: places that lack one are left out, with a note.

    Raises
    ------
    InputError
        If a frame does not say of what Data Type or where it is, or a place lacks one.
    """

    def __init__(
        self, source: FrameSource, top: Elements, blending: Blending, *, may_lack: bool = False
    ) -> None:
        self._source = source
        self._top = top
        self._blending = blending
        self._may_lack = may_lack
        self._sets = self._find_sets()
        self.frame_count = len(self._sets)

    @property
    def tile_positions(self) -> Sequence[TilePosition] | None:
        """Blended frames are no tiles."""
        return None

    def groups_of(self, frame_index: int) -> FrameGroups:
        """Return the groups of the frame on the primary data path."""
        return self._source.groups_of(self._sets[frame_index][self._primary.data_type])

    def read_frame(self, frame_index: int) -> Frame:
        """Blend the frames of one place, counted from 0: a frame in RGB of 8 bits."""
        frames = {
            data_type: self._source.read_frame(index)
            for data_type, index in self._sets[frame_index].items()
        }
        primary = frames[self._primary.data_type]
        colors = np.floor(self._blending.colors(frames) * 255 + (0.5 + _NOISE)).astype(np.uint8)
        salvaged = [frame for frame in frames.values() if frame.salvaged]
        for frame in salvaged:
            # What is missing of one input is missing of the picture.
            colors[is_padding(frame)] = 0
        notes = dict.fromkeys(note for frame in frames.values() for note in frame.notes)
        return replace(
            primary,
            stored_values=colors,
            bits_stored=8,
            photometric_interpretation="RGB",
            modality=Rescale(),
            voi_windows=(),
            voi_luts=(),
            padding=None,
            icc_profile=self._top.data("ICCProfile"),
            frame_number=frame_index + 1,
            frame_count=self.frame_count,
            salvaged=salvaged[0].salvaged if salvaged else "",
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
            data_type = data_type_of(groups)
            if not data_type:
                raise InputError(
                    f"frame {index + 1} has no Data Type (0018,9808), which says to which data "
                    "path it belongs.",
                    hint=FRAMES_HINT,
                )
            if data_type not in wanted:
                self._top.notes.add(
                    f"Frames of {named_type(data_type)} are on no data path; they are not shown."
                )
                continue
            frames = sets.setdefault(self._place(groups, index), {})
            if data_type in frames:
                raise InputError(
                    f"frames {frames[data_type] + 1} and {index + 1} are both "
                    f"{named_type(data_type)} of one "
                    "place and moment; one of each was needed.",
                    hint=FRAMES_HINT,
                )
            frames[data_type] = index
        return [frames for frames in sets.values() if self._is_whole(frames, wanted)]

    def _is_whole(self, frames: dict[str, int], wanted: set[str]) -> bool:
        missing = sorted(wanted - set(frames))
        if not missing:
            return True
        message = (
            f"frame {min(frames.values()) + 1} has no counterpart of Data Type (0018,9808) "
            f"{named_type(missing[0])} to be blended with."
        )
        if not self._may_lack:
            raise InputError(message, hint=FRAMES_HINT)
        self._top.notes.add(f"Left out: {message}")
        return False

    def _place(self, groups: FrameGroups, index: int) -> tuple[Any, ...]:
        indices = dimension_indices(self._top, groups, without=_DATA_TYPE_TAG)
        if indices is not None:
            return indices
        position = plane_position(groups)
        if not position:
            raise InputError(
                f"frame {index + 1} says by neither dimension indices nor a position which frames "
                "it is blended with.",
                hint=FRAMES_HINT,
            )
        return (*position, temporal_position(groups))
