"""The Modality LUT: from stored values to modality units (PS3.3 C.11.1)."""

from __future__ import annotations

import math

from dcmconv.plugin import Lut, Rescale
from dcmconv_builtins.dicom.file.elements import Elements
from dcmconv_builtins.dicom.file.functional_groups import FrameGroups
from dcmconv_builtins.dicom.file.sop_classes import RT_DOSE
from dcmconv_builtins.dicom.pixels.pixel_values import StoredRange
from dcmconv_builtins.dicom.tone.lookup_table import find_lut

__all__ = ["find_modality_lut", "find_units", "modality_range"]

_TRANSFORMATION = "PixelValueTransformationSequence"
_XA_AND_XRF = frozenset({"1.2.840.10008.5.1.4.1.1.12.1", "1.2.840.10008.5.1.4.1.1.12.2"})
_CT = frozenset(
    {
        "1.2.840.10008.5.1.4.1.1.2",
        "1.2.840.10008.5.1.4.1.1.2.1",
        "1.2.840.10008.5.1.4.1.1.2.2",
    }
)


def find_modality_lut(groups: FrameGroups, stored: StoredRange) -> Rescale | Lut:
    """Return the modality transform of a frame; the identity where the file has none.

    A table goes before Rescale Slope.  XA and XRF keep their table for measurements: it is no part
    of their display (PS3.3 C.8.7.1.1.2).
    """
    place = groups.find(_TRANSFORMATION, "ModalityLUTSequence")
    if place is not None and groups.top.text("SOPClassUID") in _XA_AND_XRF:
        groups.top.notes.add(
            "Modality LUT Sequence (0028,3000) of an XA or XRF image is not for display; it was "
            "left out."
        )
    elif place is not None:
        item = place.items("ModalityLUTSequence")[0]
        lut = find_lut(item, inputs=stored, name="Modality LUT Sequence (0028,3000)")
        if lut is not None:
            return lut
    return _rescale(groups)


def _rescale(groups: FrameGroups) -> Rescale:
    if groups.top.text("SOPClassUID") == RT_DOSE:
        return _dose_grid_scaling(groups.top)
    place = groups.find(_TRANSFORMATION, "RescaleSlope", "RescaleIntercept")
    if place is None:
        return Rescale()
    slope, intercept = place.number("RescaleSlope"), place.number("RescaleIntercept")
    slope, intercept = 1.0 if slope is None else slope, intercept or 0.0
    # No stored value may overflow: 64 bits at most.
    if slope == 0 or not math.isfinite(abs(slope) * 2.0**64 + abs(intercept)):
        place.notes.add(
            "Rescale Slope (0028,1053) and Rescale Intercept (0028,1052) make no sense; stored "
            "values were taken as they are."
        )
        return Rescale()
    return Rescale(float(slope), float(intercept))


def _dose_grid_scaling(top: Elements) -> Rescale:
    # PS3.3 C.8.8.3: RT Dose has a factor of its own in the place of Rescale Slope.
    scaling = top.number("DoseGridScaling")
    if scaling is None or not math.isfinite(scaling) or scaling == 0:
        top.notes.add(
            "Dose Grid Scaling (3004,000E) is missing or makes no sense; values are not in Gy."
        )
        return Rescale()
    return Rescale(float(scaling), 0.0)


def modality_range(modality: Rescale | Lut, stored: StoredRange) -> StoredRange:
    """Return the least and the greatest modality value that the stored bits allow."""
    if isinstance(modality, Lut):
        return StoredRange(int(modality.entries.min()), int(modality.entries.max()))
    ends = [end * modality.slope + modality.intercept for end in stored]
    return StoredRange(min(ends), max(ends))


def find_units(groups: FrameGroups, modality: Rescale | Lut) -> str:
    """Return the units of modality values: Rescale Type, a measurement unit, HU for CT, or nothing.

    A Real World Value Mapping gives its unit only where it is the same transform.
    """
    if isinstance(modality, Lut):
        item = groups.find(_TRANSFORMATION, "ModalityLUTSequence")
        items = item.items("ModalityLUTSequence") if item else ()
        return _specified(items[0].text("ModalityLUTType")) if items else ""
    place = groups.find(_TRANSFORMATION, "RescaleType")
    unit = _specified(place.text("RescaleType")) if place else ""
    if unit or groups.top.text("SOPClassUID") in _CT:
        return unit or _hounsfield(groups)
    if groups.top.text("DoseUnits").upper() == "GY" and modality != Rescale():
        return "Gy"
    return groups.top.text("Units") or _real_world_unit(groups, modality)


def _specified(unit: str) -> str:
    return "" if unit.upper() == "US" else unit


def _hounsfield(groups: FrameGroups) -> str:
    # PS3.3 C.8.2.1.1.2: a localizer is not in Hounsfield units.
    kinds = groups.top.texts("ImageType")
    return "" if "LOCALIZER" in kinds else "HU"


def _real_world_unit(groups: FrameGroups, modality: Rescale) -> str:
    for place in groups.places("RealWorldValueMappingSequence"):
        for code in place.items("MeasurementUnitsCodeSequence")[:1]:
            same = _mapping(place) == (modality.slope, modality.intercept)
            return code.text("CodeValue") if same else ""
    return ""


def _mapping(item: Elements) -> tuple[float | None, float | None]:
    return item.number("RealWorldValueSlope"), item.number("RealWorldValueIntercept")
