"""The fields of a Frame that its header determines (PS3.3 C.7.6.3, C.7.6.16, C.11)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal, TypedDict

import numpy as np

from dcmconv.plugin import Lut, Padding, Rescale, Spacing, VoiWindow
from dcmconv_builtins.dicom.file.elements import Elements, Notes, named
from dcmconv_builtins.dicom.file.functional_groups import FrameGroups
from dcmconv_builtins.dicom.file.header_cache import HeaderCache
from dcmconv_builtins.dicom.file.sop_classes import is_label_map
from dcmconv_builtins.dicom.pixels.pixel_description import PixelDescription
from dcmconv_builtins.dicom.pixels.pixel_values import StoredRange, find_padding
from dcmconv_builtins.dicom.tone.lookup_table import find_presentation_lut
from dcmconv_builtins.dicom.tone.modality_lut import find_modality_lut, find_units, modality_range
from dcmconv_builtins.dicom.tone.voi_attributes import (
    find_implied_window,
    find_voi_luts,
    find_voi_windows,
    is_binary_segment,
)

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

__all__ = ["FrameFields", "FrameFieldsFinder", "find_aspect", "find_spacing", "stored_range_of"]


class FrameFields(TypedDict, total=False):
    """Fields of ``dcmconv.plugin.Frame``; all but the first three are for grayscale only."""

    spacing: Spacing | None
    aspect: float
    is_label: bool
    photometric_interpretation: str
    modality: Rescale | Lut
    units: str
    voi_windows: tuple[VoiWindow, ...]
    voi_luts: tuple[Lut, ...]
    voi_source: str
    presentation: Lut | Literal["IDENTITY", "INVERSE"] | None
    padding: Padding | None
    is_mask: bool


_CACHE = HeaderCache[FrameFields]()
_SPACINGS = (
    ("PixelSpacing", "Pixel Spacing"),
    ("ImagerPixelSpacing", "Imager Pixel Spacing"),
    ("NominalScannedPixelSpacing", "Nominal Scanned Pixel Spacing"),
)


class _RecordedElements(Elements):
    """Elements that remember which tags they were asked for."""

    def __init__(self, source: Dataset, notes: Notes) -> None:
        super().__init__(source, notes)
        self.asked: set[int] = set()
        self._find = self.element
        self.element = self._recorded_element

    def _recorded_element(self, tag: int) -> Any:
        self.asked.add(tag)
        return self._find(tag)


class FrameFieldsFinder:
    """Finds what the header says about the frames of one instance.

    The results are shared between frames, so they are not to be changed.  A frame's own functional
    groups often say no more than where it is.  Frames whose groups have none of the elements that
    were looked up share one result: working it out takes two thirds of the calls of a frame.
    """

    def __init__(self, description: PixelDescription) -> None:
        self._description = description
        self._common: FrameFields | None = None
        self._asked: frozenset[int] = frozenset()

    def find(self, groups: FrameGroups) -> FrameFields:
        """Return the fields of one frame."""
        description = self._description
        # The cache compares top-level elements only.
        if not groups.groups:
            return _CACHE.get(
                groups.top, description, lambda: _find_frame_fields(groups, description)
            )
        own, *shared = groups.groups
        if self._common is not None and self._asked.isdisjoint(own.tags):
            return self._common
        recorded = _RecordedElements(own.dataset, own.notes)
        fields = _find_frame_fields(FrameGroups(groups.top, (recorded, *shared)), description)
        if recorded.asked.isdisjoint(own.tags):
            self._common, self._asked = fields, frozenset(recorded.asked)
        return fields


def _find_frame_fields(groups: FrameGroups, description: PixelDescription) -> FrameFields:
    top = groups.top
    fields: FrameFields = {}
    if description.samples_per_pixel == 1 and (
        description.photometric_interpretation != "PALETTE COLOR"
    ):
        fields = _find_grayscale_fields(groups, description)
    spacing = find_spacing(groups)
    fields["spacing"] = spacing
    fields["aspect"] = find_aspect(groups, spacing)
    fields["is_label"] = is_label_map(top.text("SOPClassUID"), top.text("SegmentationType"))
    return fields


def _find_grayscale_fields(groups: FrameGroups, description: PixelDescription) -> FrameFields:
    top = groups.top
    stored_range = stored_range_of(description)
    modality = find_modality_lut(groups, stored_range)
    modality_values = modality_range(modality, stored_range)
    fields: FrameFields = {
        "photometric_interpretation": description.photometric_interpretation,
        "modality": modality,
        "voi_windows": find_voi_windows(groups),
        "voi_luts": find_voi_luts(groups, inputs=modality_values),
    }
    if not fields["voi_windows"] and not fields["voi_luts"]:
        bits_stored = 0 if description.is_float else description.bits_stored
        implied: Any = find_implied_window(top, modality_values, bits_stored=bits_stored)
        fields.update(implied)
    fields["units"] = find_units(groups, modality)
    fields["presentation"] = find_presentation_lut(top)
    fields["padding"] = find_padding(
        top, is_signed=description.is_signed, is_float=description.is_float
    )
    fields["is_mask"] = is_binary_segment(top)
    return fields


def stored_range_of(description: PixelDescription) -> StoredRange:
    """Return the range of stored values that the description allows; infinite for floats."""
    if description.is_float:
        return StoredRange(-np.inf, np.inf)
    return StoredRange.of(description.bits_stored, is_signed=description.is_signed)


def find_spacing(groups: FrameGroups) -> Spacing | None:
    """Return the distance between pixel centers in mm, from the first attribute with valid values.

    Pixel Spacing (0028,0030), also from the Pixel Measures of functional groups, then Imager Pixel
    Spacing (0018,1164), then Nominal Scanned Pixel Spacing (0018,2010); PS3.3 10.7.
    """
    for keyword, attribute in _SPACINGS:
        place = groups.find("PixelMeasuresSequence", keyword)
        pair = _positive_pair(place, keyword) if place is not None else None
        if pair is not None:
            return Spacing(pair[0], pair[1], attribute)
    return None


def find_aspect(groups: FrameGroups, spacing: Spacing | None) -> float:
    """Return the height of a pixel over its width, from the spacing, else Pixel Aspect Ratio."""
    if spacing is not None:
        return spacing.rows / spacing.columns
    # (0028,0034) is vertical\horizontal size, the same order as spacing (PS3.3 C.7.6.3.1.7).
    pair = _positive_pair(groups.top, "PixelAspectRatio")
    return pair[0] / pair[1] if pair is not None else 1.0


def _positive_pair(elements: Elements, keyword: str) -> tuple[float, float] | None:
    numbers = elements.numbers(keyword)
    if len(numbers) == 2 and all(math.isfinite(number) and number > 0 for number in numbers):
        return float(numbers[0]), float(numbers[1])
    if numbers:
        elements.notes.add(f"{named(keyword)} is not two numbers above 0; ignored it.")
    return None
