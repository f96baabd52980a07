"""Normalizer ``auto``, the default: what the file asks for, in a declared order."""

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

    The standard lets a viewer choose where a file has both (PS3.3 C.11.2.1); here the table goes
    first, because a window is the plainer substitute for it.  Where a presentation state shows the
    image, its table or window stands in the place of the file's (PS3.4 N.2).  A table or a window
    that makes no sense is passed over for the next in this order, and the origin of the curve says
    why.

    Segments and 1-bit pixels that have neither are black at 0 and white at 1, or at Maximum
    Fractional Value, also where the frame is the same throughout.
    """

    def curve(self, frame: Frame) -> Curve:
        """Return the first curve that makes sense; min-max always does."""
        passed_over: list[str] = []
        for curve_of_offer in _offers(frame):
            try:
                return because(curve_of_offer(), passed_over)
            except InputError as error:
                passed_over.append(error.message.rstrip("."))
        return because(minmax_curve(frame), passed_over)


def _offers(frame: Frame) -> Iterator[Callable[[], Curve]]:
    for number, lut in enumerate(frame.voi_luts, start=1):
        yield partial(file_lut_curve, frame, lut, number)
    for number, window in enumerate(frame.voi_windows, start=1):
        yield partial(file_window_curve, frame, window, number)
