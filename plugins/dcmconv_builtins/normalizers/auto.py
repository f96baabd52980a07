"""Normalizer ``auto``, the default: what the file asks for, in a fixed order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from dcmconv.plugin import Curve, Frame, InputError, Normalizer
from dcmconv_builtins.normalizers.origins import because, file_window_curve, minmax_curve
from dcmconv_builtins.normalizers.voi import file_lut_curve

__all__ = ["Auto"]


@dataclass(frozen=True, kw_only=True)
class Auto(Normalizer):
    """What the file asks for: its first VOI LUT, else its first window, else min-max.

    If a file has both, the standard lets a viewer choose (PS3.3 C.11.2.1); here the table takes
    precedence, because a window is a simpler substitute for it.  The table or window of a
    presentation state replaces that of the file (PS3.4 N.2).  An invalid table or window is skipped
    for the next in this order, and the origin of the curve says why.

    Segments and 1-bit pixels with neither are black at 0 and white at 1, or at Maximum Fractional
    Value, even if the whole frame has one value.
    """

    def curve(self, frame: Frame) -> Curve:
        """Return the first valid curve; min-max always is."""
        skipped: list[str] = []
        for curve_of_offer in _offers(frame):
            try:
                return because(curve_of_offer(), skipped)
            except InputError as error:
                skipped.append(error.message.rstrip("."))
        return because(minmax_curve(frame), skipped)


def _offers(frame: Frame) -> Iterator[Callable[[], Curve]]:
    for number, lut in enumerate(frame.voi_luts, start=1):
        yield partial(file_lut_curve, frame, lut, number)
    for number, window in enumerate(frame.voi_windows, start=1):
        yield partial(file_window_curve, frame, window, number)
