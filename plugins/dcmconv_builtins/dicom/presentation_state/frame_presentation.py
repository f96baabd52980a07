"""Overlays, shutters and presentation states for the frames of one Instance."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dcmconv.plugin import Frame, Layer
from dcmconv_builtins.dicom.decoders import Decoded
from dcmconv_builtins.dicom.file.elements import Elements
from dcmconv_builtins.dicom.file.functional_groups import FrameGroups
from dcmconv_builtins.dicom.objects.overlay import (
    OverlayLayer,
    PixelCells,
    overlay_groups,
    read_overlays,
)
from dcmconv_builtins.dicom.pixels.pixel_description import PixelDescription
from dcmconv_builtins.dicom.pixels.pixel_values import StoredRange
from dcmconv_builtins.dicom.read_options import ReadOptions

if TYPE_CHECKING:
    from dcmconv_builtins.dicom.presentation_state.library import Match
    from dcmconv_builtins.dicom.presentation_state.references import Target

__all__ = ["FramePresentation"]


class FramePresentation:
    """Adds overlays, shutters and presentation states to the frames of one Instance.

    Parameters
    ----------
    top : Elements
        The image.
    options : ReadOptions
        The options of the reader.
    description : PixelDescription
        The layout of its pixels, for overlays in unused bits.

    Raises
    ------
    UsageError
        If the presentation states that the options name do not exist.
    """

    def __init__(self, top: Elements, options: ReadOptions, description: PixelDescription) -> None:
        self._top = top
        self._draws_overlays = options.overlays == "draw"
        self._draws_shutters = options.shutters == "draw"
        self._description = description
        self._groups = overlay_groups(top)
        self._library = options.library

    def apply(
        self, frame: Frame, groups: FrameGroups, decoded: Decoded, stored: StoredRange
    ) -> Frame:
        """Return the Frame with its layers and state; the same Frame if it has neither.

        Parameters
        ----------
        frame : Frame
            As the image alone describes it.
        groups : FrameGroups
            The functional groups, which may contain a shutter.
        decoded : Decoded
            The pixels with all of their bits.
        stored : StoredRange
            The range that the bits of a stored value allow.
        """
        planes = self._planes(frame, decoded)
        match = self._match(frame)
        if match is not None:
            frame = replace(frame, notes=(*frame.notes, *match.notes))
        if match is None or match.state is None:
            layers = self._layers(frame, groups, planes)
            frame = replace(frame, layers=(*frame.layers, *layers)) if layers else frame
        else:
            from dcmconv_builtins.dicom.presentation_state.apply import apply_presentation_state

            target = self._target(frame)
            frame = apply_presentation_state(
                frame, match.state, target, planes=planes, stored=stored
            )
        # Reading the image's own layers may have noted problems after the frame was made.
        added = [line for line in self._top.notes.lines() if line not in frame.notes]
        return replace(frame, notes=(*frame.notes, *added)) if added else frame

    def is_plain(self, groups: FrameGroups) -> bool:
        """Whether a frame is shown unchanged: no state, and nothing drawn over it."""
        has_shutter = groups.find("FrameDisplayShutterSequence", "ShutterShape") is not None
        draws = (has_shutter and self._draws_shutters) or (self._groups and self._draws_overlays)
        return self._library is None and not draws

    def _layers(
        self, frame: Frame, groups: FrameGroups, planes: tuple[OverlayLayer, ...]
    ) -> tuple[Layer, ...]:
        """Return the image's own shutter, if it is to be drawn, and the overlays over it."""
        item = groups.find("FrameDisplayShutterSequence", "ShutterShape")
        if item is None:
            return tuple(replace(plane, drawn=self._draws_overlays) for plane in planes)
        from dcmconv_builtins.dicom.presentation_state.shutter import find_shutter, shutter_group

        bitmap_group = shutter_group(item)
        layers: list[Layer] = [
            replace(plane, drawn=self._draws_overlays and plane.group != bitmap_group)
            for plane in planes
        ]
        if self._draws_shutters:
            shape = (frame.rows, frame.columns)
            shutter = find_shutter(item, planes, shape=shape, aspect=frame.aspect)
            # The shutter is the lowest layer: overlays are drawn over it.
            layers[:0] = () if shutter is None else (shutter,)
        return tuple(layers)

    def _match(self, frame: Frame) -> Match | None:
        """Return the state that refers to a frame; None if the options name no states."""
        return None if self._library is None else self._library.find(self._target(frame))

    def _target(self, frame: Frame) -> Target:
        from dcmconv_builtins.dicom.presentation_state.references import Target

        return Target(self._top.text("SOPInstanceUID"), frame.frame_number)

    def _planes(self, frame: Frame, decoded: Decoded) -> tuple[OverlayLayer, ...]:
        if not self._groups:
            return ()
        # A codec that masks its values has dropped the bits that overlays are in.
        is_coded = not decoded.is_masked and decoded.values.dtype.kind in "iu"
        cells = PixelCells(
            decoded.values if is_coded else None,
            self._description.bits_stored,
            self._description.high_bit,
        )
        return read_overlays(
            self._top,
            self._groups,
            frame_number=frame.frame_number,
            shape=(frame.rows, frame.columns),
            cells=cells,
        )
