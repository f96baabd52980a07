"""Pixels in the private element (07A1,100A), in the encoding PMSCT_RLE1."""

import numpy as np
import pytest
from pydicom.uid import ExplicitVRBigEndian, ImplicitVRLittleEndian
from support.doubtful_pixels import pmsct_rle1, with_private_pixels
from support.reading import open_content, read_frame, read_frames, recoded

from dcmconv.plugin import InputError, UnsupportedError
from dcmconv_builtins.dicom.pixels.private_pixels import decode_pmsct_rle1

STEEP = (np.arange(40 * 30, dtype=np.uint16) * 57 % 4096).reshape(40, 30)
FLAT = np.full((40, 30), 1024, np.uint16)
EVERY_STEP = np.cumsum(np.arange(-128, 128) % 256, dtype=np.int64).astype(np.uint16)


@pytest.mark.parametrize(
    ("codes", "pixels"),
    [
        pytest.param("01 02 ff", [1, 3, 2], id="differences"),
        pytest.param("5a 34 12 01", [0x1234, 0x1235], id="a-pixel-of-16-bits"),
        pytest.param("a5 02 01", [1, 2, 3], id="a-run-of-differences"),
        # The outer layer comes first: 5a 5a 00 01 is a pixel and a difference.
        pytest.param("a5 01 5a 00 01", [0x5A, 0x5B], id="a-run-within-a-pixel"),
        pytest.param("5a ff ff 01", [0xFFFF, 0], id="wraps-at-16-bits"),
        pytest.param("", [], id="empty"),
    ],
)
def test_codes_become_pixels(codes, pixels):
    assert decode_pmsct_rle1(bytes.fromhex(codes)).tolist() == pixels


@pytest.mark.parametrize("codes", ["a5", "a5 01", "5a", "5a 01"])
def test_an_incomplete_code_is_damaged(codes):
    with pytest.raises(InputError, match="end in the middle of a code"):
        decode_pmsct_rle1(bytes.fromhex(codes))


@pytest.mark.parametrize("values", [STEEP, FLAT, EVERY_STEP], ids=["steep", "flat", "every-step"])
def test_encoded_pixels_come_back(values):
    decoded = decode_pmsct_rle1(pmsct_rle1(values.ravel().tolist()))
    assert np.array_equal(decoded[: values.size], values.ravel())


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian, None])
def test_private_pixels_are_a_picture_with_a_note(syntax):
    made = with_private_pixels(STEEP, pmsct_rle1(STEEP.ravel().tolist()))
    frame = read_frame(recoded(made, syntax) if syntax else made)
    assert np.array_equal(frame.stored_values, STEEP)
    assert "(07A1,100A) of ELSCINT1, in the encoding PMSCT_RLE1" in " ".join(frame.notes)


def test_several_private_frames():
    both = np.stack([STEEP, FLAT])
    made = with_private_pixels(both, pmsct_rle1(both.ravel().tolist()))
    assert [frame.stored_values[0, 1] for frame in read_frames(made)] == [57, 1024]


def test_too_few_private_pixels_are_not_called_truncated():
    with pytest.raises(InputError, match=r"has 4 pixels; Rows .* need 1200") as raised:
        open_content(with_private_pixels(STEEP, pmsct_rle1([1, 2, 3])))
    assert raised.value.reason == "mismatch"
    assert "Copy" not in raised.value.hint


def test_another_private_encoding_is_named():
    with pytest.raises(UnsupportedError, match="in 'PMSCT_RGB1'; expected Pixel Data"):
        open_content(with_private_pixels(STEEP, b"\0\0", encoding="PMSCT_RGB1"))


def test_elements_of_another_creator_are_not_pixels():
    made = with_private_pixels(STEEP, pmsct_rle1([1, 2]))
    made[0x07A1, 0x0010].value = "SOMEBODY"
    with pytest.raises(InputError, match="holds no Pixel Data"):
        open_content(made)
