"""From a Frame to the first Picture: the tone stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from dcmconv.errors import PluginError
from dcmconv.model.components import ArrayNormalizer, MaskNormalizer, Normalizer
from dcmconv.model.curve import CurveLike, Keep, Linear, is_curve, is_subclass, origin_of
from dcmconv.model.frame import Frame
from dcmconv.model.frame_parts import Palette, Rescale
from dcmconv.model.picture import Domain, Picture, ValueScale
from dcmconv.model.statistics import Statistics
from dcmconv.render.lookup import DisplayRule, TableCache

__all__ = ["find_flat_notes", "render_tone"]

_TABLES = TableCache()
Curves = CurveLike | tuple[CurveLike, CurveLike, CurveLike]


def render_tone(
    frame: Frame, normalizer: Normalizer, *, depth: int = 8, invert: bool = False
) -> tuple[Picture, str]:
    """Turn a Frame into a Picture, and describe the curve that was used.

    Color frames keep their colors, scaled from Bits Stored to ``depth``; label frames keep their
    numbers; all others are mapped by the normalizer's curve.

    Parameters
    ----------
    frame : Frame
        Any.
    normalizer : Normalizer
        Asked for a curve unless the frame is in color or holds labels.
    depth : int
        Bits of a display value, 8 or 16.
    invert : bool
        Invert the picture, in addition to the frame's own polarity.

    Returns
    -------
    picture : Picture
        With the frame's spacing, aspect and attributes.
    tone : str
        Where the curve comes from; empty for color frames.
    """
    kind = type(normalizer)
    if is_subclass(kind, MaskNormalizer):
        maker = cast("MaskNormalizer", normalizer)
        return _mask_picture(frame, maker, depth, invert), kind.__name__
    if frame.is_label and frame.palette is None:
        return _picture(frame, frame.stored_values, "label", max(frame.bits_stored, 1)), "labels"
    if frame.is_color:
        pixels = _color_values(frame, depth)
        notes = find_flat_notes(frame, pixels)
        return _picture(frame, pixels, "display", depth, notes=notes), ""
    if is_subclass(kind, ArrayNormalizer):
        pixels = _array_display_values(frame, cast("ArrayNormalizer", normalizer), depth, invert)
        notes = find_flat_notes(frame, pixels)
        return _picture(frame, pixels, "display", depth, notes=notes), kind.__name__
    tone = normalizer.curve(frame)
    if isinstance(tone, Keep):
        return _kept(frame, tone), origin_of(tone)
    return _gray_picture(frame, tone, depth, invert), origin_of(tone)


def _gray_picture(frame: Frame, tone: Curves, depth: int, invert: bool) -> Picture:
    if isinstance(tone, tuple):
        rules = [_rule_of(frame, curve, depth, invert) for curve in tone]
        channels = [_TABLES.apply(rule, frame.stored_values) for rule in rules]
        pixels, scale = np.stack(channels, axis=-1), None
    else:
        rules = [_rule_of(frame, tone, depth, invert)]
        pixels, scale = _TABLES.apply(rules[0], frame.stored_values), _scale(frame, rules[0])
    notes = find_flat_notes(frame, pixels, rules)
    for rule in reversed(rules):
        notes = rule.curve.notes + notes if is_curve(rule.curve) else notes
    if frame.palette is not None:
        pixels = _with_supplemental_colors(pixels, frame, depth)
    return _picture(frame, pixels, "display", depth, scale=scale, notes=notes)


def _rule_of(frame: Frame, curve: CurveLike, depth: int, invert: bool) -> DisplayRule:
    if not callable(curve):
        raise PluginError(
            f"A normalizer returned {curve!r} as a curve; expected something callable.",
            hint="Return dcmconv.plugin.Linear(black=..., white=...), or any Curve.",
        )
    return DisplayRule.of(frame, curve, depth=depth, invert=invert)


def _array_display_values(
    frame: Frame, normalizer: ArrayNormalizer, depth: int, invert: bool
) -> NDArray[Any]:
    modality_values = frame.modality_values()
    if frame.padding is not None:
        first, last = frame.padding
        is_padding = (frame.stored_values >= first) & (frame.stored_values <= last)
        modality_values[is_padding] = np.nan
    # Found before the call, because a normalizer may fill NaN with anything.
    background = ~np.isfinite(modality_values)
    modality_values.flags.writeable = False
    unit_values = normalizer.display_values(modality_values, frame)
    if getattr(unit_values, "shape", None) != modality_values.shape:
        raise PluginError(
            f"{type(normalizer).__name__} returned {getattr(unit_values, 'shape', unit_values)!r}; "
            f"expected an array of shape {modality_values.shape}.",
            hint="Test the plugin with dcmconv.testing.NormalizerConformance.",
        )
    rule = DisplayRule.of(frame, Linear(black=0, white=1), depth=depth, invert=invert)
    return rule.quantize(unit_values.astype(np.float64), background)


def _mask_picture(frame: Frame, normalizer: MaskNormalizer, depth: int, invert: bool) -> Picture:
    mask = normalizer.mask(frame)
    shape = (frame.rows, frame.columns)
    if getattr(mask, "shape", None) != shape or mask.dtype not in (np.bool_, np.uint8):
        raise PluginError(
            f"{type(normalizer).__name__} returned {mask!r:.60} as a mask; expected a bool or "
            f"uint8 array of shape {shape}.",
            hint="Test the plugin with dcmconv.testing.NormalizerConformance.",
        )
    # 255 and 65535 are whole multiples of both 1 and 255: nothing is rounded.
    steps = ((1 << depth) - 1) // (1 if mask.dtype == np.bool_ else 255)
    dtype = np.uint8 if depth == 8 else np.uint16
    pixels = np.multiply(mask, steps, dtype=dtype)
    # The type is exactly as wide as the depth, so inverting the bits gives white - value.
    pixels = np.invert(pixels) if invert else pixels
    return _picture(frame, pixels, "display", depth).with_(
        icc_profile=b"", is_mask=mask.dtype == np.bool_
    )


def _color_values(frame: Frame, depth: int) -> NDArray[Any]:
    if frame.palette is None:
        return _scaled(frame.stored_values, frame.bits_stored, depth)
    # The few colors of the palette are scaled, not the many pixels.  They fill their type; Bits
    # Stored is that of the indices.
    colors = frame.palette.table
    scaled = _scaled(colors, 8 * colors.dtype.itemsize, depth)
    return apply_palette(frame.stored_values, replace(frame.palette, table=scaled))


def apply_palette(indices: NDArray[Any], palette: Palette) -> NDArray[Any]:
    """Look up colors (PS3.3 C.7.6.3.1.5); indices outside the palette get its first or last color.

    Returns
    -------
    uint8 or uint16 array, shape (rows, columns, 3 or 4)
        A new array.
    """
    rows = indices.astype(np.intp)
    if palette.first:
        rows -= palette.first
    # mode="clip" gives an index outside of the palette its first or last row.
    colors: NDArray[Any] = palette.table.take(rows, axis=0, mode="clip")
    return colors


def _with_supplemental_colors(pixels: NDArray[Any], frame: Frame, depth: int) -> NDArray[Any]:
    """Color the stored values that a supplemental palette maps (PS3.3 C.8.16.2.1.1.1)."""
    palette = cast("Palette", frame.palette)
    if pixels.ndim == 2:
        pixels = np.repeat(pixels[..., np.newaxis], 3, axis=2)
    is_colored = frame.stored_values >= palette.first
    colors = apply_palette(frame.stored_values[is_colored], palette)
    # Without alpha, which the gray pixels around them do not have.
    pixels[is_colored] = _scaled(colors, 8 * colors.dtype.itemsize, depth)[..., :3]
    return pixels


def _scaled(values: NDArray[Any], bits: int, depth: int) -> NDArray[Any]:
    """Scale values of ``bits`` significant bits to ``depth`` bits, rounding half up."""
    dtype = np.uint8 if depth == 8 else np.uint16
    if bits == depth and values.dtype == dtype:
        return values
    if values.dtype.kind == "f":
        unit_values: NDArray[Any] = np.clip(values, 0, 1) * ((1 << depth) - 1)
        return np.floor(unit_values + 0.5).astype(dtype)
    top, source_top = (1 << depth) - 1, (1 << bits) - 1
    # Integers round halves exactly; 32-bit values times 65535 need 64 bits.
    clipped: NDArray[Any] = np.clip(values, 0, source_top).astype(np.uint64)
    return ((clipped * (2 * top) + source_top) // (2 * source_top)).astype(dtype)


def _scale(frame: Frame, rule: DisplayRule) -> ValueScale | None:
    """Return the modality values of black and white, if a straight line joins them; else None."""
    ends = rule.curve.ends if is_curve(rule.curve) else None
    if ends is None or rule.presentation is not None:
        return None
    low, high = ends
    return (
        ValueScale(high, low, frame.units) if rule.inverted else ValueScale(low, high, frame.units)
    )


def _kept(frame: Frame, keep: Keep) -> Picture:
    # The identity: stored values are modality values already, in a type that holds them.
    if keep.values == "stored" or frame.modality == Rescale():
        return _picture(frame, frame.stored_values, keep.values, max(frame.bits_stored, 1))
    values = frame.modality_values()
    dtype = _smallest_type(values)
    return _picture(frame, values.astype(dtype), "modality", 8 * dtype.itemsize)


def _smallest_type(values: NDArray[np.float64]) -> np.dtype[Any]:
    """Return the smallest type that holds every value exactly; float64 where none does."""
    if not np.isfinite(values).all() or (values != np.floor(values)).any():
        exact = np.array_equal(values.astype(np.float32), values, equal_nan=True)
        return np.dtype(np.float32 if exact else np.float64)
    low, high = values.min(), values.max()
    for name in ("uint8", "int8", "uint16", "int16", "uint32", "int32"):
        limits = np.iinfo(name)
        if limits.min <= low and high <= limits.max:
            return np.dtype(name)
    return np.dtype(np.float64)


def _picture(
    frame: Frame, pixels: NDArray[Any], domain: Domain, bits: int, **further: Any
) -> Picture:
    return Picture(
        pixels=pixels,
        domain=domain,
        bits=bits,
        spacing=frame.spacing,
        aspect=frame.aspect,
        icc_profile=_profile_of(frame) if frame.icc_profile else b"",
        attributes=frame.attributes,
        frame_number=frame.frame_number,
        frame_count=frame.frame_count,
        labels=frame.labels,
        is_mask=frame.is_mask,
        **further,
    )


def _profile_of(frame: Frame) -> bytes:
    """Return the color profile, unless the frame has no colors for it."""
    return frame.icc_profile if frame.is_color or frame.palette is not None else b""


_SAMPLES = 16
"""Pixels along each side that are compared first; in nearly every picture two of them differ."""
_MOST_LEVELS = 1 << 16
"""How many of the values that the stored bits allow are tried."""


def find_flat_notes(
    frame: Frame, display_values: NDArray[Any], rules: Sequence[DisplayRule] = ()
) -> tuple[str, ...]:
    """Return the notes on a picture all of whose pixels are alike; none for any other picture.

    A blank slice is flat, and rightly so.  Three kinds of flat pictures have a note:

    * all pixels have one value, and overlay planes that are not drawn have content;
    * the curve draws every value that the stored bits allow alike, so the window or table is wrong;
    * the values vary by at least the width of the window, but all of them are outside of it.

    Not noted: a frame of one value, a frame of padding, and faint noise that a window leaves black,
    such as the air above a head in a series that is shown with one window.

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
    # Not all(), which is a Python function of numpy around this one.
    is_flat = np.logical_and.reduce
    return bool(is_flat(few == first, axis=None) and is_flat(display_values == first, axis=None))


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
    ends = rule.curve.ends if is_curve(rule.curve) else None
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
