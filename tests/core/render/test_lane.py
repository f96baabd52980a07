"""A lane checks what steps and writers return."""

from __future__ import annotations

import numpy as np
import pytest
from support.plans import lane

from dcmconv.errors import PluginError
from dcmconv.model.components import Step, Writer
from dcmconv.model.frame import Frame
from dcmconv.model.inputs import Instance
from dcmconv.model.picture import Picture
from dcmconv.render import OpenInput
from dcmconv.render.lane import LoadedLane

FRAME = Frame(stored_values=np.array([[0, 9]], np.uint8), bits_stored=8)


class Returning(Step):
    """Returns the given result."""

    def __init__(self, result):
        self.result = result

    def apply(self, picture):
        return self.result


class Encoding(Writer):
    """Returns the given bytes."""

    suffix = ".x"

    def __init__(self, data):
        self.data = data

    def encode(self, picture):
        return self.data


def pictures(*, step=None, writer=None):
    loaded = LoadedLane(lane("png"))
    # Set directly: components of a test module cannot be imported by name.
    vars(loaded)["_steps"] = ((step,) if step else (), ())
    vars(loaded)["writer"] = writer or Encoding(b"x")
    instance = Instance(frame_count=1, read_frame=lambda frame_index: FRAME)
    return list(OpenInput(instance, (loaded,), frame_numbers=(1,)).pictures())


@pytest.mark.parametrize(
    "result",
    [
        pytest.param(None, id="none"),
        pytest.param(np.zeros((1, 2), np.uint8), id="array"),
        pytest.param(Picture(pixels=np.zeros((0, 2), np.uint8)), id="no-pixels"),
        pytest.param(Picture(pixels=np.zeros(2, np.uint8)), id="one-dimension"),
        pytest.param(Picture(pixels=np.zeros((1, 1, 1, 3), np.uint8)), id="four-dimensions"),
    ],
)
def test_a_step_must_return_a_picture_with_pixels(result):
    with pytest.raises(
        PluginError, match=r"Step Returning returned .*expected a Picture"
    ) as caught:
        pictures(step=Returning(result))
    assert "StepConformance" in caught.value.hint


@pytest.mark.parametrize("data", [None, "text", b"", bytearray(b"x")], ids=repr)
def test_a_writer_must_return_bytes(data):
    with pytest.raises(PluginError, match=r"Writer 'png' returned .*expected the bytes") as caught:
        pictures(writer=Encoding(data))
    assert "WriterConformance" in caught.value.hint


def test_the_bytes_of_the_writer_are_published_unchanged():
    [picture] = pictures(writer=Encoding(b"bytes"))
    assert (picture.data, picture.lane_id, picture.frame_number) == (b"bytes", "png", 1)
    assert (picture.rows, picture.columns, picture.salvaged) == (1, 2, False)


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int16, np.int64, np.bool_])
def test_a_step_that_returns_other_types_is_blamed_itself(dtype):
    step = Returning(Picture(pixels=np.zeros((1, 2), dtype)))
    message = rf"Step Returning returned display values of type {np.dtype(dtype)}; expected uint8"
    with pytest.raises(PluginError, match=message) as caught:
        pictures(step=step)
    assert "astype" in caught.value.hint


class Watching(Step):
    """Notes the picture that it gets."""

    def apply(self, picture):
        self.seen = picture
        return picture


@pytest.mark.parametrize(
    ("keeps_palette", "is_last_step", "colors"),
    [
        pytest.param(True, False, "palette", id="palette-writer"),
        pytest.param(True, True, "rgb", id="step-after-the-colormap"),
        pytest.param(False, False, "rgb", id="other-writer"),
        pytest.param(False, True, "rgb", id="other-writer-and-step"),
    ],
)
def test_only_a_palette_writer_gets_a_palette(keeps_palette, is_last_step, colors):
    loaded = LoadedLane(lane("png"))
    step = Watching()
    writer = Encoding(b"x")
    writer.keeps_palette = keeps_palette
    vars(loaded)["_steps"] = ((), (step,) if is_last_step else ())
    vars(loaded)["_color_table"] = np.full((256, 3), (9, 8, 7), np.uint8)
    vars(loaded)["writer"] = writer

    picture = loaded.finish(Picture(pixels=FRAME.stored_values), FRAME)

    assert (picture.palette is not None, picture.is_color) == (colors == "palette", colors == "rgb")
    assert not is_last_step or step.seen.pixels.tolist() == [[[9, 8, 7], [9, 8, 7]]]
