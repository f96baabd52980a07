"""What a file says lies over a picture, and which part of it to show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from numpy.typing import NDArray

__all__ = ["LabelName", "Layer", "View"]


@dataclass(frozen=True, eq=False)
class Layer:
    """Something drawn over the display values, at the frame's own resolution.

    Parameters
    ----------
    kind : str
        ``overlay`` (PS3.3 C.9), ``graphic`` (C.10.5) or ``shutter`` (C.7.6.11).
    coverage : bool or uint8 array, shape (rows, columns)
        Where it covers the picture: True or 255 wholly, False or 0 not at all.
    color : tuple of three floats
        Red, green and blue, 0 to 1; three equal numbers are a gray.
    name : str
        In the words of the file.
    drawn : bool
        Whether the engine draws it; a layer that is not drawn can still be asked for as a mask.
    """

    kind: Literal["overlay", "graphic", "shutter"]
    coverage: NDArray[Any]
    color: tuple[float, float, float] = (1.0, 1.0, 1.0)
    name: str = ""
    drawn: bool = True


@dataclass(frozen=True)
class View:
    """Which part of a frame to show, and which way up (PS3.3 C.10.4, C.10.6).

    Parameters
    ----------
    region : tuple of four ints, optional
        Column, row, columns and rows, from 0 and from the upper left; may reach beyond the frame,
        where it shows background.
    rotation : int
        Clockwise, in degrees: 0, 90, 180 or 270; after the region is cut out.
    is_flipped : bool
        Left and right change places, after the rotation.
    """

    region: tuple[int, int, int, int] | None = None
    rotation: Literal[0, 90, 180, 270] = 0
    is_flipped: bool = False


@dataclass(frozen=True)
class LabelName:
    """What a number in a label picture stands for (PS3.3 C.8.20.4)."""

    number: int
    name: str
    color: tuple[int, int, int] = (255, 255, 255)
    meaning: str = ""
