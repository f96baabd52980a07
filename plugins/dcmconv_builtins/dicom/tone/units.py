"""Modality values in another unit than the file's, its windows along with them."""

from __future__ import annotations

from dataclasses import replace

from dcmconv.plugin import Frame, Lut, Rescale, VoiWindow
from dcmconv_builtins.dicom.file.functional_groups import FrameGroups
from dcmconv_builtins.dicom.objects.object_options import Values
from dcmconv_builtins.dicom.pet.suv import SUV_UNITS, suv_transform
from dcmconv_builtins.dicom.tone.real_world import get_real_world_mapping

__all__ = ["apply_units", "windows_in_units"]


def apply_units(frame: Frame, groups: FrameGroups, values: Values) -> Frame:
    """Return a gray frame whose modality transform ends in another unit (PS3.3 C.11.1, C.8.9).

    Windows of the file follow along the line; its VOI LUTs, which cannot, are left out.  SUV is for
    PET: other images keep their values, with a note.

    Parameters
    ----------
    frame : Frame
        Gray, with the file's own modality transform.
    groups : FrameGroups
        Of the frame.
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
        note = "Modality (0008,0060) is not PT: there is no SUV, and values stay those of Rescale."
        return replace(frame, notes=(*frame.notes, note))
    stated = groups.top.text("Units").upper() or frame.units.upper()
    transform = suv_transform(groups.top, frame.modality, values, stated)
    return _with_transform(frame, transform, SUV_UNITS[values])


def windows_in_units(
    windows: tuple[VoiWindow, ...], old: Rescale, new: Rescale
) -> tuple[VoiWindow, ...]:
    """Return windows that show the same stored values after another transform.

    Both transforms run the same way.  A window of LINEAR becomes one of LINEAR_EXACT: its halves
    and its 1 are steps of the old unit.
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
        f"Frame {frame.frame_number}: {outside} pixels lie outside the stored values that the Real "
        "World Value Mapping is for; it was followed all the same."
    )
    return replace(frame, notes=(*frame.notes, note))


def _with_transform(frame: Frame, transform: Rescale | Lut, units: str) -> Frame:
    if transform == frame.modality:
        return replace(frame, units=units)
    notes = frame.notes
    windows: tuple[VoiWindow, ...] = ()
    old = frame.modality
    if isinstance(transform, Rescale) and isinstance(old, Rescale):
        runs_alike = transform.slope * old.slope > 0
        windows = windows_in_units(frame.voi_windows, old, transform) if runs_alike else ()
    if len(windows) < len(frame.voi_windows) or frame.voi_luts:
        notes = (*notes, f"The file's windows and VOI LUTs are not for {units or 'these values'}.")
    return replace(
        frame, modality=transform, units=units, voi_windows=windows, voi_luts=(), notes=notes
    )
