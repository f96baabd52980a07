"""A Frame: stored values, and everything that the file says about what they mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dcmconv.model.layers import LabelName, Layer, View

if TYPE_CHECKING:
    from dcmconv.model.statistics import Statistics

__all__ = [
    "AttributeValue",
    "Attributes",
    "Frame",
    "Lut",
    "Padding",
    "Palette",
    "Rescale",
    "Spacing",
    "VoiWindow",
]

AttributeValue = str | int | float | tuple["str | int | float", ...] | None
Attributes = Mapping[str, AttributeValue]
"""Keyword, or ``GGGG,EEEE``, to a plain value.  A missing attribute is a missing key."""

FloatArray = NDArray[np.float64]


class Spacing(NamedTuple):
    """Distance between pixel centers in mm, and the attribute that says so."""

    rows: float
    columns: float
    attribute: str = "Pixel Spacing"


class Padding(NamedTuple):
    """The range of stored values, both ends included, that are no image (PS3.3 C.7.5.1.1.2)."""

    first: float
    last: float


@dataclass(frozen=True)
class VoiWindow:
    """One window that the file offers (PS3.3 C.11.2.1.2), in modality units."""

    center: float
    width: float
    function: str = "LINEAR"
    explanation: str = ""


@dataclass(frozen=True, eq=False)
class Lut:
    """A lookup table of the file: Modality, VOI or Presentation LUT (PS3.3 C.11.1, C.11.2, C.11.6).

    ``entries`` is an integer array of shape (n,), read-only; entry 0 answers for every input up to
    ``first``, the last entry for every input beyond.  ``bits`` is the width of an output value.
    Two tables are equal where their numbers are.
    """

    entries: NDArray[Any]
    first: int = 0
    bits: int = 16
    explanation: str = ""

    def __call__(self, values: NDArray[Any]) -> FloatArray:
        """Look up values; a new float64 array of the same shape, in the units of the entries."""
        # Numbers without a sign would wrap around below the first value mapped.
        finite = np.nan_to_num(values.astype(np.float64), nan=float(self.first))
        index = np.clip(np.floor(finite) - self.first, 0, len(self.entries) - 1)
        entries: FloatArray = self.entries.astype(np.float64)
        looked_up: FloatArray = entries[index.astype(np.intp)]
        return looked_up

    @cached_property
    def key(self) -> tuple[Any, ...]:
        """Everything that the table depends on, as one hashable value."""
        return self.first, self.bits, self.entries.dtype.str, self.entries.tobytes()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Lut) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


@dataclass(frozen=True)
class Rescale:
    """The linear modality transform: Rescale Slope (0028,1053) and Intercept (0028,1052)."""

    slope: float = 1.0
    intercept: float = 0.0

    def __call__(self, stored_values: NDArray[Any]) -> FloatArray:
        """Map stored values to modality units; a new float64 array of the same shape."""
        modality_values: FloatArray = np.multiply(stored_values, self.slope, dtype=np.float64)
        modality_values += self.intercept
        return modality_values


@dataclass(frozen=True, eq=False)
class Palette:
    """A Palette Color LUT (PS3.3 C.7.6.3.1.5, C.7.6.19).

    ``table`` has shape (n, 3), or (n, 4) with alpha, uint8 or uint16; its first row is the color of
    the stored value ``first``.  A supplemental palette colors the values from ``first`` on, and
    leaves those below to the grayscale pipeline.
    """

    table: NDArray[Any]
    first: int = 0
    is_supplemental: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class Frame:
    """One two-dimensional picture of an Instance, as stored, with what the file says about it.

    Everything is resolved for *this* frame: shared and per-frame functional groups included.

    Parameters
    ----------
    stored_values : integer or float array, shape (rows, columns) or (rows, columns, 3 or 4)
        Masked to Bits Stored and sign-extended; colour as RGB or RGBA; palette images as indices;
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
        Who offers them, such as ``Presentation state LUNG``; empty for the file itself.
    presentation : Lut or "IDENTITY" or "INVERSE" or None
        Presentation LUT Sequence or Shape (PS3.3 C.11.6); None where the file has neither.
    padding : Padding, optional
        Stored values that are no image.
    palette : Palette, optional
        For ``PALETTE COLOR``.
    pseudo_color : uint8 array, shape (256, 3), optional
        Colours for the display values of a gray frame (PS3.4 N.2.2): used like a colormap, unless
        the chain names one.
    spacing : Spacing, optional
        Physical size of a pixel.
    aspect : float
        Height of a pixel over its width (PS3.3 C.7.6.3.1.7); 1 is square.
    icc_profile : bytes
        ICC Profile (0028,2000) of a colour frame; empty if there is none.
    is_label : bool
        The values are segment numbers, not intensities.
    is_mask : bool
        The values are two, with nothing between them: resampled by the nearest, as labels are.
    labels : tuple of LabelName
        What the numbers of a label frame stand for.
    layers : tuple of Layer
        Overlays, graphics and shutters, in the order in which they are drawn.
    view : View, optional
        Which part to show, and which way up; None shows all as stored.
    attributes : mapping
        Keyword, or ``GGGG,EEEE``, to a plain value.
    frame_number, frame_count : int
        Counted from 1.
    decoder : str
        What decoded the stream, such as ``imagecodecs.jpegls``.
    notes : tuple of str
        What the reader had to decide or tolerate; goes into the outcome.
    salvaged : str
        Which pixels are missing, in words; empty for a whole frame.  Only ``Reader.salvage`` gives
        such frames, and marks the missing pixels as ``padding``.
    wider_statistics : Statistics, optional
        Of more frames than this one; set by the engine for a normalizer that asks for them.
    """

    stored_values: NDArray[Any]
    bits_stored: int
    photometric_interpretation: str = "MONOCHROME2"
    modality: Rescale | Lut = Rescale()
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
        """Whether the frame has its own colours, so that no normalizer touches it."""
        has_palette = self.palette is not None and not self.palette.is_supplemental
        return self.stored_values.ndim == 3 or has_palette

    @property
    def is_inverted(self) -> bool:
        """Whether low values are bright: MONOCHROME1 and INVERSE both say so, and never twice.

        PS3.3 C.7.6.3.1.2 and C.11.6.1.2.  MONOCHROME1 with a shape of IDENTITY contradicts itself;
        such DX files are known, and it is their shape that is wrong.
        """
        shape = self.presentation if isinstance(self.presentation, str) else ""
        return self.photometric_interpretation == "MONOCHROME1" or shape == "INVERSE"

    def modality_values(self) -> FloatArray:
        """Return the values in modality units: a new float64 array of the same shape."""
        return self.modality(self.stored_values)

    @cached_property
    def statistics(self) -> Statistics:
        """Extremes and percentiles of the modality values, padding left out; computed on demand.

        Those of the instance, the series or the run for a normalizer that asks for them.
        """
        from dcmconv.model.statistics import Statistics

        return Statistics.of(self) if self.wider_statistics is None else self.wider_statistics
