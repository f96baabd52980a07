"""The Presentation LUT of an image: from P-Values' input to P-Values (PS3.3 C.11.4, C.11.6)."""

from __future__ import annotations

from typing import Literal

from dcmconv.plugin import Lut
from dcmconv_builtins.dicom.file.elements import Elements
from dcmconv_builtins.dicom.pixels.pixel_values import StoredRange
from dcmconv_builtins.dicom.tone.lookup_table import find_lut

__all__ = ["find_presentation_lut"]

_P_VALUES = StoredRange(0, 65535)


def find_presentation_lut(top: Elements) -> Lut | Literal["IDENTITY", "INVERSE"] | None:
    """Return the Presentation LUT Sequence (2050,0010) or Shape (2050,0020) of an image.

    ``LIN OD``, a shape for printing, and unknown words count as absent.
    """
    for item in top.items("PresentationLUTSequence")[:1]:
        lut = find_lut(item, inputs=_P_VALUES, name="Presentation LUT Sequence (2050,0010)")
        if lut is not None:
            return lut
    shape = top.text("PresentationLUTShape").upper()
    if shape == "IDENTITY":
        return "IDENTITY"
    return "INVERSE" if shape == "INVERSE" else None
