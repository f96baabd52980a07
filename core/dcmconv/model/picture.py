"""A Picture: what steps change and writers encode."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from numpy.typing import NDArray

from dcmconv.model.frame import Attributes
from dcmconv.model.frame_parts import Spacing
from dcmconv.model.layers import LabelName

__all__ = ["Domain", "Picture", "ValueScale"]

Domain = Literal["display", "stored", "modality", "label"]
"""How far the values have come: display values, unscaled ones, or segment numbers."""


class ValueScale(NamedTuple):
    """The modality values of black and white, and their unit; ``white`` may be the lower one."""

    black: float
    white: float
    units: str = ""

    @property
    def center(self) -> float:
        """The value halfway between them: Window Center (0028,1050) of LINEAR_EXACT."""
        return (self.black + self.white) / 2

    @property
    def width(self) -> float:
        """The distance between them: Window Width (0028,1051) of LINEAR_EXACT."""
        return abs(self.white - self.black)


@dataclass(frozen=True, kw_only=True, eq=False)
class Picture:
    """A picture between the tone stage and the writer.

    Parameters
    ----------
    pixels : array, shape (rows, columns) or (rows, columns, 3 or 4)
        Display and label values are uint8 or uint16; unscaled values keep any numeric dtype.
        Valid during the call; a step returns a new Picture and never modifies this one.
    domain : str
        What the values are: ``display``, ``stored``, ``modality`` or ``label``.
    bits : int
        Significant bits of a value.
    palette : uint8 array, shape (256, 3), optional
        The color of each display value, if the colormap was kept as a palette.
    spacing : Spacing, optional
        Physical size of a pixel, updated by steps that resize.
    aspect : float
        Height of a pixel over its width; the engine makes pixels square before the first step.
    icc_profile : bytes
        Color profile of an RGB picture; empty means sRGB.
    attributes : mapping
        The Frame's attributes, for templates.
    frame_number, frame_count : int
        Counted from 1.
    background : int
        The display value of padding, and of new borders.
    is_mask : bool
        There are two values and nothing between them: resampled by nearest neighbor.
    notes : tuple of str
        What a step had to decide or could not do; goes into the outcome.
    tone : str
        Where the contrast comes from, such as ``Window 1 of the file, LINEAR 40/400``; known when
        the picture is finished, and empty for color.
    is_annotated : bool
        Something is drawn over the values: layers, or, when it is finished, by a step that runs
        after the colormap.
    scale : ValueScale, optional
        What black and white mean, if display values are a linear function of modality values.
    color_table : uint8 array, shape (256, 3), optional
        The colors that a gray picture was given; for a color bar.
    labels : tuple of LabelName
        What the numbers of a label picture stand for.
    """

    pixels: NDArray[Any]
    domain: Domain = "display"
    bits: int = 8
    palette: NDArray[Any] | None = None
    spacing: Spacing | None = None
    aspect: float = 1.0
    icc_profile: bytes = b""
    attributes: Attributes = field(default_factory=dict, repr=False)
    frame_number: int = 1
    frame_count: int = 1
    background: int = 0
    scale: ValueScale | None = None
    color_table: NDArray[Any] | None = field(default=None, repr=False)
    labels: tuple[LabelName, ...] = ()
    is_mask: bool = False
    notes: tuple[str, ...] = ()
    tone: str = ""
    is_annotated: bool = False

    def __post_init__(self) -> None:
        # A view, so that the array of the caller keeps its own flags.
        view = self.pixels.view()
        view.flags.writeable = False
        object.__setattr__(self, "pixels", view)

    @property
    def rows(self) -> int:
        """Rows of the picture."""
        return int(self.pixels.shape[0])

    @property
    def columns(self) -> int:
        """Columns of the picture."""
        return int(self.pixels.shape[1])

    @property
    def is_color(self) -> bool:
        """Whether the pixels are RGB or RGBA."""
        return self.pixels.ndim == 3

    @property
    def is_sharp(self) -> bool:
        """Whether resampling must not create new values: true for labels and masks."""
        return self.is_mask or self.domain == "label"

    def with_(self, **changes: Any) -> Picture:
        """Return the picture with some fields replaced."""
        return dataclasses.replace(self, **changes)
