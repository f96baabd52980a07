import numpy as np
import pytest

from dcmconv.model.frame_parts import Spacing
from dcmconv.model.picture import Picture
from dcmconv_builtins.steps.axes import Axes
from dcmconv_builtins.steps.figure import Figure
from dcmconv_builtins.steps.ticks import tick_labels, tick_values

MINUS = "\N{MINUS SIGN}"
UID = "1.3.6.1.4.1.5962.1.1.1"


@pytest.mark.parametrize(
    ("pixels", "space", "labels"),
    [
        pytest.param(512, 12, ["0", "100", "200", "300", "400", "500"], id="article-ct"),
        pytest.param(5, 12, ["0", "1", "2", "3", "4"], id="few-pixels"),
        pytest.param(
            3, 12, [f"{MINUS}0.5", "0.0", "0.5", "1.0", "1.5", "2.0", "2.5"], id="half-steps"
        ),
        pytest.param(1, 12, [f"{MINUS}0.4", f"{MINUS}0.2", "0.0", "0.2", "0.4"], id="one-pixel"),
        pytest.param(2048, 3, ["0", "1000", "2000"], id="little-room"),
        pytest.param(100, 1, ["0", "50"], id="at-least-two"),
    ],
)
def test_ticks_are_those_of_imshow(pixels, space, labels):
    assert tick_labels(tick_values(pixels, space)) == labels


def test_ticks_agree_with_matplotlib_at_every_size():
    from matplotlib.ticker import MaxNLocator

    for pixels in [*range(1, 60), 64, 100, 127, 256, 300, 512, 600, 1024, 2048, 2500, 4096, 9999]:
        for space in (1, 2, 5, 9, 20):
            locator = MaxNLocator(nbins=min(max(space, 1), 9), steps=[1, 2, 2.5, 5, 10])
            expected = [
                value
                for value in locator.tick_values(-0.5, pixels - 0.5)
                if -0.5 - 1e-9 <= value <= pixels - 0.5 + 1e-9
            ]
            assert tick_values(pixels, space) == pytest.approx(expected, abs=1e-9), (pixels, space)


def test_axes_are_the_default_rectangle_of_matplotlib():
    # 12 x 12 inches at 250 dpi: 2310 rows fit, 345 pixels under the top edge.
    axes = Axes.around(512, 512, (3000, 3000))
    assert (axes.top, axes.bottom) == pytest.approx((360, 2670))
    assert (axes.left, axes.right) == pytest.approx((382.5, 2692.5))


@pytest.mark.parametrize(
    ("size", "shape"), [((12, 12, 250), (3000, 3000)), ((12, 6, 80), (480, 960))]
)
def test_the_canvas_has_the_size_of_the_article(size, shape):
    width, height, dpi = size
    figure = Figure(width=width, height=height, dpi=dpi)
    drawn = figure.apply(Picture(pixels=np.zeros((8, 8), np.uint8), spacing=Spacing(1, 1)))
    assert drawn.pixels.shape == shape
    assert drawn.spacing == Spacing(25.4 / dpi, 25.4 / dpi, "figure")
    assert drawn.background == 255


@pytest.mark.parametrize("shape", [(64, 64), (40, 100), (300, 200), (1, 1)])
def test_the_figure_equals_matplotlib_except_letter_edges(shape):
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib import pyplot as plt

    pixels = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    with plt.rc_context(mpl.rcParamsDefault):
        figure, axes = plt.subplots(figsize=(6.4, 4.8), dpi=100)
        axes.imshow(pixels, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        axes.set_title(f"UID:{UID}")
        figure.canvas.draw()
        theirs = np.asarray(figure.canvas.buffer_rgba())[..., 0].astype(int)
        plt.close(figure)
    ours = Figure().apply(Picture(pixels=pixels, attributes={"SOPInstanceUID": UID})).pixels
    axes_box = Axes.around(shape[1], shape[0], ours.shape)
    outside = np.ones(ours.shape, bool)
    outside[int(axes_box.top) : int(axes_box.bottom), int(axes_box.left) : int(axes_box.right)] = (
        False
    )
    difference = np.abs(ours.astype(int) - theirs)
    # Letters are hinted differently; anything a pixel off would differ far more.
    assert difference[outside].mean() < 1.5
    assert (difference[outside] > 128).mean() < 0.003


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [(), (3,), (4,)])
def test_every_kind_of_picture_becomes_a_figure(dtype, channels):
    white = np.iinfo(dtype).max
    pixels = np.zeros((4, 4, *channels), dtype)
    drawn = Figure(text="").apply(Picture(pixels=pixels)).pixels
    assert drawn.dtype == dtype
    assert drawn.shape == (480, 640, *channels)
    assert drawn[0, 0].tolist() == (np.full(channels, white).tolist())
    assert drawn[240, 328].ravel()[0] == 0


@pytest.mark.parametrize("channels", [(), (3,)])
def test_what_does_not_fit_on_a_tiny_canvas_is_left_out(channels):
    picture = Picture(pixels=np.zeros((64, 64, *channels), np.uint8))
    drawn = Figure(text="title", width=0.02, height=0.02).apply(picture).pixels
    assert drawn.shape == (2, 2, *channels)


def test_figures_of_equal_size_have_equal_axes_and_their_own_pictures():
    # The axes are drawn once for all of them: nothing of one picture may remain in the next.
    def drawn(level):
        picture = Picture(pixels=np.full((40, 40), level, np.uint8))
        return Figure(text="").apply(picture).pixels

    first, second, again = drawn(0), drawn(200), drawn(0)
    assert np.array_equal(first, again)
    differs = first != second
    axes = Axes.around(40, 40, first.shape)
    assert not differs[: int(axes.top)].any()
    assert not differs[:, : int(axes.left)].any()
    assert set(second[differs].tolist()) == {200}


def test_a_long_title_fits_above_the_axes():
    drawn = Figure(text="word " * 80).apply(Picture(pixels=np.zeros((4, 4), np.uint8))).pixels
    dark_columns = np.flatnonzero((drawn < 128).any(axis=0))
    assert dark_columns.min() > 0
    assert dark_columns.max() < 639


def test_a_canvas_beyond_the_limit_is_rejected():
    with pytest.raises(ValueError, match="the limit is"):
        Figure(width=100, height=100, dpi=1000)
