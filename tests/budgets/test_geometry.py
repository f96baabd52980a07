"""How often resizing, rotating, flipping and cropping pass over a picture, told by memory."""

import tracemalloc

import numpy as np
import pytest
from support.work_counter import calls_per_round

from dcmconv.model.picture import Picture
from dcmconv.render.geometry import in_rows
from dcmconv_builtins.steps.crop import Crop
from dcmconv_builtins.steps.flip import Flip
from dcmconv_builtins.steps.resize import Resize
from dcmconv_builtins.steps.rotate import Rotate

RADIOGRAPH, CT = (2500, 2048), (512, 512)


def picture(shape, dtype=np.uint8):
    return Picture(pixels=np.zeros(shape, dtype))


def most_bytes(work):
    """The most memory that is held at once, beyond what is there before."""
    work()
    tracemalloc.start()
    try:
        result = work()
        return tracemalloc.get_traced_memory()[1], result
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("kind", ["lanczos", "box"])
def test_resizing_a_radiograph_copies_no_full_picture(dtype, kind):
    given = picture(RADIOGRAPH, dtype)
    resize = Resize(max=512, pad=True, filter=kind)
    most, _ = most_bytes(lambda: resize.apply(given))
    assert most < given.pixels.nbytes


def test_padding_adds_no_copy_of_the_resized_picture():
    given = picture(RADIOGRAPH)
    plain, _ = most_bytes(lambda: Resize(width=1678, height=2048).apply(given))
    padded, result = most_bytes(lambda: Resize(max=2048, pad=True).apply(given))
    added = result.pixels.nbytes - 1678 * 2048
    assert padded - plain < added + 2**17


@pytest.mark.parametrize(
    ("shape", "options", "most"),
    [
        pytest.param(CT, {"max": 256}, 85, id="ct-to-256"),
        pytest.param(RADIOGRAPH, {"max": 512, "pad": True}, 350, id="radiograph-to-512"),
        pytest.param((400, 300), {"max": 512, "enlarge": True}, 120, id="enlarged"),
        # With products for each channel, it would be 280.
        pytest.param((480, 640, 3), {"max": 256}, 140, id="color-to-256"),
    ],
)
def test_resizing_takes_few_calls(shape, options, most):
    given, resize = picture(shape), Resize(**options)
    work = calls_per_round(lambda rounds: [resize.apply(given) for _ in range(rounds)])
    assert work.total <= most, work.table()


@pytest.mark.parametrize("shape", [RADIOGRAPH, (480, 640, 3)])
def test_rotating_flipping_and_cropping_together_copy_once(shape):
    given = picture(shape)
    steps = [Rotate(), Flip(), Crop(column=3), Rotate(degrees=180)]

    def work():
        changed = given
        for step in steps:
            changed = step.apply(changed)
            assert np.shares_memory(changed.pixels, given.pixels)
        return in_rows(changed)

    most, result = most_bytes(work)
    assert result.pixels.flags.c_contiguous
    assert most < result.pixels.nbytes * 1.02
