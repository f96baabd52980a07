"""Rotate a picture by right angles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np

from dcmconv.plugin import Domain, Opt, Picture, Step

__all__ = ["Rotate"]


@dataclass(frozen=True, kw_only=True)
class Rotate(Step):
    """Rotate the picture clockwise by 90, 180 or 270 degrees.

    Works on every domain, because no value changes.  A quarter turn swaps the spacing of rows and
    columns.
    """

    accepts: ClassVar[frozenset[Domain]] = frozenset({"display", "stored", "modality", "label"})
    shorthand: ClassVar[tuple[tuple[str, ...], ...]] = (("degrees",),)
    also_called: ClassVar[tuple[str, ...]] = ("rotate-left", "rotate-right", "angle")

    degrees: Annotated[Literal[90, 180, 270], Opt("Angle, clockwise", unit="degrees")] = 90

    def apply(self, picture: Picture) -> Picture:
        """Rotate."""
        # rot90 turns counterclockwise.
        turned = picture.with_(pixels=np.rot90(picture.pixels, k=-self.degrees // 90))
        if self.degrees == 180:
            return turned
        spacing = picture.spacing
        if spacing is not None:
            spacing = spacing._replace(rows=spacing.columns, columns=spacing.rows)
        return turned.with_(spacing=spacing, aspect=1 / picture.aspect)
