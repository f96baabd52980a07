"""The Modality LUT: from stored values to modality units (PS3.3 C.11.1)."""

from __future__ import annotations

import math

from dcmconv.plugin import Lut, Rescale
from dcmconv_builtins.dicom.file.elements import Elements, named
from dcmconv_builtins.dicom.file.functional_groups import FrameGroups
from dcmconv_builtins.dicom.file.sop_classes import RT_DOSE
from dcmconv_builtins.dicom.pixels.pixel_values import StoredRange
from dcmconv_builtins.dicom.tone.lookup_table import find_lut

__all__ = ["find_modality_lut", "find_units", "modality_range"]

_TRANSFORMATION = "PixelValueTransformationSequence"
# X-Ray Angiographic and X-Ray Radiofluoroscopic Image Storage.
_XA_AND_XRF = frozenset({"1.2.840.10008.5.1.4.1.1.12.1", "1.2.840.10008.5.1.4.1.1.12.2"})
# CT, Enhanced CT and Legacy Converted Enhanced CT Image Storage.
_CT = frozenset(
    {
        "1.2.840.10008.5.1.4.1.1.2",
        "1.2.840.10008.5.1.4.1.1.2.1",
        "1.2.840.10008.5.1.4.1.1.2.2",
    }
)


def find_modality_lut(groups: FrameGroups, stored: StoredRange) -> Rescale | Lut:
    """Return the modality transform of a frame; the identity if the file has none.

    A table takes precedence over Rescale Slope.  In XA and XRF the table is for measurements only,
    not for display (PS3.3 C.8.7.1.1.2).
    """
    found = groups.find(_TRANSFORMATION, "ModalityLUTSequence")
    if found is not None and groups.top.text("SOPClassUID") in _XA_AND_XRF:
        groups.top.notes.add(
            "Modality LUT Sequence (0028,3000) of XA and XRF images is not for display; ignored it."
        )
    elif found is not None:
        item = found.items("ModalityLUTSequence")[0]
        lut = find_lut(item, inputs=stored, name="Modality LUT Sequence (0028,3000)")
        if lut is not None:
            if _has_rescale(groups):
                found.notes.add(
                    "Modality LUT Sequence (0028,3000) and Rescale Slope (0028,1053) exclude each "
                    "other; used the sequence."
                )
            return lut
    return _rescale(groups)


def _has_rescale(groups: FrameGroups) -> bool:
    found = groups.find(_TRANSFORMATION, "RescaleSlope", "RescaleIntercept")
    if found is None:
        return False
    # A slope of 1 and an intercept of 0 do not contradict a table: they change nothing.
    return found.number("RescaleSlope") not in (None, 1) or bool(found.number("RescaleIntercept"))


def _rescale(groups: FrameGroups) -> Rescale:
    if groups.top.text("SOPClassUID") == RT_DOSE:
        return _dose_grid_scaling(groups.top)
    found = groups.find(_TRANSFORMATION, "RescaleSlope", "RescaleIntercept")
    if found is None:
        return Rescale()
    for keyword in ("RescaleSlope", "RescaleIntercept"):
        # Both have one value (PS3.6); the same value repeated is harmless.
        if len(set(found.numbers(keyword))) > 1:
            found.notes.add(f"{named(keyword)} has several different values; used the first.")
    slope, intercept = found.number("RescaleSlope"), found.number("RescaleIntercept")
    # Either may be missing alone; a slope of 0 is an error, not a default.
    slope, intercept = 1.0 if slope is None else slope, intercept or 0.0
    # A stored value has up to 64 bits, and the largest one must not overflow.
    if slope == 0 or not math.isfinite(abs(slope) * 2.0**64 + abs(intercept)):
        found.notes.add(
            "Rescale Slope (0028,1053) and Rescale Intercept (0028,1052) cannot be applied; used "
            "the stored values unchanged."
        )
        return Rescale()
    return Rescale(float(slope), float(intercept))


def _dose_grid_scaling(top: Elements) -> Rescale:
    # PS3.3 C.8.8.3: RT Dose has its own factor instead of Rescale Slope.
    scaling = top.number("DoseGridScaling")
    if scaling is None or not math.isfinite(scaling) or scaling == 0:
        top.notes.add(
            "Dose Grid Scaling (3004,000E) is "
            f"{'missing' if scaling is None else format(scaling, 'g')}; values are not in Gy."
        )
        return Rescale()
    return Rescale(float(scaling), 0.0)


def modality_range(modality: Rescale | Lut, stored: StoredRange) -> StoredRange:
    """Return the smallest and the largest modality value that the stored bits allow."""
    if isinstance(modality, Lut):
        return StoredRange(int(modality.entries.min()), int(modality.entries.max()))
    # A negative slope swaps the ends.
    ends = [end * modality.slope + modality.intercept for end in stored]
    return StoredRange(min(ends), max(ends))


def find_units(groups: FrameGroups, modality: Rescale | Lut) -> str:
    """Return the units of modality values: Rescale Type, a measurement unit, HU for CT, or "".

    The unit of a Real World Value Mapping counts only if the mapping is the same transform.
    """
    if isinstance(modality, Lut):
        item = groups.find(_TRANSFORMATION, "ModalityLUTSequence")
        items = item.items("ModalityLUTSequence") if item else ()
        return _specified(items[0].text("ModalityLUTType")) if items else ""
    found = groups.find(_TRANSFORMATION, "RescaleType")
    unit = _specified(found.text("RescaleType")) if found else ""
    if unit or groups.top.text("SOPClassUID") in _CT:
        return unit or _hounsfield(groups)
    # Without a usable Dose Grid Scaling the transform is the identity, and values are not in Gy.
    if groups.top.text("DoseUnits").upper() == "GY" and modality != Rescale():
        return "Gy"
    # Units (0054,1001) is an attribute of PET.
    return groups.top.text("Units") or _real_world_unit(groups, modality)


def _specified(unit: str) -> str:
    # PS3.3 C.11.1.1.2: US means unspecified.
    return "" if unit.upper() == "US" else unit


def _hounsfield(groups: FrameGroups) -> str:
    # PS3.3 C.8.2.1.1.2: a localizer is not in Hounsfield units.
    kinds = groups.top.texts("ImageType")
    return "" if "LOCALIZER" in kinds else "HU"


def _real_world_unit(groups: FrameGroups, modality: Rescale) -> str:
    for item in groups.candidates("RealWorldValueMappingSequence"):
        for code in item.items("MeasurementUnitsCodeSequence")[:1]:
            same = _mapping(item) == (modality.slope, modality.intercept)
            return code.text("CodeValue") if same else ""
    return ""


def _mapping(item: Elements) -> tuple[float | None, float | None]:
    return item.number("RealWorldValueSlope"), item.number("RealWorldValueIntercept")
