import numpy as np
import pytest

from dcmconv.errors import LimitError
from dcmconv.model.frame_parts import Spacing
from dcmconv.model.picture import Picture
from dcmconv_builtins.steps import resize
from dcmconv_builtins.steps.resampling import resample
from dcmconv_builtins.steps.resize import Resize


def flat(rows, columns, value=7, dtype=np.uint8, **fields):
    return Picture(pixels=np.full((rows, columns), value, dtype), **fields)


@pytest.mark.parametrize(
    ("options", "shape"),
    [
        pytest.param({"max": 100}, (50, 100), id="max-bounds-the-longer-side"),
        pytest.param({"max": 500}, (200, 400), id="max-does-not-enlarge"),
        pytest.param({"max": 500, "enlarge": True}, (250, 500), id="max-enlarges-when-asked"),
        pytest.param({"width": 200}, (100, 200), id="width-keeps-proportions"),
        pytest.param({"height": 400}, (400, 800), id="height-enlarges"),
        pytest.param({"width": 10, "height": 90}, (90, 10), id="both-stretch"),
        pytest.param({"width": 100, "height": 100, "pad": True}, (100, 100), id="both-with-pad"),
        pytest.param({"pad": True}, (400, 400), id="pad-alone-makes-a-square"),
        pytest.param({"max": 512, "pad": True}, (512, 512), id="max-with-pad-is-a-square-of-max"),
        pytest.param({"max": 1}, (1, 1), id="never-less-than-one-pixel"),
    ],
)
def test_options_decide_the_size(options, shape):
    resized = Resize(**options).apply(flat(200, 400))
    assert resized.pixels.shape == shape


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [(), (3,), (4,)])
@pytest.mark.parametrize("kind", ["lanczos", "bicubic", "bilinear", "box", "nearest"])
def test_a_constant_picture_stays_constant(dtype, channels, kind):
    white = np.iinfo(dtype).max
    given = np.full((37, 53, *channels), white, dtype)
    for rows, columns in [(11, 8), (80, 61), (1, 1)]:
        smaller = resample(given, rows, columns, kind)
        assert smaller.shape == (rows, columns, *channels)
        assert smaller.dtype == dtype
        assert (smaller == white).all()


def test_16_bit_halves_are_rounded_up():
    given = np.array([[1000, 1001], [1002, 1003]], np.uint16)
    # The mean is 1001.5.
    assert resample(given, 1, 1, "box").tolist() == [[1002]]


def test_16_bit_results_agree_with_8_bit_ones():
    rng = np.random.default_rng(3)
    eight = rng.integers(0, 256, (40, 30), dtype=np.uint8)
    small = resample(eight, 17, 13, "bilinear").astype(int)
    large = resample(eight.astype(np.uint16) * 257, 17, 13, "bilinear") / 257
    # 8-bit rounds twice: once across, once down.
    assert np.abs(large - small).max() <= 1.01


def test_lanczos_overshoot_is_clipped_not_wrapped():
    step = np.zeros((4, 64), np.uint16)
    step[:, 32:] = 65535
    larger = resample(step, 4, 640, "lanczos")
    assert larger[:, :200].max() < 5000
    assert larger[:, 440:].min() > 60000


def test_resized_labels_have_no_new_values():
    labels = np.array([[0, 200], [3, 9]], np.uint8)
    resized = Resize(width=5, height=3).apply(Picture(pixels=labels, domain="label"))
    assert set(resized.pixels.ravel().tolist()) == {0, 200, 3, 9}


def test_nearest_takes_the_value_under_each_center():
    given = np.array([[0, 1, 2, 3, 4]], np.uint8)
    # Centers at 0.83, 2.5 and 4.17.
    assert resample(given, 1, 3, "nearest").tolist() == [[0, 2, 4]]


def test_spacing_grows_as_the_picture_shrinks():
    resized = Resize(width=100, height=100).apply(flat(200, 400, spacing=Spacing(0.5, 0.25)))
    assert resized.spacing == Spacing(1.0, 1.0)


@pytest.mark.parametrize("options", [{"max": 4}, {"pad": True}, {"width": 4, "height": 4}])
def test_a_picture_of_the_right_size_is_left_alone(options):
    given = flat(4, 4, spacing=Spacing(0.3, 0.7))
    assert Resize(**options).apply(given) is given


def test_padding_surrounds_the_picture_with_background():
    padded = Resize(pad=True).apply(flat(1, 3, value=9, background=4))
    assert padded.pixels.tolist() == [[4, 4, 4], [9, 9, 9], [4, 4, 4]]


def test_fill_is_limited_to_white():
    padded = Resize(pad=True, fill=999).apply(flat(1, 2))
    assert padded.pixels.tolist() == [[7, 7], [255, 255]]


def test_padding_of_transparent_pictures_is_opaque():
    padded = Resize(pad=True).apply(Picture(pixels=np.full((1, 2, 4), 9, np.uint8)))
    assert padded.pixels[1, 0].tolist() == [0, 0, 0, 255]


def test_stretching_changes_the_pixel_aspect():
    given = flat(100, 100, aspect=2.0)
    assert Resize(max=50).apply(given).aspect == 2.0
    # Twice as many rows as columns: each pixel is half as high as before.
    assert Resize(width=100, height=200).apply(given).aspect == 1.0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "needs max, width, height or pad"),
        ({"max": 5, "width": 5}, "cannot be combined"),
        ({"width": 5, "enlarge": True}, "enlarge needs max"),
        ({"width": 5, "fill": 3}, "fill needs pad"),
        ({"width": 5, "pad": True}, "pad needs width and height"),
    ],
)
def test_contradictory_options_are_rejected(options, message):
    with pytest.raises(ValueError, match=message):
        Resize(**options)


@pytest.mark.parametrize(
    "options", [{"width": 20, "height": 20}, {"max": 20, "pad": True}, {"max": 20, "enlarge": True}]
)
def test_results_beyond_the_limit_are_rejected(options, monkeypatch):
    monkeypatch.setattr(resize, "MAX_PIXELS", 399)
    with pytest.raises(LimitError, match=r"20 x 20 pixels.*399[\s\S]*smaller size"):
        Resize(**options).apply(flat(5, 5))


def test_a_side_may_have_65535_pixels_and_no_more():
    longest = Resize(width=65535, height=1).apply(flat(1, 5))
    assert longest.pixels.shape == (1, 65535)
    with pytest.raises(LimitError, match=r"65536 x 16 pixels .* 65535 per side"):
        Resize(height=16).apply(flat(1, 4096))


def test_resized_masks_have_no_new_values():
    mask = np.array([[0, 255], [255, 0]], np.uint8)
    resized = Resize(width=5, height=3).apply(Picture(pixels=mask, is_mask=True))
    assert set(resized.pixels.ravel().tolist()) == {0, 255}
