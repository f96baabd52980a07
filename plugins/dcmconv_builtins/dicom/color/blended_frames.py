"""Frames of several data types at one position, blended to one color frame (PS3.3 C.7.6.23)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from dcmconv.plugin import Attributes, Frame, InputError, Rescale
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
"""Rounding error of a sum of weights: a value this close below one half is rounded up too."""


class BlendedFrames:
    """The frames of an image, those of one position and time blended to one RGB frame.

    An enhanced ultrasound volume, for example, stores tissue and flow in separate frames.  Their
    dimension indices say which frames belong together; without indices their positions do.

    Parameters
    ----------
    source : FrameSource
        The frames as stored in the file.
    top : Elements
        The dataset.
    blending : Blending
        How to combine them.
    may_lack : bool
        Frames are known to be missing: incomplete positions are left out, with a note.

    Raises
    ------
    InputError
        If the Data Type or position of a frame is missing, or a position lacks a frame.
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
        """Always None: blended frames are not tiles."""
        return None

    def groups_of(self, frame_index: int) -> FrameGroups:
        """Return the groups of the frame on the primary data path."""
        return self._source.groups_of(self._sets[frame_index][self._primary.data_type])

    def attributes_of(self, frame_index: int) -> Attributes:
        """Return the attributes of a frame."""
        return self._source.attributes_of(self._sets[frame_index][self._primary.data_type])

    def read_frame(self, frame_index: int) -> Frame:
        """Blend the frames of one position, counted from 0, to a frame of 8-bit RGB."""
        frames = {
            data_type: self._source.read_frame(index)
            for data_type, index in self._sets[frame_index].items()
        }
        primary = frames[self._primary.data_type]
        colors = np.floor(self._blending.colors(frames) * 255 + (0.5 + _NOISE)).astype(np.uint8)
        salvaged = [frame for frame in frames.values() if frame.salvaged]
        for frame in salvaged:
            # A pixel that is missing in one input is missing in the result.
            colors[is_padding(frame)] = 0
        # Frames of one file share most notes: keep each once, in order.
        notes = dict.fromkeys(note for frame in frames.values() for note in frame.notes)
        return replace(
            primary,
            stored_values=colors,
            bits_stored=8,
            photometric_interpretation="RGB",
            # The colors are final: transforms and windows of the inputs no longer apply.
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
        """Return, for each position in the file's order, the frame index of each Data Type."""
        wanted = {data.data_type for data in self._blending.inputs}
        sets: dict[tuple[Any, ...], dict[str, int]] = {}
        for index in range(self._source.frame_count):
            groups = self._source.groups_of(index)
            data_type = data_type_of(groups)
            if not data_type:
                raise InputError(
                    f"frame {index + 1}: Data Type (0018,9808) is missing, so its data path is "
                    "unknown.",
                    hint=FRAMES_HINT,
                )
            if data_type not in wanted:
                self._top.notes.add(
                    f"Frames of {named_type(data_type)} belong to no data path; left them out."
                )
                continue
            frames = sets.setdefault(self._position(groups, index), {})
            if data_type in frames:
                raise InputError(
                    f"frames {frames[data_type] + 1} and {index + 1} are both "
                    f"{named_type(data_type)} at the same position and time; expected one frame of "
                    "each type.",
                    hint=FRAMES_HINT,
                )
            frames[data_type] = index
        return [frames for frames in sets.values() if self._is_whole(frames, wanted)]

    def _is_whole(self, frames: dict[str, int], wanted: set[str]) -> bool:
        missing = sorted(wanted - set(frames))
        if not missing:
            return True
        message = (
            f"frame {min(frames.values()) + 1} needs a frame of Data Type (0018,9808) "
            f"{named_type(missing[0])} to be blended with; none is at its position."
        )
        if not self._may_lack:
            raise InputError(message, hint=FRAMES_HINT)
        self._top.notes.add(f"Left out: {message}")
        return False

    def _position(self, groups: FrameGroups, index: int) -> tuple[Any, ...]:
        # Frames to blend differ only in the index of their Data Type.
        indices = dimension_indices(self._top, groups, without=_DATA_TYPE_TAG)
        if indices is not None:
            return indices
        position = plane_position(groups)
        if not position:
            raise InputError(
                f"frame {index + 1} has neither usable dimension indices nor a position, so the "
                "frames to blend it with are unknown.",
                hint=FRAMES_HINT,
            )
        # A volume over time has the same positions again and again.
        return (*position, temporal_position(groups))
