"""Modality values and windows in another unit: real-world values or SUV."""

from __future__ import annotations

from dataclasses import replace

from dcmconv.plugin import Frame, Lut, Rescale, VoiWindow
from dcmconv_builtins.dicom.file.functional_groups import FrameGroups
from dcmconv_builtins.dicom.objects.object_options import Values
from dcmconv_builtins.dicom.pet.suv import SUV_UNITS, suv_transform
from dcmconv_builtins.dicom.tone.real_world import get_real_world_mapping

__all__ = ["apply_units", "windows_in_units"]


def apply_units(frame: Frame, groups: FrameGroups, values: Values) -> Frame:
    """Return a gray frame whose modality values are in another unit (PS3.3 C.11.1, C.8.9).

    The file's windows are converted; its VOI LUTs cannot be, and are left out.  SUV is defined for
    PET only: other images keep their values, with a note.

    Parameters
    ----------
    frame : Frame
        Gray, with the file's own modality transform.
    groups : FrameGroups
        The functional groups of the frame.
    values : str
        ``real-world`` or a kind of SUV.

    Raises
    ------
    InputError
        If the file lacks what the unit needs.
    """
    if values == "real-world":
        return _in_real_world_units(frame, groups)
    if groups.top.text("Modality") != "PT":
        note = "Modality (0008,0060) is not PT, so SUV is undefined; used Rescale Slope instead."
        return replace(frame, notes=(*frame.notes, note))
    # Enhanced PET has no Units (0054,1001); its unit is that of the frame.
    stated = groups.top.text("Units").upper() or frame.units.upper()
    transform = suv_transform(groups.top, frame.modality, values, stated)
    return _with_transform(frame, transform, SUV_UNITS[values])


def windows_in_units(
    windows: tuple[VoiWindow, ...], old: Rescale, new: Rescale
) -> tuple[VoiWindow, ...]:
    """Return windows that show the same stored values after another transform.

    Both slopes must have the same sign.  LINEAR becomes LINEAR_EXACT, because the 0.5 and the 1 of
    its formula (PS3.3 C.11.2.1.2.1) are steps of the old unit.
    """
    ratio = new.slope / old.slope

    def window_in_units(window: VoiWindow) -> VoiWindow:
        center, width, function = window.center, window.width, window.function
        if function in ("", "LINEAR"):
            center, width, function = center - 0.5, width - 1, "LINEAR_EXACT"
        stored_center = (center - old.intercept) / old.slope
        return replace(
            window,
            center=stored_center * new.slope + new.intercept,
            width=width * ratio,
            function=function,
        )

    return tuple(window_in_units(window) for window in windows)


def _in_real_world_units(frame: Frame, groups: FrameGroups) -> Frame:
    is_signed = frame.stored_values.dtype.kind == "i"
    mapping = get_real_world_mapping(groups, is_signed=is_signed)
    frame = _with_transform(frame, mapping.transform, mapping.units)
    outside = mapping.count_outside(frame.stored_values)
    if not outside:
        return frame
    note = (
        f"Frame {frame.frame_number}: {outside} pixels are outside the range of the Real World "
        "Value Mapping; mapped them too."
    )
    return replace(frame, notes=(*frame.notes, note))


def _with_transform(frame: Frame, transform: Rescale | Lut, units: str) -> Frame:
    if transform == frame.modality:
        # Same values under another name: windows and VOI LUTs still apply.
        return replace(frame, units=units)
    notes = frame.notes
    windows: tuple[VoiWindow, ...] = ()
    old = frame.modality
    if isinstance(transform, Rescale) and isinstance(old, Rescale):
        # A slope of the other sign swaps black and white, which no window can express.
        is_same_direction = transform.slope * old.slope > 0
        windows = windows_in_units(frame.voi_windows, old, transform) if is_same_direction else ()
    if len(windows) < len(frame.voi_windows) or frame.voi_luts:
        unit = units or "these values"
        notes = (*notes, f"The file's windows and VOI LUTs do not apply to {unit}; ignored them.")
    return replace(
        frame, modality=transform, units=units, voi_windows=windows, voi_luts=(), notes=notes
    )
