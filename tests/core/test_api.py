"""The Python front door: one picture in memory, or a batch."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom.data import get_testdata_file

import dcmconv
from dcmconv import InputError, UsageError

CT = get_testdata_file("CT_small.dcm")
CINE = get_testdata_file("examples_ybr_color.dcm")


def test_picture_has_pixels_and_bytes():
    picture = dcmconv.convert(CT, normalize="window:center=40,width=400", colormap="bone")

    assert (picture.pixels.shape, picture.pixels.dtype) == ((128, 128, 3), np.uint8)
    shown = np.asarray(Image.open(io.BytesIO(picture.encode("png"))).convert("RGB"))
    assert np.array_equal(shown, picture.pixels)


def test_options_as_text_and_data_are_equal():
    as_text = dcmconv.convert(CT, normalize="window:center=40,width=400")
    as_data = dcmconv.convert(CT, normalize={"use": "window", "center": 40, "width": 400})

    assert np.array_equal(as_text.pixels, as_data.pixels)


def test_sixteen_bits_on_request():
    assert dcmconv.convert(CT, bits=16).pixels.dtype == np.uint16


def test_bytes_and_path_give_equal_pixels():
    content = Path(CT).read_bytes()

    assert np.array_equal(dcmconv.convert(content).pixels, dcmconv.convert(CT).pixels)


def test_frames_are_equal_alone_and_in_sequence():
    frames = list(dcmconv.convert_frames(CINE))

    assert len(frames) == 30
    assert np.array_equal(frames[29].pixels, dcmconv.convert(CINE, frame=30).pixels)


@pytest.mark.parametrize("frame", [0, -1, -14])
def test_frames_are_counted_from_one(frame):
    with pytest.raises(UsageError, match=f"frame is {frame}; frames are counted from 1"):
        dcmconv.convert(CINE, frame=frame)


def test_frame_beyond_the_last_is_an_error():
    with pytest.raises(InputError, match="Frame 31 does not exist; the last frame is 30"):
        dcmconv.convert(CINE, frame=31)


def test_suffix_chooses_the_format_of_a_saved_picture(tmp_path):
    dcmconv.convert(CT).save(tmp_path / "ct.jpg")
    dcmconv.convert(CT).save(tmp_path / "ct.jpeg")
    assert (tmp_path / "ct.jpeg").read_bytes() == (tmp_path / "ct.jpg").read_bytes()

    assert (tmp_path / "ct.jpg").read_bytes()[:2] == b"\xff\xd8"


def test_convert_rejects_a_folder(tmp_path):
    with pytest.raises(UsageError, match="is not a file") as caught:
        dcmconv.convert(tmp_path)
    assert "use run() for folders" in caught.value.hint


def test_batch_yields_an_outcome_per_input(tmp_path):
    outcomes = list(dcmconv.run(CT, tmp_path / "out", normalize="minmax", writers=["jpg"]))

    assert [(o.status, o.input) for o in outcomes] == [("converted", "CT_small.dcm")]
    assert (tmp_path / "out" / "CT_small.jpg").is_file()
