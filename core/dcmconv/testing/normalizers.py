"""What a normalizer promises: a curve that says all about itself, for every sort of frame."""

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
from dcmconv.model.statistics import PartialStatistics
from dcmconv.render.tone import render_tone
from dcmconv.testing.components import ComponentConformance, explained
from dcmconv.testing.frames import COLOR_FRAMES, FRAMES
from dcmconv.testing.reference import background_of, display_values
from dcmconv.testing.spawned import digest, in_a_spawned_worker

__all__ = ["NormalizerConformance"]

UNSCALED = ("stored", "modality")


def display_pixels(normalizer: Normalizer, frame: Frame, *, bits: int) -> NDArray[Any]:
    """Return the picture of a frame, as the engine makes it."""
    return render_tone(frame, normalizer, depth=bits)[0].pixels


def _rendered(normalizer: Normalizer, make: Callable[[], Frame]) -> str:
    return digest(display_pixels(normalizer, make(), bits=8))


class NormalizerConformance(ComponentConformance):
    """The contract of a normalizer; a subclass sets ``component``.

    A normalizer may refuse a frame that lacks what it needs (no window, no VOI LUT), with an
    ``InputError`` that has both of its lines; at least one of the frames it must take.
    """

    component: Normalizer
    more_frames: ClassVar[Mapping[str, Callable[[], Frame]]] = {}
    """Frames that have what the normalizer needs and ``FRAMES`` lack: functions of a module."""

    def frames(self) -> Iterator[tuple[str, Frame]]:
        """Yield the names and frames that the normalizer takes."""
        for name, make in self._makers().items():
            frame = make()
            if self._refusal(frame) is None:
                yield name, frame

    def _makers(self) -> dict[str, Callable[[], Frame]]:
        # A mask is asked for of any frame; a curve never of one with colours of its own.
        colors = COLOR_FRAMES if isinstance(self.component, MaskNormalizer) else {}
        return {**FRAMES, **colors, **self.more_frames}

    def _refusal(self, frame: Frame) -> InputError | None:
        try:
            if isinstance(self.component, MaskNormalizer):
                self.component.mask(frame)
            elif not isinstance(self.component, ArrayNormalizer):
                self.component.curve(frame)
        except InputError as error:
            return error
        return None

    def curves(self) -> Iterator[tuple[str, Frame, CurveLike]]:
        """Yield the curve for each frame that the normalizer takes."""
        if isinstance(self.component, ArrayNormalizer | MaskNormalizer):
            pytest.skip("it takes whole frames, not values")
        for name, frame in self.frames():
            for curve in _parts(self.component.curve(frame)):
                yield name, frame, curve

    def test_it_takes_at_least_one_sort_of_frame(self) -> None:
        assert list(self.frames()), "it refuses every frame"

    def test_a_refusal_says_what_is_missing_and_what_to_do(self) -> None:
        for name, make in self._makers().items():
            error = self._refusal(make())
            assert error is None or explained(error), f"{name}: a message and a hint: {error}"

    def test_equal_frames_have_equal_curves(self) -> None:
        for name, _, curve in self.curves():
            again = _parts(self.component.curve(self._makers()[name]()))
            if isinstance(curve, Curve):
                assert curve in again, f"{name}: two curves for the same frame"
                assert hash(curve) in map(hash, again), f"{name}: equal curves, unequal hashes"

    def test_it_asks_many_frames_for_no_more_than_its_request_names(self) -> None:
        request = self.component.statistics_request()
        if request.scope == "frame":
            pytest.skip("it looks at one frame at a time")
        for name, frame, _ in self.curves():
            held = PartialStatistics.of(frame, percentiles=bool(request.percentiles))
            lent: dict[str, Any] = {"wider_statistics": held.statistics(request, frame.units)}
            try:
                self.component.curve(dataclasses.replace(frame, **lent))
            except PluginError as error:
                pytest.fail(f"{name}: {error}")

    def test_a_curve_is_a_frozen_value_that_pickles(self) -> None:
        for name, _, curve in self.curves():
            if isinstance(curve, Curve):
                params = vars(type(curve))["__dataclass_params__"]
                assert dataclasses.is_dataclass(curve), f"{name}: no dataclass"
                assert params.frozen, f"{name}: not frozen"
                assert pickle.loads(pickle.dumps(curve)) == curve, name  # noqa: S301

    def test_a_curve_keeps_the_shape_and_is_finite_where_its_input_is(self) -> None:
        for name, frame, curve in self.curves():
            modality_values = frame.modality_values()
            modality_values.flags.writeable = False
            with np.errstate(invalid="ignore"):
                shown = curve(modality_values)
            assert shown.shape == modality_values.shape, name
            assert shown.dtype == np.float64, name
            assert np.isfinite(shown[~background_of(frame)]).all(), name

    def test_a_curve_looks_at_one_value_at_a_time(self) -> None:
        # The engine evaluates a curve once per value that occurs, and in any order.
        for name, frame, curve in self.curves():
            values = np.unique(frame.modality_values()[~background_of(frame)])[:64]
            alone = [float(curve(values[[index]])[0]) for index in range(len(values))]
            assert np.allclose(curve(values), alone, rtol=1e-12, atol=1e-12), name

    def test_the_picture_is_the_frame_s_size_and_the_right_type(self) -> None:
        if self.component.domain() in UNSCALED:
            pytest.skip("it leaves the values unscaled")
        for bits, dtype in ((8, np.uint8), (16, np.uint16)):
            for name, frame in self.frames():
                pixels = display_pixels(self.component, frame, bits=bits)
                assert pixels.shape[:2] == (frame.rows, frame.columns), name
                assert pixels.dtype == dtype, name

    def test_the_engine_s_table_gives_what_the_curve_says_pixel_by_pixel(self) -> None:
        for name, frame, curve in self.curves():
            if not isinstance(self.component.curve(frame), tuple):
                for bits in (8, 16):
                    with np.errstate(invalid="ignore"):
                        plain = display_values(frame, curve, bits=bits)
                    there = display_pixels(self.component, frame, bits=bits)
                    assert np.array_equal(there, plain), f"{name}, {bits} bits"

    def test_the_stored_values_are_untouched(self) -> None:
        for name, frame in self.frames():
            before = frame.stored_values.copy()
            display_pixels(self.component, frame, bits=8)
            assert np.array_equal(
                frame.stored_values, before, equal_nan=before.dtype.kind == "f"
            ), name

    def test_a_constant_frame_is_a_constant_picture(self) -> None:
        for name, frame in self.frames():
            if name in ("constant", "one-pixel"):
                assert len(np.unique(display_pixels(self.component, frame, bits=8))) == 1, name

    def test_what_is_no_image_is_background(self) -> None:
        self._skip_unless_values_are_shown()
        for name, frame in self.frames():
            outside = background_of(frame)
            pixels = display_pixels(self.component, frame, bits=8)
            assert not pixels[outside].any(), f"{name}: padding or NaN is not 0"

    def test_monochrome1_is_the_negative_of_monochrome2(self) -> None:
        self._skip_unless_values_are_shown()
        for name, frame in self.frames():
            if frame.presentation is None and not background_of(frame).any():
                dark = _with_photometric(frame, "MONOCHROME1")
                light = _with_photometric(frame, "MONOCHROME2")
                there = display_pixels(self.component, dark, bits=16).astype(np.int64)
                here = display_pixels(self.component, light, bits=16).astype(np.int64)
                # A half is rounded up on both sides, so that a sum may be one more than white.
                assert set(np.unique(there + here)) <= {65535, 65536}, name

    def _skip_unless_values_are_shown(self) -> None:
        if self.component.domain() in UNSCALED or isinstance(self.component, MaskNormalizer):
            pytest.skip("it leaves the values unscaled, or shows a mask in their place")

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
