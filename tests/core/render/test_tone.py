"""The tone stage against a slow reference written straight from PS3.3 C.11."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from dcmconv.errors import PluginError
from dcmconv.model.components import ArrayNormalizer, Normalizer
from dcmconv.model.curve import Curve, Keep, Linear
from dcmconv.model.frame import Frame
from dcmconv.model.frame_parts import Lut, Padding, Palette, Rescale
from dcmconv.render.display import DisplayRule
from dcmconv.render.lookup import TableCache
from dcmconv.render.tone import render_tone


@dataclasses.dataclass(frozen=True, kw_only=True)
class Fixed(Normalizer):
    """Gives the tone that a test names."""

    tone: object = Linear(black=0, white=100)

    def curve(self, frame):
        return self.tone


def pixels(frame, tone=Linear(black=0, white=100), **options):  # noqa: B008 - frozen
    return render_tone(frame, Fixed(tone=tone), **options)[0].pixels


def gray(values, dtype=np.int16, **facts):
    return Frame(stored_values=np.array([values], dtype), bits_stored=16, **facts)


def test_values_are_clipped_and_rounded_half_up():
    # 50 of 100 is 127.5, which is 128; -5 and 200 lie outside.
    assert pixels(gray([-5, 0, 50, 100, 200])).tolist() == [[0, 0, 128, 255, 255]]


def test_polarity_comes_before_rounding():
    # 1 - 0.5 is 127.5 again, and 128 again: rounding first would give 255 - 128 = 127.
    frame = gray([0, 50, 100], photometric_interpretation="MONOCHROME1")

    assert pixels(frame).tolist() == [[255, 128, 0]]


@pytest.mark.parametrize(
    ("photometric", "shape", "inverted"),
    [
        ("MONOCHROME2", None, False),
        ("MONOCHROME1", None, True),
        ("MONOCHROME1", "INVERSE", True),
        ("MONOCHROME2", "INVERSE", True),
        ("MONOCHROME2", "IDENTITY", False),
        ("MONOCHROME1", "IDENTITY", True),
    ],
)
def test_a_presentation_lut_shape_is_never_applied_on_top_of_monochrome1(
    photometric, shape, inverted
):
    frame = gray([0, 100], photometric_interpretation=photometric, presentation=shape)

    assert pixels(frame).tolist() == ([[255, 0]] if inverted else [[0, 255]])
    assert pixels(frame, invert=True).tolist() == ([[0, 255]] if inverted else [[255, 0]])


def test_padding_is_background_whatever_the_polarity():
    frame = gray(
        [-2000, 0, 100], padding=Padding(-2000, -2000), photometric_interpretation="MONOCHROME1"
    )

    assert pixels(frame).tolist() == [[0, 255, 0]]


def test_what_is_not_finite_is_background():
    frame = gray([np.nan, np.inf, -np.inf, 50], np.float32)

    assert pixels(frame).tolist() == [[0, 0, 0, 128]]


def test_a_presentation_lut_spreads_over_its_entries():
    lut = Lut(entries=np.array([0, 255, 0], np.uint8), bits=8)

    assert pixels(gray([0, 50, 100], presentation=lut)).tolist() == [[0, 255, 0]]


def test_sixteen_bits_use_the_whole_range():
    result = pixels(gray([0, 50, 100]), depth=16)

    assert (result.dtype, result.tolist()) == (np.uint16, [[0, 32768, 65535]])


def test_a_bare_function_is_a_legal_curve():
    assert pixels(gray([0, 1]), lambda values: values * 1.0).tolist() == [[0, 255]]


def test_three_curves_make_a_color_picture():
    red, green, blue = (Linear(black=0, white=w) for w in (100, 50, 25))

    assert pixels(gray([25]), (red, green, blue)).tolist() == [[[64, 128, 255]]]


def test_a_curve_of_the_wrong_shape_is_the_plugins_fault():
    with pytest.raises(PluginError, match="float array of shape") as caught:
        pixels(gray([0, 1]), lambda values: values[:1] * 0.5)
    assert "NormalizerConformance" in caught.value.hint


def test_a_normalizer_may_not_write_into_the_frame():
    def careless(values):
        values[:] = 0
        return values

    with pytest.raises(ValueError, match="read-only"):
        pixels(gray([0, 1]), careless)


def test_a_normalizer_that_is_not_pointwise_gets_modality_values_with_padding_as_nan():
    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Half(ArrayNormalizer):
        def display_values(self, modality_values, frame):
            assert np.isnan(modality_values[0, 0])
            return modality_values / 100

    frame = gray([7, 50], padding=Padding(7, 7), photometric_interpretation="MONOCHROME1")

    assert render_tone(frame, Half())[0].pixels.tolist() == [[0, 128]]


def test_kept_values_stay_as_they_are():
    frame = gray([-1000, 3000], modality=Rescale(slope=1.0, intercept=-24.0))

    stored, _ = render_tone(frame, Fixed(tone=Keep(values="stored")))
    modality, _ = render_tone(frame, Fixed(tone=Keep(values="modality")))

    assert (stored.domain, stored.pixels.tolist()) == ("stored", [[-1000, 3000]])
    assert (modality.domain, modality.pixels.tolist()) == ("modality", [[-1024, 2976]])
    assert modality.pixels.dtype == np.int16


def test_colors_pass_by_and_are_scaled_by_bits_stored():
    values = np.array([[[0, 2048, 4095]]], np.uint16)
    frame = Frame(stored_values=values, bits_stored=12, photometric_interpretation="RGB")

    assert pixels(frame).tolist() == [[[0, 128, 255]]]
    assert pixels(frame, depth=16).tolist() == [[[0, 32776, 65535]]]


def test_a_palette_answers_outside_its_range_with_its_ends():
    palette = Palette(table=np.array([[1, 1, 1], [2, 2, 2]], np.uint8), first=10)
    frame = Frame(
        stored_values=np.array([[0, 10, 11, 99]], np.uint8), bits_stored=8, palette=palette
    )

    assert pixels(frame)[0, :, 0].tolist() == [1, 1, 2, 2]


def test_labels_keep_their_numbers():
    frame = Frame(stored_values=np.array([[0, 3]], np.uint8), bits_stored=8, is_label=True)

    picture, _ = render_tone(frame, Fixed())

    assert (picture.domain, picture.pixels.tolist()) == ("label", [[0, 3]])


@dataclasses.dataclass(frozen=True, kw_only=True)
class Bump(Curve):
    """Not monotone."""

    middle: float

    def __call__(self, modality_values):
        return 1 - np.abs(modality_values - self.middle) / 500


STORED = st.sampled_from([np.uint8, np.int8, np.uint16, np.int16, np.int32, np.float32])


@settings(max_examples=60)
@given(data=st.data(), dtype=STORED, inverted=st.booleans(), depth=st.sampled_from([8, 16]))
def test_a_table_gives_the_same_as_the_slow_way(data, dtype, inverted, depth):
    shape = data.draw(st.tuples(st.integers(1, 40), st.integers(1, 40)))
    elements = st.integers(-100, 100) if np.dtype(dtype).kind != "u" else st.integers(0, 200)
    values = data.draw(hnp.arrays(dtype, shape, elements=elements.map(dtype)))
    curve = data.draw(
        st.sampled_from([Linear(black=-20, white=80), Linear(black=9, white=9), Bump(middle=30)])
    )
    rule = DisplayRule(curve, Rescale(0.5, -3.0), Padding(5, 7), None, inverted, depth)

    assert np.array_equal(TableCache().apply(rule, values), rule.apply(values))


def test_a_table_grows_when_a_later_frame_has_more_values():
    tables = TableCache()
    rule = DisplayRule(Linear(black=0, white=255), Rescale(), None, None, inverted=False, depth=8)
    narrow = np.full((64, 64), 100, np.int16)
    wide = np.arange(-128, 384, dtype=np.int16).reshape(16, 32).repeat(2, axis=0)

    for values in (narrow, wide, narrow, -wide):
        assert np.array_equal(tables.apply(rule, values), rule.apply(values))


def test_big_endian_values_are_looked_up_by_value():
    rule = DisplayRule(Linear(black=0, white=255), Rescale(), None, None, inverted=False, depth=8)
    values = np.array([[1, 2], [3, 255]], ">u2").repeat(64, axis=0).repeat(64, axis=1)

    assert np.array_equal(TableCache().apply(rule, values), values.astype(np.uint8))
