"""Flat pictures: a note where the file has more to show.

A blank slice is flat, and rightly so.  Three kinds of flat pictures have a note:

* all pixels have one value, and overlay planes that are not drawn have content;
* the curve draws every value that the stored bits allow alike, so the window or table is wrong;
* the values vary by at least the width of the window, but all of them are outside of it.

Not noted: a frame of one value, a frame of padding, and faint noise that a window leaves black,
such as the air above a head in a series that is shown with one window.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dcmconv.model.curve import Curve
from dcmconv.model.frame import Frame
from dcmconv.model.statistics import Statistics
from dcmconv.render.lookup import DisplayRule

__all__ = ["find_flat_notes"]

_SAMPLES = 16
"""Pixels along each side that are compared first; in nearly every picture two of them differ."""
_MOST_LEVELS = 1 << 16
"""How many of the values that the stored bits allow are tried."""


def find_flat_notes(
    frame: Frame, display_values: NDArray[Any], rules: Sequence[DisplayRule] = ()
) -> tuple[str, ...]:
    """Return the notes on a picture all of whose pixels are alike; none for any other picture.

    Parameters
    ----------
    frame : Frame
        In color or gray.
    display_values : array, shape (rows, columns) or (rows, columns, channels)
        What it is drawn as.
    rules : sequence of DisplayRule
        What a gray frame was drawn with, one for each channel.
    """
    if not _is_flat(display_values):
        return ()
    # Of this frame, even if the curve comes from the statistics of a series.
    statistics = Statistics.of(frame)
    if frame.is_color or not rules or statistics.minimum == statistics.maximum:
        return _note_on_overlays(frame)
    reasons = [_find_reason(rule, frame, statistics) for rule in rules]
    if not all(reasons):
        return ()
    extent = f"{statistics.minimum:.10g}..{statistics.maximum:.10g}"
    what = f"{_subject(frame)} is flat, in one gray level: the values are {extent}"
    return (f"{what}, and {reasons[0]}. Try --normalize minmax.",)


def _subject(frame: Frame) -> str:
    return "the picture" if frame.frame_count == 1 else f"the picture of frame {frame.frame_number}"


def _is_flat(display_values: NDArray[Any]) -> bool:
    """Whether all pixels are alike; for an ordinary picture, a few of them show that."""
    rows, columns = display_values.shape[:2]
    first = display_values[0, 0]
    few = display_values[:: rows // _SAMPLES + 1, :: columns // _SAMPLES + 1]
    return bool((few == first).all() and (display_values == first).all())


def _note_on_overlays(frame: Frame) -> tuple[str, ...]:
    hidden = [
        layer
        for layer in frame.layers
        if layer.kind == "overlay" and not layer.drawn and layer.coverage.any()
    ]
    if not hidden:
        return ()
    hint = f" Draw them with {hidden[0].hint}." if hidden[0].hint else ""
    what = f"{_subject(frame)} is flat: all pixels have one value, and what the file shows"
    return (f"{what} is in overlay planes, which are not drawn.{hint}",)


def _find_reason(rule: DisplayRule, frame: Frame, statistics: Statistics) -> str:
    """Return why a frame whose values vary is flat; empty if that is what the curve is for."""
    levels = _levels_of(frame)
    is_wrong = bool(levels.size) and _is_flat(rule.apply(levels))
    ends = rule.curve.ends if isinstance(rule.curve, Curve) else None
    if ends is not None:
        low, high = min(ends), max(ends)
        is_outside = statistics.maximum <= low or statistics.minimum >= high
        if is_outside and (is_wrong or statistics.maximum - statistics.minimum >= high - low):
            return f"the window, {low:.10g}..{high:.10g}, leaves them outside"
    return "the tone curve draws every value that the stored bits allow alike" if is_wrong else ""


def _levels_of(frame: Frame) -> NDArray[Any]:
    """Return stored values from the least to the greatest that the bits allow, in one row."""
    kind = frame.stored_values.dtype.kind
    if kind not in "iu" or not frame.bits_stored:
        return frame.stored_values[:0]
    is_signed = kind == "i"
    least = -(1 << (frame.bits_stored - 1)) if is_signed else 0
    greatest = least + (1 << frame.bits_stored) - 1
    levels = np.linspace(least, greatest, min(greatest - least + 1, _MOST_LEVELS))
    return levels.round().astype(frame.stored_values.dtype)[np.newaxis]
