"""Data paths: the input of each frame to the blending pipeline (PS3.3 C.7.6.23.2, C.7.6.23.3)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dcmconv.plugin import Curve, Frame, InputError
from dcmconv_builtins.dicom.file.elements import Elements
from dcmconv_builtins.dicom.file.functional_groups import FrameGroups
from dcmconv_builtins.dicom.pixels.pixel_values import StoredRange
from dcmconv_builtins.dicom.tone.voi_attributes import find_voi_luts, find_voi_windows
from dcmconv_builtins.dicom.tone.voi_lut import VoiLut, curve_of

__all__ = [
    "ASSIGNMENTS",
    "FRAMES_HINT",
    "DataInput",
    "data_inputs",
    "data_type_of",
    "named_type",
    "palette_item",
]

FRAMES_HINT = "Use --dicom.data_paths frames to convert each frame by itself."
"""The hint for an image that cannot be blended."""

ASSIGNMENTS = "Data Frame Assignment Sequence (0028,1401)"
_VOI = ("WindowCenter", "WindowWidth", "VOILUTSequence")
_DATA_TYPES = frozenset(
    {"TISSUE_INTENSITY", "TISSUE_VELOCITY", "FLOW_VELOCITY", "FLOW_POWER", "FLOW_VARIANCE"}
    | {"ELASTICITY", "PERFUSION", "SOUND_SPEED", "ATTENUATION"}
)
"""Defined terms (PS3.3 C.8.24.5.4.2); any other text of a header is not repeated in messages."""


@dataclass(frozen=True)
class DataInput:
    """One item of Data Frame Assignment Sequence (0028,1401)."""

    data_type: str
    path: str
    item: Elements

    def bits_mapped(self, bits_stored: int) -> int:
        """Return how many bits of a value are used: Bits Mapped, or all stored bits if missing."""
        mapped = self.item.integer("BitsMappedToColorLookupTable") or bits_stored
        # A wrong number must not lead to a negative shift.
        return min(max(mapped, 1), bits_stored)

    def mapped_values(self, frame: Frame) -> NDArray[np.int64]:
        """Return the uppermost bits of a frame's values, after the item's VOI LUT if it has one."""
        return self._whole_values(frame) >> (
            frame.bits_stored - self.bits_mapped(frame.bits_stored)
        )

    @property
    def has_voi(self) -> bool:
        """Whether the item has its own window or VOI LUT."""
        return any(self.item.has_value(word) for word in _VOI)

    def _whole_values(self, frame: Frame) -> NDArray[np.int64]:
        top = (1 << frame.bits_stored) - 1
        if not self.has_voi:
            # Without a VOI LUT the stored bits count, not the modality values.
            return frame.stored_values.astype(np.int64) & top
        # Curves may return numbers outside 0..1, which would become indices beyond the bits.
        unit_values = np.clip(self._voi(top)(frame.modality_values()), 0, 1)
        return np.floor(unit_values * top + 0.5).astype(np.int64)

    def _voi(self, top: int) -> Curve:
        groups = FrameGroups(self.item)
        luts = find_voi_luts(groups, inputs=StoredRange(0, top))
        windows = find_voi_windows(groups)
        try:
            # As in normalizer auto, a VOI LUT takes precedence over a window.
            if luts or windows:
                return VoiLut(lut=luts[0]) if luts else curve_of(windows[0])
        except InputError as error:
            raise InputError(error.message, hint=FRAMES_HINT, reason=error.reason) from error
        raise InputError(
            f"the window or VOI LUT of {named_type(self.data_type)} in {ASSIGNMENTS} is unusable.",
            hint=FRAMES_HINT,
        )


def data_inputs(top: Elements) -> tuple[DataInput, ...]:
    """Return the items of Data Frame Assignment Sequence (0028,1401), in the file's order."""
    return tuple(
        DataInput(item.text("DataType").upper(), item.text("DataPathAssignment").upper(), item)
        for item in top.items("DataFrameAssignmentSequence")
    )


def data_type_of(groups: FrameGroups) -> str:
    """Return the Data Type (0018,9808) of a frame, or an empty text."""
    item = groups.find("ImageDataTypeSequence", "DataType")
    return "" if item is None else item.text("DataType").upper()


def named_type(data_type: str) -> str:
    """Return a Data Type as messages name it."""
    return data_type if data_type in _DATA_TYPES else "an unknown Data Type"


def palette_item(top: Elements, path: str) -> Elements | None:
    """Return a data path's item of Enhanced Palette Color Lookup Table Sequence (0028,140B)."""
    for item in top.items("EnhancedPaletteColorLookupTableSequence"):
        if item.text("DataPathID").upper() == path:
            return item
    return None
