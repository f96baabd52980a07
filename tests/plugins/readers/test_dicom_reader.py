"""The reader on valid files."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RLELossless,
)
from support.dicom_files import as_bytes, color, compressed, monochrome
from support.reading import (
    open_content,
    read_frame,
    read_frames,
    recoded,
)

from dcmconv.plugin import (
    InputFile,
)
from dcmconv_builtins.readers.dicom import DicomReader

PIXELS = np.arange(64 * 64, dtype=np.uint16).reshape(64, 64)
BYTES = (PIXELS % 251).astype(np.uint8)
RGB = np.arange(4 * 5 * 3, dtype=np.uint8).reshape(4, 5, 3)


# What DICOM looks like


def test_dicm_after_the_preamble_is_certain():
    assert DicomReader.sniff(as_bytes(monochrome(PIXELS))[:512], "x.txt") == 100


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian])
def test_a_bare_dataset_is_likely(syntax):
    assert DicomReader.sniff(recoded(monochrome(PIXELS), syntax, with_meta=False)[:512], "") == 50


@pytest.mark.parametrize("head", [b"", b"text", bytes(200), b"\xff\xd8\xff\xe0" + bytes(600)])
def test_other_formats_are_unknown(head):
    assert DicomReader.sniff(head, "picture.dcm") == 0


# Valid files


@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", "i2", "u4", "i4", "f4", "f8"])
def test_native_pixels_of_every_type(dtype):
    values = np.array([[0, 1, 2], [100, 120, 127]], dtype)
    frame = read_frame(monochrome(values))
    assert frame.stored_values.dtype == np.dtype(dtype)
    assert frame.stored_values.tolist() == values.tolist()
    assert not frame.stored_values.flags.writeable


def test_signed_16_bit_extremes_survive():
    values = np.array([[-32768, 32767]], np.int16)
    assert read_frame(monochrome(values)).stored_values.tolist() == [[-32768, 32767]]


@pytest.mark.parametrize(
    "syntax", [ImplicitVRLittleEndian, DeflatedExplicitVRLittleEndian, RLELossless]
)
def test_the_transfer_syntax_changes_no_value(syntax):
    dataset = monochrome(PIXELS)
    content = (
        as_bytes(compressed(dataset, syntax)) if syntax == RLELossless else recoded(dataset, syntax)
    )
    instance = open_content(content)
    assert instance.transfer_syntax == syntax
    assert (instance.read_frame(0).stored_values == PIXELS).all()
    instance.close()


def test_big_endian_is_read():
    dataset = monochrome(PIXELS)
    dataset.PixelData = PIXELS.astype(">u2").tobytes()
    frame = read_frame(recoded(dataset, ExplicitVRBigEndian))
    assert (frame.stored_values == PIXELS).all()


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian])
def test_a_bare_dataset_is_read_with_a_note(syntax):
    frame = read_frame(recoded(monochrome(PIXELS), syntax, with_meta=False))
    assert (frame.stored_values == PIXELS).all()
    assert any("no preamble" in note for note in frame.notes)
    assert any("Transfer Syntax UID (0002,0010) is missing" in note for note in frame.notes)


def test_meta_information_without_a_preamble_is_read():
    frame = read_frame(as_bytes(monochrome(PIXELS))[132:])
    assert (frame.stored_values == PIXELS).all()


def test_frames_can_be_read_in_any_order():
    cube = np.arange(3 * 2 * 2, dtype=np.uint16).reshape(3, 2, 2)
    instance = open_content(monochrome(cube))
    assert instance.frame_count == 3
    for index in (2, 0, 1):
        frame = instance.read_frame(index)
        assert (frame.stored_values == cube[index]).all()
        assert (frame.frame_number, frame.frame_count) == (index + 1, 3)
    instance.close()


def test_one_bit_frames_need_not_start_at_a_byte():
    bits = (np.arange(3 * 3 * 3) % 3 == 0).astype(np.uint8).reshape(3, 3, 3)
    dataset = monochrome(bits, BitsAllocated=1, BitsStored=1, HighBit=0)
    dataset.PixelData = np.packbits(bits.ravel(), bitorder="little").tobytes()
    frames = read_frames(dataset)
    assert [frame.stored_values.tolist() for frame in frames] == bits.tolist()


def test_color_by_pixel_and_by_plane_is_the_same():
    by_plane = color(RGB, PlanarConfiguration=1)
    by_plane.PixelData = RGB.transpose(2, 0, 1).tobytes()
    for dataset in (color(RGB), by_plane):
        frame = read_frame(dataset)
        assert frame.stored_values.tolist() == RGB.tolist()
        assert frame.photometric_interpretation == "RGB"


def test_ybr_is_converted_to_rgb():
    gray = np.full((2, 2, 3), 128, np.uint8)
    frame = read_frame(color(gray, PhotometricInterpretation="YBR_FULL"))
    assert frame.photometric_interpretation == "RGB"
    assert frame.stored_values.tolist() == gray.tolist()


def test_an_icc_profile_is_kept_for_embedding():
    frame = read_frame(color(RGB, ICCProfile=b"profile!"), icc="embed")
    assert frame.icc_profile == b"profile!"


def test_a_label_map_is_marked():
    dataset = monochrome(BYTES, SOPClassUID="1.2.840.10008.5.1.4.1.1.66.7")
    assert read_frame(dataset).is_label


def test_monochrome1_keeps_its_values():
    frame = read_frame(monochrome(PIXELS, PhotometricInterpretation="MONOCHROME1"))
    assert frame.is_inverted
    assert (frame.stored_values == PIXELS).all()


def test_a_large_file_is_not_read_into_memory(tmp_path):
    cube = np.zeros((5, 1024, 1024), np.uint16)
    cube[3] = 7
    path = tmp_path / "large"
    path.write_bytes(as_bytes(monochrome(cube)))
    instance = DicomReader().open(InputFile("large", path))
    assert (instance.read_frame(3).stored_values == 7).all()
    assert (instance.read_frame(4).stored_values == 0).all()
    instance.close()
