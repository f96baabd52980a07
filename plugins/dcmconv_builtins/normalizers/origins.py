"""Descriptions of where a curve comes from, and curves that several normalizers share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dcmconv.plugin import Curve, Frame, Linear, Statistics, VoiWindow
from dcmconv_builtins.dicom.tone.voi_lut import curve_of

__all__ = [
    "because",
    "file_window_curve",
    "minmax_curve",
    "reach",
    "span",
    "up_to",
    "window_words",
]


def span(black: float, white: float, words: str, frame: Frame, *, after: str = "") -> Linear:
    """Return the line from ``black`` to ``white``; its origin is ``words``, the numbers, the units.

    ``after`` ends the origin.  With equal ends, a constant frame is black.
    """
    return Linear(
        black=black,
        white=white,
        origin=f"{words} {black:.10g}..{white:.10g}{_after_number(frame.units)}{after}",
    )


def minmax_curve(frame: Frame) -> Linear:
    """Return the line from the least to the greatest modality value, without padding."""
    statistics = frame.statistics
    after = reach(statistics)
    return span(statistics.minimum, statistics.maximum, "min-max", frame, after=after)


def reach(statistics: Statistics) -> str:
    """Return the scope of statistics as text; empty for those of the frame itself."""
    return "" if statistics.scope == "frame" else f" of the {statistics.scope}"


def because(curve: Curve, reasons: Sequence[str]) -> Curve:
    """Return the curve, its origin extended by why it replaces a preferred one, if it does."""
    if not reasons:
        return curve
    return replace(curve, origin=f"{curve.origin}, because {' and '.join(reasons)}")


def file_window_curve(frame: Frame, window: VoiWindow, number: int) -> Curve:
    """Return the curve of one of the file's own windows; ``number`` counts from 1.

    The windows of a presentation state replace those of the file; its name is in the origin.

    Raises
    ------
    InputError
        If the window is invalid.
    """
    words = window_words(window, frame.units)
    if frame.voi_source:
        return curve_of(window, f"{frame.voi_source}, window {words.removeprefix('LINEAR ')}")
    return curve_of(window, f"Window {number} of the file, {words}")


def window_words(window: VoiWindow, units: str) -> str:
    """Return a window as text: its VOI LUT Function, center, width and units."""
    # PS3.3 C.11.2.1.3: LINEAR if missing.
    function = window.function or "LINEAR"
    return f"{function} {window.center:.10g}/{window.width:.10g}{_after_number(units)}"


def up_to(count: int) -> str:
    """Return the valid numbers as text."""
    return "1" if count == 1 else f"1 to {count}"


def _after_number(units: str) -> str:
    return f" {units}" if units else ""
