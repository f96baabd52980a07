"""Normalizer ``voi``: a table of the file's VOI LUT Sequence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from dcmconv.plugin import Curve, Frame, InputError, Lut, Normalizer, Opt
from dcmconv_builtins.dicom.tone.voi_lut import VoiLut
from dcmconv_builtins.normalizers.origins import up_to

__all__ = ["Voi", "file_lut_curve"]


@dataclass(frozen=True, kw_only=True)
class Voi(Normalizer):
    """An item of the file's VOI LUT Sequence (PS3.3 C.11.2.1.1)."""

    shorthand: ClassVar[tuple[tuple[str, ...], ...]] = (("number",),)

    number: Annotated[
        int, Opt("Item of the VOI LUT Sequence (0028,3010), counted from 1", ge=1)
    ] = 1

    def __post_init__(self) -> None:
        if self.number < 1:
            raise ValueError(f"number is {self.number}; items are counted from 1")

    def curve(self, frame: Frame) -> Curve:
        """Return the curve of the item.

        Raises
        ------
        InputError
            If the file has no such item, or all entries of its table are the same.
        """
        count = len(frame.voi_luts)
        if count == 0:
            raise InputError(
                "VOI LUT Sequence (0028,3010) is missing or empty; voi needs one of its items.",
                hint="Use --normalize auto, which falls back to a window or min-max.",
                reason="voi-lut",
            )
        if self.number > count:
            raise InputError(
                f"VOI LUT Sequence (0028,3010) has {count} item{'s' * (count > 1)}; "
                f"item {self.number} was requested.",
                hint=f"Use --voi.number {up_to(count)}, or --normalize auto.",
                reason="voi-lut",
            )
        return file_lut_curve(frame, frame.voi_luts[self.number - 1], self.number)


def file_lut_curve(frame: Frame, lut: Lut, number: int) -> Curve:
    """Return the curve of a VOI LUT of the file, or of its state; ``number`` counts from 1.

    Raises
    ------
    InputError
        If all entries of the table are the same, so that nothing would be visible, or an entry has
        more bits than the table declares, so that the level of white is unknown.
    """
    problem = _find_problem(lut)
    if problem:
        raise InputError(
            f"LUT Data (0028,3006) of VOI LUT {number} {problem}.",
            hint="Use --normalize window, or --normalize minmax.",
            reason="voi-lut",
        )
    count = len(lut.entries)
    if frame.voi_source:
        return VoiLut(lut=lut, origin=f"{frame.voi_source}, VOI LUT of {count} entries")
    return VoiLut(lut=lut, origin=f"VOI LUT {number} of the file, {count} entries")


def _find_problem(lut: Lut) -> str:
    if len(lut.entries) == 0 or lut.entries.min() == lut.entries.max():
        return "is constant; at least two levels are needed"
    greatest = int(lut.entries.max())
    # White is the greatest value of these bits, so a greater entry would be brighter than white.
    if greatest >= 2**lut.bits:
        return f"contains {greatest}; LUT Descriptor (0028,3002) allows {lut.bits} bits"
    return ""
