"""Apply a presentation state to a Frame (PS3.4 N.2)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

from dcmconv.plugin import Frame, Layer, Lut, Rescale, Spacing, View
from dcmconv_builtins.dicom.file.elements import Elements, Notes
from dcmconv_builtins.dicom.objects.overlay import OverlayLayer, overlay_groups, read_overlays
from dcmconv_builtins.dicom.pixels.pixel_values import StoredRange
from dcmconv_builtins.dicom.presentation_state.annotations import annotation_layers
from dcmconv_builtins.dicom.presentation_state.display_space import DisplaySpace
from dcmconv_builtins.dicom.presentation_state.displayed_area import find_view, pixel_size_changes
from dcmconv_builtins.dicom.presentation_state.grayscale import grayscale_changes, pseudo_colors
from dcmconv_builtins.dicom.presentation_state.library import (
    COLOR,
    PSEUDO_COLOR,
    PresentationState,
)
from dcmconv_builtins.dicom.presentation_state.references import Target
from dcmconv_builtins.dicom.presentation_state.shutter import find_shutter, shutter_group

__all__ = ["apply_presentation_state"]


def apply_presentation_state(
    frame: Frame,
    state: PresentationState,
    target: Target,
    *,
    planes: tuple[OverlayLayer, ...],
    stored: StoredRange,
) -> Frame:
    """Return the Frame as a state shows it; stored values do not change.

    Parameters
    ----------
    frame : Frame
        As the image alone describes it.
    state : PresentationState
        A state that refers to the frame.
    target : Target
        The image and the number of the frame.
    planes : tuple of OverlayLayer
        Of the image.  Planes of the state replace those of the same group (PS3.3 C.11.7).
    stored : StoredRange
        The range that the bits of a stored value allow.

    Returns
    -------
    Frame
        A new Frame, with a note for each part of the state that was left out.
    """
    subject = _Subject.of(frame, state, target, stored)
    applied = None if planes else _LATEST.get(subject)
    if applied is None:
        applied = _applied(frame, state, target, planes=planes, stored=stored)
        if not planes and not state.has_overlays:
            _keep(subject, applied)
    return replace(
        frame,
        **applied.changes,
        layers=(*frame.layers, *applied.layers),
        notes=(*frame.notes, *applied.notes),
    )


class _Applied(NamedTuple):
    """What a state changes in a frame, without the layers and notes that the frame has already."""

    changes: dict[str, Any]
    layers: tuple[Layer, ...]
    notes: tuple[str, ...]


class _Subject(NamedTuple):
    """All that the result depends on, unless there are overlay planes."""

    state: PresentationState
    applying: tuple[bool, ...]
    stored: StoredRange
    shape: tuple[int, int]
    modality: Rescale | Lut
    units: str
    spacing: Spacing | None
    aspect: float
    view: View | None
    is_gray: bool

    @classmethod
    def of(
        cls, frame: Frame, state: PresentationState, target: Target, stored: StoredRange
    ) -> _Subject:
        return cls(
            state,
            state.applying_to(target),
            stored,
            (frame.rows, frame.columns),
            frame.modality,
            frame.units,
            frame.spacing,
            frame.aspect,
            frame.view,
            not (frame.is_color or frame.is_label),
        )


_LATEST: dict[_Subject, _Applied] = {}
_MOST = 2
"""The frames of a series follow each other; what is drawn takes as much memory as a picture."""


def _keep(subject: _Subject, applied: _Applied) -> None:
    if len(_LATEST) >= _MOST:
        del _LATEST[next(iter(_LATEST))]
    for layer in applied.layers:
        # Shared between frames from now on.
        layer.coverage.flags.writeable = False
    _LATEST[subject] = applied


def _applied(
    frame: Frame,
    state: PresentationState,
    target: Target,
    *,
    planes: tuple[OverlayLayer, ...],
    stored: StoredRange,
) -> _Applied:
    notes = Notes()
    top = Elements(state.dataset, notes)
    changes = _pixel_changes(top, frame, state, target, stored)
    changes |= pixel_size_changes(top, target, frame)
    view = find_view(top, target, shape=(frame.rows, frame.columns))
    if view is not None:
        changes["view"] = view
    # Layers are drawn for the geometry that the picture will have in the end.
    aspect = changes.get("aspect", frame.aspect)
    layers = _layers(top, frame, target, planes, (view or frame.view or View(), aspect))
    return _Applied(changes, layers, tuple(f"{state.name}: {line}" for line in notes.lines()))


def _pixel_changes(
    top: Elements, frame: Frame, state: PresentationState, target: Target, stored: StoredRange
) -> dict[str, Any]:
    # A color state has no grayscale pipeline (PS3.3 A.33.2).
    if frame.is_color or frame.is_label or state.sop_class == COLOR:
        return {}
    changes = grayscale_changes(top, frame, target, stored, name=state.name)
    if state.sop_class == PSEUDO_COLOR:
        changes["pseudo_color"] = pseudo_colors(top)
    return changes


def _layers(
    top: Elements,
    frame: Frame,
    target: Target,
    image_planes: tuple[OverlayLayer, ...],
    geometry: tuple[View, float],
) -> tuple[Layer, ...]:
    view, aspect = geometry
    shape = (frame.rows, frame.columns)
    own = read_overlays(
        top, overlay_groups(top), frame_number=target.frame_number, shape=shape, cells=None
    )
    # Later entries win: the planes of the state replace those of the image.
    by_group = {plane.group: plane for plane in (*image_planes, *own)}
    shutter = find_shutter(top, own, shape=shape, aspect=aspect)
    covering = shutter_group(top)
    planes = tuple(by_group[group] for group in sorted(by_group) if group != covering)
    drawn = annotation_layers(top, planes, target, DisplaySpace(shape, view, aspect))
    # Annotations are drawn over the shutter, because they may be outside the area it shows.
    return drawn if shutter is None else (shutter, *drawn)
