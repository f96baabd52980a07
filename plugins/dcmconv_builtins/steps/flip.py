"""Mirror a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from dcmconv.plugin import Domain, Opt, Picture, Step

__all__ = ["Flip"]


@dataclass(frozen=True, kw_only=True)
class Flip(Step):
    """Mirror the picture left to right, or top to bottom.

    Works on every domain, because no value changes.
    """

    accepts: ClassVar[frozenset[Domain]] = frozenset({"display", "stored", "modality", "label"})
    shorthand: ClassVar[tuple[tuple[str, ...], ...]] = (("direction",),)
    also_called: ClassVar[tuple[str, ...]] = (
        "mirror",
        "flop",
        "flip-horizontally",
        "flip-vertically",
    )

    direction: Annotated[
        Literal["horizontal", "vertical"],
        Opt("horizontal swaps left and right, vertical swaps top and bottom"),
    ] = "horizontal"

    def apply(self, picture: Picture) -> Picture:
        """Mirror."""
        if self.direction == "horizontal":
            return picture.with_(pixels=picture.pixels[:, ::-1])
        return picture.with_(pixels=picture.pixels[::-1])
