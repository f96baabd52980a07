"""A Frame: stored values, and everything that the file says about what they mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from dcmconv.model.frame_parts import Lut, Padding, Palette, Rescale, Spacing, VoiWindow
from dcmconv.model.layers import LabelName, Layer, View
from dcmconv.model.statistics import Statistics

__all__ = ["AttributeValue", "Attributes", "Frame"]

AttributeValue = str | int | float | tuple["str | int | float", ...] | None
Attributes = Mapping[str, AttributeValue]
"""Keyword, or ``GGGG,EEEE``, to a plain value.  A missing attribute is a missing key."""

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Frame:
    """One decoded two-dimensional frame of an Instance, with what the file says about it.

    Everything is resolved for *this* frame: shared and per-frame functional groups included.

    Parameters
    ----------
    stored_values : integer or float array, shape (rows, columns) or (rows, columns, 3 or 4)
        Masked to Bits Stored and sign-extended; color as RGB or RGBA; palette images as indices;
        1-bit images as 0 and 1.  Made read-only.
    bits_stored : int
        Significant bits of a stored value; 0 for float pixels.
    photometric_interpretation : str
        ``MONOCHROME1``, ``MONOCHROME2``, ``PALETTE COLOR`` or ``RGB``: what the values mean *after*
        decoding.
    modality : Rescale or Lut
        From stored values to modality units (PS3.3 C.11.1).
    units : str
        Of modality values, such as ``HU``; empty if the file does not say.
    voi_windows, voi_luts : tuple
        What the file offers (PS3.3 C.11.2), in its order.  VOI LUTs take modality values.
    voi_source : str
        Where they come from, such as ``Presentation state LUNG``; empty for the file itself.
    presentation : Lut or "IDENTITY" or "INVERSE" or None
        Presentation LUT Sequence or Shape (PS3.3 C.11.6); None if the file has neither.
    padding : Padding, optional
        Stored values that mark padding.
    palette : Palette, optional
        For ``PALETTE COLOR``.
    pseudo_color : uint8 array, shape (256, 3), optional
        Colors for the display values of a gray frame (PS3.4 N.2.2): used like a colormap, unless
        the chain names one.
    spacing : Spacing, optional
        Physical size of a pixel.
    aspect : float
        Height of a pixel over its width (PS3.3 C.7.6.3.1.7); 1 is square.
    icc_profile : bytes
        ICC Profile (0028,2000) of a color frame; empty if there is none.
    is_label : bool
        The values are segment numbers, not intensities.
    is_mask : bool
        There are two values and nothing between them: resampled by nearest neighbor, like labels.
    labels : tuple of LabelName
        What the numbers of a label frame stand for.
    layers : tuple of Layer
        Overlays, graphics and shutters, in drawing order.
    view : View, optional
        Which part to show, and in which orientation; None shows the whole frame as stored.
    attributes : mapping
        Keyword, or ``GGGG,EEEE``, to a plain value.
    frame_number, frame_count : int
        Counted from 1.
    decoder : str
        What decoded the stream, such as ``imagecodecs.jpegls``.
    notes : tuple of str
        What the reader had to decide or tolerate; goes into the outcome.
    salvaged : str
        A description of the missing pixels; empty for a whole frame.  Only ``Reader.salvage`` gives
        such frames, and marks the missing pixels as ``padding``.
    wider_statistics : Statistics, optional
        Of more frames than this one; set by the engine for a normalizer that requests them.
    """

    stored_values: NDArray[Any]
    bits_stored: int
    photometric_interpretation: str = "MONOCHROME2"
    modality: Rescale | Lut = Rescale()  # noqa: RUF009 - frozen
    units: str = ""
    voi_windows: tuple[VoiWindow, ...] = ()
    voi_luts: tuple[Lut, ...] = ()
    voi_source: str = ""
    presentation: Lut | Literal["IDENTITY", "INVERSE"] | None = None
    padding: Padding | None = None
    palette: Palette | None = None
    pseudo_color: NDArray[np.uint8] | None = None
    spacing: Spacing | None = None
    aspect: float = 1.0
    icc_profile: bytes = b""
    is_label: bool = False
    is_mask: bool = False
    labels: tuple[LabelName, ...] = ()
    layers: tuple[Layer, ...] = ()
    view: View | None = None
    attributes: Attributes = field(default_factory=dict, repr=False)
    frame_number: int = 1
    frame_count: int = 1
    decoder: str = ""
    notes: tuple[str, ...] = ()
    salvaged: str = ""
    wider_statistics: Statistics | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        # A view, so that the array of the caller keeps its own flags.
        view = self.stored_values.view()
        view.flags.writeable = False
        object.__setattr__(self, "stored_values", view)

    @property
    def rows(self) -> int:
        """Rows (0028,0010) of the decoded frame."""
        return int(self.stored_values.shape[0])

    @property
    def columns(self) -> int:
        """Columns (0028,0011) of the decoded frame."""
        return int(self.stored_values.shape[1])

    @property
    def is_color(self) -> bool:
        """Whether the frame has its own colors, so that no normalizer is applied."""
        has_palette = self.palette is not None and not self.palette.is_supplemental
        return self.stored_values.ndim == 3 or has_palette

    @property
    def is_inverted(self) -> bool:
        """Whether low values are bright, which MONOCHROME1 and a shape of INVERSE both say.

        PS3.3 C.7.6.3.1.2 and C.11.6.1.2.  Both together invert only once.  MONOCHROME1 with a shape
        of IDENTITY is a contradiction; DX files with it exist, and in those the shape is wrong.
        """
        # A Presentation LUT is not equal to a text.
        return self.photometric_interpretation == "MONOCHROME1" or self.presentation == "INVERSE"

    def modality_values(self) -> FloatArray:
        """Return the values in modality units: a new float64 array of the same shape."""
        return self.modality(self.stored_values)

    @cached_property
    def statistics(self) -> Statistics:
        """Extremes and percentiles of the modality values without padding, computed on demand.

        Those of the instance, the series or the run for a normalizer that requests them.
        """
        # cached_property writes to __dict__, past the __setattr__ of the frozen dataclass.
        return Statistics.of(self) if self.wider_statistics is None else self.wider_statistics
