"""Square pixels, and views of a picture."""

import numpy as np
import pytest
from support.covers import covers
from support.dicom_files import as_bytes, monochrome

import dcmconv
from dcmconv.errors import InputError, LimitError
from dcmconv.model.frame_parts import Spacing
from dcmconv.model.layers import View
from dcmconv.model.picture import Picture
from dcmconv.render.geometry import apply_view, in_rows, square_pixels


def picture(values, *, dtype=np.uint8, **fields):
    return Picture(pixels=np.array(values, dtype=dtype), **fields)


@pytest.mark.parametrize("aspect", [1.0, 1.01, 1 / 1.01, 0.995])
def test_nearly_square_pixels_are_not_resampled(aspect):
    given = picture([[1, 2]], aspect=aspect)
    assert square_pixels(given) is given


@covers("PS3.3 C.7.6.3.1.7 Pixel Aspect Ratio")
def test_tall_pixels_become_more_rows():
    # Two rows become four; the new centers are -0.25, 0.25, 0.75 and 1.25 of the old rows.
    squared = square_pixels(picture([[0], [100]], aspect=2.0))
    assert squared.pixels.tolist() == [[0], [25], [75], [100]]
    assert squared.aspect == 1.0


def test_wide_pixels_become_more_columns():
    squared = square_pixels(picture([[0, 100]], aspect=0.5))
    assert squared.pixels.tolist() == [[0, 25, 75, 100]]


def test_a_half_is_rounded_up():
    # 0 and 2 at weights 0.25 and 0.75: 0.5 and 1.5.
    assert square_pixels(picture([[0, 2]], aspect=0.5)).pixels.tolist() == [[0, 1, 2, 2]]


def test_negative_halves_are_rounded_up_too():
    squared = square_pixels(picture([[0, -2]], dtype=np.int16, domain="modality", aspect=0.5))
    assert squared.pixels.tolist() == [[0, 0, -1, -2]]
    assert squared.pixels.dtype == np.int16


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("channels", [None, 3, 4])
def test_a_constant_picture_stays_constant_in_every_shape(dtype, channels):
    shape = (5, 4) if channels is None else (5, 4, channels)
    given = picture(np.full(shape, 200), dtype=dtype, aspect=1.7)
    squared = square_pixels(given).pixels
    assert squared.shape == (9, *shape[1:])  # 5 x 1.7 = 8.5, and a half goes up
    assert squared.dtype == dtype
    assert (squared == 200).all()


def test_rows_and_columns_are_treated_alike():
    values = np.random.default_rng(7).integers(0, 65536, (6, 9, 3), dtype=np.uint16)
    tall = square_pixels(Picture(pixels=values, aspect=1.5)).pixels
    wide = square_pixels(Picture(pixels=values.swapaxes(0, 1), aspect=1 / 1.5)).pixels
    assert (tall.swapaxes(0, 1) == wide).all()


@pytest.mark.parametrize(
    "columns",
    [pytest.param(7, id="row-in-a-block"), pytest.param(23, id="row-longer-than-a-block")],
)
def test_blocks_leave_no_seam(monkeypatch, columns):
    values = np.random.default_rng(8).integers(0, 256, (31, columns), dtype=np.uint8)
    whole = [square_pixels(Picture(pixels=values, aspect=aspect)).pixels for aspect in (2.3, 0.4)]
    monkeypatch.setattr("dcmconv.render.geometry.BLOCK_VALUES", 10)
    parts = [square_pixels(Picture(pixels=values, aspect=aspect)).pixels for aspect in (2.3, 0.4)]
    assert all((a == b).all() for a, b in zip(whole, parts, strict=True))


def test_labels_get_no_new_values():
    squared = square_pixels(picture([[1], [9]], domain="label", aspect=2.0))
    assert squared.pixels.tolist() == [[1], [1], [9], [9]]


def test_spacing_becomes_square():
    given = picture([[0], [1]], aspect=2.0, spacing=Spacing(1.0, 0.5))
    assert square_pixels(given).spacing == Spacing(0.5, 0.5)


@pytest.mark.parametrize("aspect", [0.0, -1.0, float("nan"), float("inf")])
def test_an_invalid_aspect_is_an_input_error(aspect):
    with pytest.raises(
        InputError, match=r"Pixel Aspect Ratio \(0028,0034\)[\s\S]*leave the file out"
    ):
        square_pixels(picture([[0]], aspect=aspect))


def test_a_huge_aspect_is_rejected_before_allocating():
    with pytest.raises(LimitError, match=r"1e\+09 times[\s\S]*Check Pixel Aspect Ratio"):
        square_pixels(picture([[0]], aspect=1e9))


def test_masks_get_no_new_values():
    squared = square_pixels(picture([[0], [255]], is_mask=True, aspect=2.0))
    assert squared.pixels.tolist() == [[0], [0], [255], [255]]


@pytest.mark.parametrize(
    ("view", "pixels"),
    [
        pytest.param(View(), [[1, 2, 3], [4, 5, 6]], id="unchanged"),
        pytest.param(View(rotation=90), [[4, 1], [5, 2], [6, 3]], id="quarter-turn-clockwise"),
        pytest.param(View(rotation=180), [[6, 5, 4], [3, 2, 1]], id="half-turn"),
        pytest.param(View(rotation=270), [[3, 6], [2, 5], [1, 4]], id="three-quarter-turn"),
        pytest.param(View(is_flipped=True), [[3, 2, 1], [6, 5, 4]], id="flip"),
        pytest.param(
            View(rotation=90, is_flipped=True), [[1, 4], [2, 5], [3, 6]], id="rotation-before-flip"
        ),
        pytest.param(View(region=(1, 0, 2, 1)), [[2, 3]], id="region"),
        pytest.param(View(region=(2, 1, 2, 2)), [[6, 0], [0, 0]], id="beyond-is-background"),
        pytest.param(View(region=(9, 9, 1, 1)), [[0]], id="completely-beyond"),
    ],
)
def test_a_view_is_cropped_then_rotated_then_flipped(view, pixels):
    assert apply_view(picture([[1, 2, 3], [4, 5, 6]]), view).pixels.tolist() == pixels


def test_a_quarter_turn_swaps_spacing_and_aspect():
    turned = apply_view(picture([[1]], spacing=Spacing(2.0, 1.0), aspect=2.0), View(rotation=90))

    assert (turned.spacing, turned.aspect) == (Spacing(1.0, 2.0), 0.5)


def test_a_half_turn_keeps_spacing_and_aspect():
    turned = apply_view(picture([[1]], spacing=Spacing(2.0, 1.0), aspect=2.0), View(rotation=180))

    assert (turned.spacing, turned.aspect) == (Spacing(2.0, 1.0), 2.0)


VIEWS = {
    "a quarter turn": np.rot90,
    "a quarter turn, mirrored": lambda values: np.rot90(values)[:, ::-1],
    "a half turn": lambda values: values[::-1, ::-1],
    "cut out": lambda values: values[1:-1, 2:-1],
    "cut out, then a quarter turn": lambda values: np.rot90(values[1:-1, 2:-1], -1),
}


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.float64])
@pytest.mark.parametrize("channels", [(), (3,), (4,)])
def test_views_are_put_in_rows_without_changing_a_value(view, dtype, channels):
    # More columns than one strip has.
    values = np.arange(50 * 37 * 4).reshape(50, 37, 4)[..., : channels[0] if channels else 1]
    seen = VIEWS[view](values.astype(dtype).reshape(50, 37, *channels))
    pixels = in_rows(Picture(pixels=seen)).pixels
    assert pixels.flags.c_contiguous
    assert pixels.dtype == dtype
    assert np.array_equal(pixels, seen)


def test_channels_that_are_not_side_by_side_are_put_in_rows():
    planes = np.arange(3 * 20 * 30, dtype=np.uint16).reshape(3, 20, 30)
    seen = np.rot90(np.moveaxis(planes, 0, 2))
    assert np.array_equal(in_rows(Picture(pixels=seen)).pixels, seen)


def test_writers_get_rotated_pictures_in_rows():
    file = as_bytes(monochrome(np.arange(30, dtype=np.uint16).reshape(5, 6)))
    plain = dcmconv.convert(file, normalize="minmax").pixels
    turned = dcmconv.convert(file, normalize="minmax", steps=["rotate", "flip"]).pixels
    assert turned.flags.c_contiguous
    assert np.array_equal(turned, np.rot90(plain, -1)[:, ::-1])
