"""The tone stage: from a frame to display values, in the order of PS3.3 C.11."""

import dataclasses

import numpy as np
import pytest

from dcmconv.errors import PluginError
from dcmconv.model.components import ArrayNormalizer, Normalizer
from dcmconv.model.curve import Keep, Linear
from dcmconv.model.frame import Frame
from dcmconv.model.frame_parts import Lut, Padding, Palette, Rescale
from dcmconv.render.tone import render_tone


@dataclasses.dataclass(frozen=True, kw_only=True)
class Fixed(Normalizer):
    """Returns the given tone."""

    tone: object = Linear(black=0, white=100)

    def curve(self, frame):
        return self.tone


KEEP_MODALITY = Keep(values="modality")


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
def test_monochrome1_and_inverse_invert_only_once(photometric, shape, inverted):
    frame = gray([0, 100], photometric_interpretation=photometric, presentation=shape)

    assert pixels(frame).tolist() == ([[255, 0]] if inverted else [[0, 255]])
    assert pixels(frame, invert=True).tolist() == ([[0, 255]] if inverted else [[255, 0]])


def test_padding_is_background_regardless_of_polarity():
    frame = gray(
        [-2000, 0, 100], padding=Padding(-2000, -2000), photometric_interpretation="MONOCHROME1"
    )

    assert pixels(frame).tolist() == [[0, 255, 0]]


def test_non_finite_values_become_background():
    frame = gray([np.nan, np.inf, -np.inf, 50], np.float32)

    assert pixels(frame).tolist() == [[0, 0, 0, 128]]


def test_a_presentation_lut_spreads_over_its_entries():
    lut = Lut(entries=np.array([0, 255, 0], np.uint8), bits=8)

    assert pixels(gray([0, 50, 100], presentation=lut)).tolist() == [[0, 255, 0]]


def test_sixteen_bits_use_the_whole_range():
    result = pixels(gray([0, 50, 100]), depth=16)

    assert (result.dtype, result.tolist()) == (np.uint16, [[0, 32768, 65535]])


def test_a_plain_function_is_a_valid_curve():
    assert pixels(gray([0, 1]), lambda values: values * 1.0).tolist() == [[0, 255]]


def test_three_curves_make_a_color_picture():
    red, green, blue = (Linear(black=0, white=w) for w in (100, 50, 25))

    assert pixels(gray([25]), (red, green, blue)).tolist() == [[[64, 128, 255]]]


def test_a_curve_of_the_wrong_shape_is_a_plugin_error():
    with pytest.raises(PluginError, match="float array of shape") as caught:
        pixels(gray([0, 1]), lambda values: values[:1] * 0.5)
    assert "NormalizerConformance" in caught.value.hint


def test_a_curve_cannot_modify_its_input():
    def modifying(values):
        values[:] = 0
        return values

    with pytest.raises(ValueError, match="read-only"):
        pixels(gray([0, 1]), modifying)


def test_an_array_normalizer_gets_padding_as_nan():
    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Half(ArrayNormalizer):
        def display_values(self, modality_values, frame):
            assert np.isnan(modality_values[0, 0])
            return modality_values / 100

    frame = gray([7, 50], padding=Padding(7, 7), photometric_interpretation="MONOCHROME1")

    assert render_tone(frame, Half())[0].pixels.tolist() == [[0, 128]]


def test_kept_values_are_not_changed():
    frame = gray([-1000, 3000], modality=Rescale(slope=1.0, intercept=-24.0))

    stored, _ = render_tone(frame, Fixed(tone=Keep(values="stored")))
    modality, _ = render_tone(frame, Fixed(tone=Keep(values="modality")))

    assert (stored.domain, stored.pixels.tolist()) == ("stored", [[-1000, 3000]])
    assert (modality.domain, modality.pixels.tolist()) == ("modality", [[-1024, 2976]])
    assert modality.pixels.dtype == np.int16


def test_colors_are_scaled_from_bits_stored():
    values = np.array([[[0, 2048, 4095]]], np.uint16)
    frame = Frame(stored_values=values, bits_stored=12, photometric_interpretation="RGB")

    assert pixels(frame).tolist() == [[[0, 128, 255]]]
    assert pixels(frame, depth=16).tolist() == [[[0, 32776, 65535]]]


def test_indices_outside_a_palette_get_its_end_colors():
    palette = Palette(table=np.array([[1, 1, 1], [2, 2, 2]], np.uint8), first=10)
    frame = Frame(
        stored_values=np.array([[0, 10, 11, 99]], np.uint8), bits_stored=8, palette=palette
    )

    assert pixels(frame)[0, :, 0].tolist() == [1, 1, 2, 2]


def test_labels_keep_their_numbers():
    frame = Frame(stored_values=np.array([[0, 3]], np.uint8), bits_stored=8, is_label=True)

    picture, _ = render_tone(frame, Fixed())

    assert (picture.domain, picture.pixels.tolist()) == ("label", [[0, 3]])


@pytest.mark.parametrize(
    ("photometric", "invert", "black", "white"),
    [
        pytest.param("MONOCHROME2", False, -100.0, 300.0, id="monochrome2"),
        pytest.param("MONOCHROME2", True, 300.0, -100.0, id="monochrome2-inverted"),
        pytest.param("MONOCHROME1", False, 300.0, -100.0, id="monochrome1"),
        pytest.param("MONOCHROME1", True, -100.0, 300.0, id="monochrome1-inverted"),
    ],
)
def test_the_value_scale_follows_the_polarity(photometric, invert, black, white):
    frame = gray([-100, 300], units="HU", photometric_interpretation=photometric)
    tone = Fixed(tone=Linear(black=-100, white=300))

    picture, _ = render_tone(frame, tone, invert=invert)

    # The modality value that is drawn black, then the one drawn white.
    assert picture.scale == (black, white, "HU")
    assert picture.pixels.tolist() == ([[0, 255]] if black < white else [[255, 0]])


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(gray([0, 1], presentation=Lut(np.arange(256), bits=8)), id="presentation-lut"),
        pytest.param(gray([0, 1], presentation="IDENTITY"), id="shape"),
    ],
)
def test_only_a_straight_line_has_a_value_scale(frame):
    picture, _ = render_tone(frame, Fixed())
    assert picture.scale == (None if isinstance(frame.presentation, Lut) else (0, 100, ""))
    assert render_tone(frame, Fixed(tone=lambda values: values * 1.0))[0].scale is None


@pytest.mark.parametrize(
    ("stored_values", "modality", "dtype", "modality_values"),
    [
        pytest.param([0, 200], Rescale(1.0, 55.0), np.uint8, [55, 255], id="uint8"),
        pytest.param([0, 201], Rescale(1.0, 55.0), np.uint16, [55, 256], id="uint16"),
        pytest.param([0, 255], Rescale(1.0, -128.0), np.int8, [-128, 127], id="int8"),
        pytest.param([0, 256], Rescale(1.0, -128.0), np.int16, [-128, 128], id="int16"),
        pytest.param([0, 65], Rescale(1024.0, 0.0), np.uint32, [0, 66560], id="uint32"),
        pytest.param([0, 64], Rescale(-1024.0, 0.0), np.int32, [0, -65536], id="int32"),
        pytest.param([0, 1], Rescale(2.0**32, 0.0), np.float64, [0, 2**32], id="beyond-32-bits"),
        pytest.param([1, 3], Rescale(0.5, 0.0), np.float32, [0.5, 1.5], id="exact-in-float32"),
        pytest.param([1, 3], Rescale(0.1, 0.0), np.float64, [0.1, 3 * 0.1], id="float64"),
    ],
)
def test_kept_modality_values_use_the_smallest_exact_type(
    stored_values, modality, dtype, modality_values
):
    picture, _ = render_tone(gray(stored_values, modality=modality), Fixed(tone=KEEP_MODALITY))

    assert (picture.domain, picture.pixels.dtype) == ("modality", dtype)
    assert picture.bits == 8 * np.dtype(dtype).itemsize
    assert picture.pixels.tolist() == [modality_values]


def test_modality_values_without_a_transform_are_the_stored_values():
    frame = Frame(stored_values=np.array([[0, 4095]], np.uint16), bits_stored=12)

    picture, _ = render_tone(frame, Fixed(tone=KEEP_MODALITY))

    assert (picture.domain, picture.pixels.dtype, picture.bits) == ("modality", np.uint16, 12)
    assert picture.pixels.tolist() == [[0, 4095]]


@pytest.mark.parametrize(
    ("dtype", "smallest"), [(np.float32, np.float32), (np.float64, np.float32)]
)
def test_kept_modality_values_may_be_nan(dtype, smallest):
    frame = Frame(
        stored_values=np.array([[np.nan, 2.0]], dtype), bits_stored=0, modality=Rescale(2.0, 1.0)
    )

    picture, _ = render_tone(frame, Fixed(tone=KEEP_MODALITY))

    assert picture.pixels.dtype == smallest
    assert np.array_equal(picture.pixels, [[np.nan, 5.0]], equal_nan=True)


@pytest.mark.parametrize(
    ("depth", "display_values"), [(8, [0, 0, 128, 255, 255]), (16, [0, 0, 32768, 65535, 65535])]
)
def test_float_colors_are_clipped_to_0_and_1(depth, display_values):
    values = np.array([[[-0.5] * 3, [0.0] * 3, [0.5] * 3, [1.0] * 3, [7.0] * 3]], np.float32)
    frame = Frame(stored_values=values, bits_stored=0, photometric_interpretation="RGB")

    assert pixels(frame, depth=depth)[0, :, 0].tolist() == display_values


def test_colors_of_full_depth_are_not_changed():
    values = np.arange(12, dtype=np.uint8).reshape(1, 4, 3)
    frame = Frame(stored_values=values, bits_stored=8, photometric_interpretation="RGB")

    assert pixels(frame).tolist() == values.tolist()


@pytest.mark.parametrize(
    ("facts", "icc_profile"),
    [
        pytest.param({}, b"", id="gray"),
        pytest.param({"palette": Palette(np.zeros((2, 3), np.uint8))}, b"sRGB", id="palette"),
    ],
)
def test_only_color_pictures_keep_the_icc_profile(facts, icc_profile):
    picture, _ = render_tone(gray([0, 1], icc_profile=b"sRGB", **facts), Fixed())

    assert picture.icc_profile == icc_profile


def test_a_tall_frame_is_mapped_to_its_last_row():
    # More rows than are mapped at once, and more than columns.
    frame = Frame(stored_values=np.tile(np.float32([[0], [100]]), (200_000, 1)), bits_stored=32)

    assert np.array_equal(pixels(frame), np.tile([[0], [255]], (200_000, 1)))


def test_a_label_frame_with_its_own_palette_is_in_color():
    palette = Palette(np.array([[0, 0, 0], [255, 128, 0]], np.uint8))
    frame = Frame(
        stored_values=np.array([[0, 1]], np.uint8),
        bits_stored=8,
        is_label=True,
        photometric_interpretation="PALETTE COLOR",
        palette=palette,
    )

    picture, _ = render_tone(frame, Fixed())

    assert (picture.domain, picture.pixels.tolist()) == ("display", [[[0, 0, 0], [255, 128, 0]]])
