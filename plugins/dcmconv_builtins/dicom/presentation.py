"""What lies over the frames of an Instance, and the presentation state that they are shown by."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dcmconv.plugin import Frame
from dcmconv_builtins.dicom.decoders import Decoded
from dcmconv_builtins.dicom.elements import Elements
from dcmconv_builtins.dicom.overlay import (
    OverlayLayer,
    PixelCells,
    overlay_groups,
    read_overlays,
)
from dcmconv_builtins.dicom.pixel_description import PixelDescription
from dcmconv_builtins.dicom.pixel_values import StoredRange
from dcmconv_builtins.dicom.read_options import ReadOptions

if TYPE_CHECKING:
    from dcmconv_builtins.dicom.presentation_state.library import StateLibrary

__all__ = ["Presentation"]


class Presentation:
    """Overlays and presentation states of one Instance; costs a look at its tags if it has none.

    Parameters
    ----------
    top : Elements
        The image.
    options : ReadOptions
        Those of the reader.
    description : PixelDescription
        How its pixels are coded: for overlays in the bits that they leave free.

    Raises
    ------
    UsageError
        If the presentation states that the options name are not there.
    """

    def __init__(self, top: Elements, options: ReadOptions, description: PixelDescription) -> None:
        self._top = top
        self._draws_overlays = options.overlays == "draw"
        self._description = description
        self._groups = overlay_groups(top)
        self._library = options.library

    def applied(self, frame: Frame, decoded: Decoded, stored: StoredRange) -> Frame:
        """Return the Frame with its overlays, shown by its state; the same one if it has neither.

        Parameters
        ----------
        frame : Frame
            As the image describes itself.
        decoded : Decoded
            Its pixels with all of their bits.
        stored : StoredRange
            What the bits of a stored value allow.
        """
        planes = self._planes(frame, decoded)
        # An overlay that was left out is noted when the frame is there already.
        new_notes = [line for line in self._top.notes.lines() if line not in frame.notes]
        if new_notes:
            frame = replace(frame, notes=(*frame.notes, *new_notes))
        layers = (replace(plane, drawn=self._draws_overlays) for plane in planes)
        if self._library is not None:
            return self._by_state(frame, tuple(layers), stored, self._library)
        return replace(frame, layers=(*frame.layers, *layers)) if planes else frame

    def _by_state(
        self,
        frame: Frame,
        planes: tuple[OverlayLayer, ...],
        stored: StoredRange,
        library: StateLibrary,
    ) -> Frame:
        from dcmconv_builtins.dicom.presentation_state.apply import apply_presentation_state
        from dcmconv_builtins.dicom.presentation_state.references import Target

        target = Target(self._top.text("SOPInstanceUID"), frame.frame_number)
        match = library.find(target)
        frame = replace(frame, notes=(*frame.notes, *match.notes))
        if match.state is None:
            return replace(frame, layers=(*frame.layers, *planes))
        return apply_presentation_state(frame, match.state, target, planes=planes, stored=stored)

    def _planes(self, frame: Frame, decoded: Decoded) -> tuple[OverlayLayer, ...]:
        if not self._groups:
            return ()
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
