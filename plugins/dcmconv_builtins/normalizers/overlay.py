"""Normalizer ``overlay``: the overlay planes as a mask, white on black."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from dcmconv.plugin import Frame, InputError, MaskNormalizer, Opt
from dcmconv_builtins.dicom.objects.overlay import OverlayLayer

__all__ = ["Overlay"]


@dataclass(frozen=True, kw_only=True)
class Overlay(MaskNormalizer):
    """The overlay planes of the file as a mask, white on black (PS3.3 C.9.2).

    Without ``group`` it is the union of all planes, whether or not they are drawn into pictures.
    """

    shorthand: ClassVar[tuple[tuple[str, ...], ...]] = (("group",),)

    group: Annotated[
        str | None,
        Opt("Group of one plane in hexadecimal digits, 6000 to 601E", examples=("6000", "6002")),
    ] = None

    def __post_init__(self) -> None:
        if self.group is not None:
            _number_of(self.group)

    def mask(self, frame: Frame) -> NDArray[Any]:
        """Return the union of the planes: bool array, shape (rows, columns).

        Raises
        ------
        InputError
            If the frame has no overlay plane, or none of the group.
        """
        planes = [layer for layer in frame.layers if isinstance(layer, OverlayLayer)]
        wanted = None if self.group is None else _number_of(self.group)
        chosen = [plane.coverage for plane in planes if wanted in (None, plane.group)]
        if chosen:
            joined: NDArray[np.bool_] = np.logical_or.reduce(chosen)
            return joined
        found = ", ".join(f"{plane.group:04X}" for plane in planes) or "none"
        raise InputError(
            f"Overlay planes (60xx,3000): expected "
            f"{'one' if wanted is None else f'{wanted:04X}'}, found {found}.",
            hint="Skip such files with a rule, or choose a group that the file has.",
            reason="overlay",
        )


def _number_of(group: str) -> int:
    try:
        number = int(group, 16)
    except ValueError:
        number = 0
    # PS3.5 7.6: repeating groups are even.  The mask keeps the bits that all of them share.
    if number & ~0x1E != 0x6000:
        raise ValueError(f"group is '{group}'; expected an even group from 6000 to 601E")
    return number
