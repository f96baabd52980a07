"""What a normalizer must return: a self-contained curve, for every kind of frame."""

from __future__ import annotations

import dataclasses
import pickle
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray

from dcmconv.errors import InputError, PluginError
from dcmconv.model.components import ArrayNormalizer, MaskNormalizer, Normalizer
from dcmconv.model.curve import Curve, CurveLike, Keep, Tone
from dcmconv.model.frame import Frame
from dcmconv.model.frame_parts import Lut
from dcmconv.model.statistics import PartialStatistics
from dcmconv.render.tone import render_tone
from dcmconv.testing.components import NEEDS_HINT, ComponentConformance, has_message_and_hint
from dcmconv.testing.frames import COLOR_FRAMES, FRAMES
from dcmconv.testing.spawned import digest, in_a_spawned_worker

__all__ = ["NormalizerConformance", "background_of", "display_values"]


def background_of(frame: Frame) -> NDArray[np.bool_]:
    """Return where a frame has no image: padding, and modality values that are not finite."""
    outside: NDArray[np.bool_] = ~np.isfinite(frame.modality_values())
    if frame.padding is not None:
        values = frame.stored_values
        outside |= (values >= frame.padding.first) & (values <= frame.padding.last)
    return outside


def display_values(
    frame: Frame, curve: CurveLike, *, bits: int = 8, invert: bool = False
) -> NDArray[Any]:
    """Return display values in the slow, plain way, independent of the engine.

    In float64 and without a table: curve, clipping, Presentation LUT, polarity, rounding.

    Returns
    -------
    uint8 or uint16 array, shape (rows, columns)
        Padding and non-finite values are 0, after polarity; a half is rounded up.
    """
    outside = background_of(frame)
    modality_values = np.where(outside, 0.0, frame.modality_values())
    shown = np.asarray(curve(modality_values), dtype=np.float64)
    outside |= ~np.isfinite(shown)
    shown = np.clip(np.where(outside, 0.0, shown), 0, 1)
    if isinstance(frame.presentation, Lut):
        table = frame.presentation
        last = len(table.entries) - 1
        p_input = _rounded(shown * last, last) + table.first
        shown = table(p_input) / (2**table.bits - 1)
    white = 2**bits - 1
    scaled = shown * white
    rounded = _rounded(white - scaled if frame.is_inverted != invert else scaled, white)
    rounded[outside] = 0
    pixels: NDArray[Any] = rounded.astype(np.uint8 if bits == 8 else np.uint16)
    return pixels


def _rounded(values: NDArray[np.float64], top: float) -> NDArray[np.float64]:
    # A value up to 2**-36 of the scale below a half is rounded up: decimal slopes are not exact.
    up: NDArray[np.float64] = np.floor(values + 0.5 + top * 2.0**-36)
    return up


UNSCALED = ("stored", "modality")


def display_pixels(normalizer: Normalizer, frame: Frame, *, bits: int) -> NDArray[Any]:
    """Return the pixels of a frame as the engine makes them."""
    return render_tone(frame, normalizer, depth=bits)[0].pixels


def _rendered(normalizer: Normalizer, make: Callable[[], Frame]) -> str:
    return digest(display_pixels(normalizer, make(), bits=8))


class NormalizerConformance(ComponentConformance):
    """The contract of a normalizer; a subclass sets ``component``.

    A normalizer may reject a frame that lacks what it needs (no window, no VOI LUT) with an
    ``InputError`` that has a message and a hint.  It must accept at least one of the frames.
    """

    component: Normalizer
    more_frames: ClassVar[Mapping[str, Callable[[], Frame]]] = {}
    """Frames with what the normalizer needs, if ``FRAMES`` has none: module-level functions."""

    def frames(self) -> Iterator[tuple[str, Frame]]:
        """Yield the names and frames that the normalizer accepts."""
        for name, make in self._makers().items():
            frame = make()
            if self._rejection(frame) is None:
                yield name, frame

    def _makers(self) -> dict[str, Callable[[], Frame]]:
        # The engine asks for a mask of any frame, but never for a curve of a color frame.
        colors = COLOR_FRAMES if isinstance(self.component, MaskNormalizer) else {}
        return {**FRAMES, **colors, **self.more_frames}

    def _rejection(self, frame: Frame) -> InputError | None:
        try:
            if isinstance(self.component, MaskNormalizer):
                self.component.mask(frame)
            elif not isinstance(self.component, ArrayNormalizer):
                self.component.curve(frame)
        except InputError as error:
            return error
        return None

    def curves(self) -> Iterator[tuple[str, Frame, CurveLike]]:
        """Yield the curve for each frame that the normalizer accepts."""
        if isinstance(self.component, ArrayNormalizer | MaskNormalizer):
            pytest.skip("it maps whole frames, not values")
        for name, frame in self.frames():
            for curve in _parts(self.component.curve(frame)):
                yield name, frame, curve

    def test_it_accepts_at_least_one_kind_of_frame(self) -> None:
        assert list(self.frames()), "it rejects every frame"

    def test_a_rejected_frame_gets_a_message_and_a_hint(self) -> None:
        for name, make in self._makers().items():
            error = self._rejection(make())
            assert error is None or has_message_and_hint(error), f"{name}: {NEEDS_HINT}: {error}"

    def test_equal_frames_have_equal_curves(self) -> None:
        for name, _, curve in self.curves():
            # Made anew: an equal frame, but not the same object.
            again = _parts(self.component.curve(self._makers()[name]()))
            if isinstance(curve, Curve):
                assert curve in again, f"{name}: two different curves for equal frames"
                assert hash(curve) in map(hash, again), f"{name}: hashes of equal curves differ"

    def test_it_uses_only_the_statistics_it_requested(self) -> None:
        request = self.component.statistics_request()
        if request.scope == "frame":
            pytest.skip("it uses the statistics of one frame")
        for name, frame, _ in self.curves():
            held = PartialStatistics.of(frame, percentiles=bool(request.percentiles))
            lent: dict[str, Any] = {"wider_statistics": held.statistics(request, frame.units)}
            try:
                self.component.curve(dataclasses.replace(frame, **lent))
            except PluginError as error:
                pytest.fail(f"{name}: {error}")

    def test_a_curve_is_frozen_and_survives_pickling(self) -> None:
        for name, _, curve in self.curves():
            if isinstance(curve, Curve):
                params = vars(type(curve))["__dataclass_params__"]
                assert dataclasses.is_dataclass(curve), f"{name}: the curve is not a dataclass"
                assert params.frozen, f"{name}: the curve is not frozen"
                assert pickle.loads(pickle.dumps(curve)) == curve, name  # noqa: S301

    def test_a_curve_keeps_the_shape_and_finite_values_finite(self) -> None:
        for name, frame, curve in self.curves():
            modality_values = frame.modality_values()
            modality_values.flags.writeable = False
            with np.errstate(invalid="ignore"):
                shown = curve(modality_values)
            assert shown.shape == modality_values.shape, name
            assert shown.dtype == np.float64, name
            assert np.isfinite(shown[~background_of(frame)]).all(), name

    def test_a_curve_maps_each_value_independently(self) -> None:
        # The engine evaluates a curve once for each value that occurs, in any order.
        for name, frame, curve in self.curves():
            values = np.unique(frame.modality_values()[~background_of(frame)])[:64]
            alone = [float(curve(values[[index]])[0]) for index in range(len(values))]
            # Not equality: numpy may use other instructions for one value than for an array.
            assert np.allclose(curve(values), alone, rtol=1e-12, atol=1e-12), name

    def test_the_picture_has_the_right_size_and_type(self) -> None:
        if self.component.domain() in UNSCALED:
            pytest.skip("it keeps the values unscaled")
        for bits, dtype in ((8, np.uint8), (16, np.uint16)):
            for name, frame in self.frames():
                pixels = display_pixels(self.component, frame, bits=bits)
                assert pixels.shape[:2] == (frame.rows, frame.columns), name
                assert pixels.dtype == dtype, name

    def test_the_lookup_table_matches_the_curve(self) -> None:
        for name, frame, curve in self.curves():
            if not isinstance(self.component.curve(frame), tuple):
                for bits in (8, 16):
                    with np.errstate(invalid="ignore"):
                        plain = display_values(frame, curve, bits=bits)
                    there = display_pixels(self.component, frame, bits=bits)
                    assert np.array_equal(there, plain), f"{name}, {bits} bits"

    def test_the_stored_values_are_not_modified(self) -> None:
        for name, frame in self.frames():
            before = frame.stored_values.copy()
            display_pixels(self.component, frame, bits=8)
            assert np.array_equal(
                frame.stored_values, before, equal_nan=before.dtype.kind == "f"
            ), name

    def test_a_constant_frame_becomes_a_constant_picture(self) -> None:
        for name, frame in self.frames():
            if name in ("constant", "one-pixel"):
                assert len(np.unique(display_pixels(self.component, frame, bits=8))) == 1, name

    def test_padding_and_non_finite_values_become_background(self) -> None:
        self._skip_unless_values_are_shown()
        for name, frame in self.frames():
            outside = background_of(frame)
            pixels = display_pixels(self.component, frame, bits=8)
            assert not pixels[outside].any(), f"{name}: padding or a non-finite value is not 0"

    def test_monochrome1_is_the_negative_of_monochrome2(self) -> None:
        self._skip_unless_values_are_shown()
        for name, frame in self.frames():
            if frame.presentation is None and not background_of(frame).any():
                dark = _with_photometric(frame, "MONOCHROME1")
                light = _with_photometric(frame, "MONOCHROME2")
                there = display_pixels(self.component, dark, bits=16).astype(np.int64)
                here = display_pixels(self.component, light, bits=16).astype(np.int64)
                # A half is rounded up in both, so the sum may be one more than white.
                assert set(np.unique(there + here)) <= {65535, 65536}, name

    def _skip_unless_values_are_shown(self) -> None:
        if self.component.domain() in UNSCALED or isinstance(self.component, MaskNormalizer):
            pytest.skip("it keeps the values unscaled, or makes a mask")

    def test_a_spawned_worker_makes_the_same_picture(self) -> None:
        name, _ = next(self.frames())
        make = self._makers()[name]
        there = in_a_spawned_worker(_rendered, self.component, make)
        assert there == _rendered(self.component, make)


def _parts(tone: Tone) -> tuple[CurveLike, ...]:
    if isinstance(tone, Keep):
        return ()
    return tone if isinstance(tone, tuple) else (tone,)


def _with_photometric(frame: Frame, meaning: str) -> Frame:
    changes: dict[str, Any] = {"photometric_interpretation": meaning}
    return dataclasses.replace(frame, **changes)
