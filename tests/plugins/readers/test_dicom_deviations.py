"""A deviation from the standard that leaves one meaning is read, with a note."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from support.dicom_files import as_bytes, color, monochrome
from support.reading import (
    explicit_element,
    read_frame,
    with_bytes,
)

PIXELS = np.arange(64 * 64, dtype=np.uint16).reshape(64, 64)
RGB = np.arange(4 * 5 * 3, dtype=np.uint8).reshape(4, 5, 3)


ROWS = explicit_element(0x28, 0x10, b"US", struct.pack("<H", 64))


def rows_as_ul():
    content = explicit_element(0x28, 0x10, b"UL", struct.pack("<I", 64))
    return with_bytes(as_bytes(monochrome(PIXELS)), ROWS, content)


def rows_twice_in_one_element():
    content = explicit_element(0x28, 0x10, b"US", struct.pack("<HH", 64, 64))
    return with_bytes(as_bytes(monochrome(PIXELS)), ROWS, content)


def rows_after_an_unknown_private_element():
    private = explicit_element(0x21, 0x1001, b"ZZ", b"abcd")
    return with_bytes(as_bytes(monochrome(PIXELS)), ROWS, private + ROWS)


def pixels_longer_than_the_file():
    content = as_bytes(monochrome(PIXELS))
    start = content.index(b"\xe0\x7f\x10\x00OW") + 8
    return content[:start] + struct.pack("<I", 0xFFFFFFFE) + content[start + 4 :]


def explicit_labeled_implicit():
    return with_bytes(
        as_bytes(monochrome(PIXELS)), b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2\0\0\0"
    )


def native_labeled_rle():
    dataset = monochrome(PIXELS)
    content = as_bytes(dataset)
    return with_bytes(content, b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.5\0")


def no_transfer_syntax():
    return with_bytes(as_bytes(monochrome(PIXELS)), b"\x02\0\x10\0UI", b"\x02\0\x11\0UI")


def frames_as_text():
    content = as_bytes(monochrome(PIXELS, NumberOfFrames="12345678"))
    return with_bytes(content, b"12345678", b"one     ")


FRAMES_BY_LENGTH = (
    "Number of Frames (0028,0008) is not a number above 0; using 1, from the length of Pixel Data "
    "(7FE0,0010)."
)
RLE_IS_NATIVE = (
    "Transfer Syntax UID (0002,0010) is RLE Lossless, but Pixel Data (7FE0,0010) is not "
    "encapsulated; read it as native pixels, because it has exactly their length."
)
NO_TRANSFER_SYNTAX = (
    "Transfer Syntax UID (0002,0010) is missing; the encoding was detected from the first elements."
)
DEVIATIONS = {
    "rows-as-ul": (rows_as_ul, ()),
    "rows-twice-in-one-element": (rows_twice_in_one_element, ()),
    "unknown-vr": (
        rows_after_an_unknown_private_element,
        ("the element (0021,1001) has an unknown VR; its length was read as 16 bits.",),
    ),
    "zeros-behind": (lambda: as_bytes(monochrome(PIXELS)) + bytes(4096), ()),
    "pixels-longer-than-the-file": (
        pixels_longer_than_the_file,
        ("Pixel Data (7FE0,0010) is longer than the file, but all frames are there.",),
    ),
    "explicit-labeled-implicit": (
        explicit_labeled_implicit,
        ("Transfer Syntax UID (0002,0010) says implicit VR; the dataset is explicit.",),
    ),
    "native-labeled-rle": (
        native_labeled_rle,
        (RLE_IS_NATIVE,),
    ),
    "no-transfer-syntax": (
        no_transfer_syntax,
        (NO_TRANSFER_SYNTAX,),
    ),
    "frames-as-text": (
        frames_as_text,
        ("Number of Frames (0028,0008) cannot be read; ignored it.", FRAMES_BY_LENGTH),
    ),
    "no-frames": (lambda: as_bytes(monochrome(PIXELS, NumberOfFrames=0)), (FRAMES_BY_LENGTH,)),
    "high-bit-of-200": (
        lambda: as_bytes(monochrome(PIXELS, HighBit=200)),
        ("High Bit (0028,0102) is 200, which is invalid; using 15.",),
    ),
    "no-photometric-interpretation": (
        lambda: as_bytes(monochrome(PIXELS, PhotometricInterpretation=None)),
        ("Photometric Interpretation (0028,0004) is missing; using MONOCHROME2.",),
    ),
    "no-bits-stored": (
        lambda: as_bytes(monochrome(PIXELS, BitsStored=None)),
        ("Bits Stored (0028,0101) is missing; using 16.",),
    ),
    "no-sign": (
        lambda: as_bytes(monochrome(PIXELS, PixelRepresentation=None)),
        ("Pixel Representation (0028,0103) is missing; using 0.",),
    ),
}


@pytest.mark.parametrize("name", DEVIATIONS)
def test_a_deviation_with_one_meaning_changes_no_value(name):
    make, notes = DEVIATIONS[name]
    frame = read_frame(make())
    assert (frame.stored_values == PIXELS).all()
    assert frame.notes == notes


def test_a_valid_file_has_no_note():
    assert read_frame(monochrome(PIXELS)).notes == ()


def test_an_odd_number_of_bytes_is_padded_by_one():
    odd = np.arange(9, dtype=np.uint8).reshape(3, 3)
    frame = read_frame(monochrome(odd))
    assert frame.stored_values.tolist() == odd.tolist()
    assert frame.notes == ()


def test_missing_planar_configuration_is_by_pixel():
    frame = read_frame(color(RGB, PlanarConfiguration=None))
    assert frame.stored_values.tolist() == RGB.tolist()
    assert frame.notes == ("Planar Configuration (0028,0006) is missing; using 0.",)


def test_a_retired_high_bit_is_shifted_down():
    dataset = monochrome(PIXELS << 4, BitsStored=12, HighBit=15)
    frame = read_frame(dataset)
    assert (frame.stored_values == PIXELS).all()
    (note,) = frame.notes
    assert note == (
        "High Bit (0028,0102) is 15 and Bits Stored (0028,0101) is 12, a retired usage; shifted "
        "the pixels down."
    )
