"""Several pixel data elements: the image is taken with a note, or the file is rejected."""

import numpy as np
import pytest
from pydicom.uid import JPEGLSLossless, RLELossless
from support.dicom_files import as_bytes, color, encapsulated, monochrome
from support.doubtful_pixels import flattened, thumbnail
from support.reading import open_content, read_frame, read_frames
from support.streams import encoded

from dcmconv.plugin import InputError

IMAGE = np.arange(32 * 32, dtype=np.uint16).reshape(32, 32)


def small(**attributes):
    return monochrome(IMAGE[:8, :8], **attributes)


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param((thumbnail(), monochrome(IMAGE)), id="thumbnail-first"),
        pytest.param((monochrome(IMAGE), thumbnail()), id="thumbnail-last"),
        pytest.param((thumbnail(), thumbnail(4), monochrome(IMAGE)), id="two-thumbnails"),
        pytest.param((color(np.zeros((8, 8, 3), np.uint8)), monochrome(IMAGE)), id="in-color"),
    ],
)
def test_the_image_is_taken_and_not_its_thumbnail(parts):
    frame = read_frame(flattened(*parts))
    assert np.array_equal(frame.stored_values, IMAGE)
    [note] = frame.notes
    assert f"occurs {len(parts)} times; used the one of 32x32 pixels" in note


def test_several_frames_are_taken_with_their_thumbnail():
    frames = read_frames(flattened(thumbnail(), monochrome(np.stack([IMAGE, IMAGE + 1]))))
    assert [frame.stored_values[0, 0] for frame in frames] == [0, 1]


def test_what_the_thumbnail_says_of_its_pixels_does_not_reach_the_image():
    frame = read_frame(flattened(small(RescaleSlope=5, RescaleIntercept=7), monochrome(IMAGE)))
    assert frame.modality_values()[0, 1] == 1


def test_the_only_one_that_fits_its_description_is_taken():
    frame = read_frame(flattened(monochrome(IMAGE, PixelData=bytes(100)), monochrome(IMAGE)))
    assert np.array_equal(frame.stored_values, IMAGE)
    assert "ignored one of 100 bytes" in frame.notes[0]


def test_a_native_thumbnail_before_an_encapsulated_image():
    image = encapsulated(monochrome(IMAGE), RLELossless, [encoded("rle", IMAGE)])
    first = as_bytes(small()).replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.5\0")
    whole = as_bytes(image)
    frame = read_frame(first + whole[whole.index(b"\x28\0\x02\0US") :])
    assert np.array_equal(frame.stored_values, IMAGE)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(flattened(monochrome(IMAGE), monochrome(IMAGE)), id="same-size"),
        pytest.param(
            flattened(monochrome(IMAGE, Rows=7), monochrome(IMAGE, Rows=9)), id="none-fits"
        ),
    ],
)
def test_two_that_may_both_be_the_picture_are_rejected(content):
    with pytest.raises(InputError, match="do not show which one is the picture"):
        open_content(content)


@pytest.mark.parametrize(("syntax", "codec"), [(RLELossless, "rle"), (JPEGLSLossless, "jpeg-ls")])
def test_a_second_element_after_encapsulated_pixels_is_rejected(syntax, codec):
    made = [encapsulated(monochrome(IMAGE), syntax, [encoded(codec, IMAGE)]) for _ in range(2)]
    with pytest.raises(InputError, match=r"followed by Pixel Data"):
        open_content(flattened(*made))


@pytest.mark.parametrize(
    ("rest", "notes"),
    [
        (b"\xfc\xff\xfc\xffOB\0\0\4\0\0\0\0\0\0\0", 0),
        (b"\0" * 64, 0),
        (b"\x28\0junk", 1),
        (b"\x28\0" * 99, 1),
    ],
)
def test_other_bytes_after_the_pixels_are_a_note_at_most(rest, notes):
    frame = read_frame(as_bytes(monochrome(IMAGE)) + rest)
    assert np.array_equal(frame.stored_values, IMAGE)
    assert len(frame.notes) == notes
    assert all("bytes that are not elements" in note for note in frame.notes)
