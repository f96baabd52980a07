import numpy as np
import pytest

from dcmconv.errors import InputError
from dcmconv.model.frame_parts import Spacing
from dcmconv.model.picture import Picture
from dcmconv_builtins.steps.crop import Crop
from dcmconv_builtins.steps.flip import Flip
from dcmconv_builtins.steps.rotate import Rotate

# Two rows, three columns.
LETTERS = np.array([[1, 2, 3], [4, 5, 6]], np.uint8)

DTYPES = pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.float32])


def picture(pixels=LETTERS, **fields):
    return Picture(pixels=pixels, **fields)


@DTYPES
def test_a_quarter_turn_puts_the_left_column_on_top(dtype):
    turned = Rotate(degrees=90).apply(picture(LETTERS.astype(dtype))).pixels
    assert turned.tolist() == [[4, 1], [5, 2], [6, 3]]
    assert turned.dtype == dtype


def test_180_and_270_degrees_are_clockwise_too():
    assert Rotate(degrees=180).apply(picture()).pixels.tolist() == [[6, 5, 4], [3, 2, 1]]
    assert Rotate(degrees=270).apply(picture()).pixels.tolist() == [[3, 6], [2, 5], [1, 4]]


def test_a_quarter_turn_swaps_spacing_and_aspect():
    given = picture(spacing=Spacing(0.5, 0.25), aspect=2.0)
    turned = Rotate(degrees=270).apply(given)
    assert (turned.spacing, turned.aspect) == (Spacing(0.25, 0.5), 0.5)
    half = Rotate(degrees=180).apply(given)
    assert (half.spacing, half.aspect) == (Spacing(0.5, 0.25), 2.0)


def test_flipping_mirrors_rows_or_columns():
    assert Flip().apply(picture()).pixels.tolist() == [[3, 2, 1], [6, 5, 4]]
    assert Flip(direction="vertical").apply(picture()).pixels.tolist() == [[4, 5, 6], [1, 2, 3]]


@pytest.mark.parametrize("step", [Rotate(degrees=90), Flip(), Crop(rows=1, columns=1)])
def test_color_channels_are_never_mixed(step):
    color = np.dstack([LETTERS, LETTERS + 10, LETTERS + 20])
    changed = step.apply(picture(color)).pixels
    assert (changed[..., 1] == changed[..., 0] + 10).all()
    assert (changed[..., 2] == changed[..., 0] + 20).all()


def test_cropping_keeps_the_rectangle_and_the_spacing():
    cut = Crop(column=1, row=1, columns=2, rows=1).apply(picture(spacing=Spacing(1, 2)))
    assert cut.pixels.tolist() == [[5, 6]]
    assert cut.spacing == Spacing(1, 2)


def test_cropping_without_a_size_reaches_the_edges():
    assert Crop(column=2).apply(picture()).pixels.tolist() == [[3], [6]]


def test_center_crops_leave_odd_columns_on_the_right():
    values = np.arange(5, dtype=np.uint8).reshape(1, 5)
    assert Crop(center="2x1").apply(picture(values)).pixels.tolist() == [[1, 2]]


@pytest.mark.parametrize(
    ("step", "needed"),
    [
        (Crop(columns=4), "4 x 2"),
        (Crop(column=3), "4 x 2"),
        (Crop(row=1, rows=2), "3 x 3"),
        (Crop(center="8x9"), "8 x 9"),
    ],
)
def test_a_rectangle_outside_the_picture_is_rejected(step, needed):
    with pytest.raises(
        InputError, match=rf"3 x 2 pixels.*at least {needed}[\s\S]*smaller rectangle"
    ):
        step.apply(picture())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "needs a rectangle"),
        ({"center": "12"}, "COLUMNSxROWS"),
        ({"center": "0x5"}, "COLUMNSxROWS"),
        ({"center": "1x1", "rows": 2}, "cannot be combined"),
    ],
)
def test_crop_refuses_options_without_a_rectangle(options, message):
    with pytest.raises(ValueError, match=message):
        Crop(**options)


@pytest.mark.parametrize("step", [Crop, Flip, Rotate])
def test_steps_that_change_no_value_accept_every_domain(step):
    assert step.accepts == {"display", "stored", "modality", "label"}
