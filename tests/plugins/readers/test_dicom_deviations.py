"""Files that are wrong and leave one meaning are read, with a note."""

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


def explicit_labelled_implicit():
    return with_bytes(
        as_bytes(monochrome(PIXELS)), b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2\0\0\0"
    )


def native_labelled_jpeg():
    dataset = monochrome(PIXELS)
    content = as_bytes(dataset)
    return with_bytes(content, b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.5\0")


def no_transfer_syntax():
    return with_bytes(as_bytes(monochrome(PIXELS)), b"\x02\0\x10\0UI", b"\x02\0\x11\0UI")


def frames_as_text():
    content = as_bytes(monochrome(PIXELS, NumberOfFrames="12345678"))
    return with_bytes(content, b"12345678", b"one     ")


NEARLY_RIGHT = {
    "rows-as-ul": rows_as_ul,
    "rows-twice-in-one-element": rows_twice_in_one_element,
    "unknown-vr": rows_after_an_unknown_private_element,
    "pixels-longer-than-the-file": pixels_longer_than_the_file,
    "explicit-labeled-implicit": explicit_labelled_implicit,
    "native-labelled-rle": native_labelled_jpeg,
    "no-transfer-syntax": no_transfer_syntax,
    "frames-as-text": frames_as_text,
    "no-frames": lambda: as_bytes(monochrome(PIXELS, NumberOfFrames=0)),
    "high-bit-of-200": lambda: as_bytes(monochrome(PIXELS, HighBit=200)),
    "no-photometric-interpretation": lambda: as_bytes(
        monochrome(PIXELS, PhotometricInterpretation=None)
    ),
    "no-bits-stored": lambda: as_bytes(monochrome(PIXELS, BitsStored=None)),
    "no-sign": lambda: as_bytes(monochrome(PIXELS, PixelRepresentation=None)),
    "zeros-behind": lambda: as_bytes(monochrome(PIXELS)) + bytes(4096),
}


@pytest.mark.parametrize("name", NEARLY_RIGHT)
def test_a_deviation_with_one_meaning_changes_no_value(name):
    assert (read_frame(NEARLY_RIGHT[name]()).stored_values == PIXELS).all()


@pytest.mark.parametrize(
    "name",
    sorted(
        set(NEARLY_RIGHT)
        - {"rows-as-ul", "unknown-vr", "zeros-behind", "rows-twice-in-one-element"}
    ),
)
def test_a_deviation_is_noted(name):
    assert read_frame(NEARLY_RIGHT[name]()).notes


def test_a_right_file_has_no_note():
    assert read_frame(monochrome(PIXELS)).notes == ()


def test_an_odd_number_of_bytes_is_padded_by_one():
    odd = np.arange(9, dtype=np.uint8).reshape(3, 3)
    frame = read_frame(monochrome(odd))
    assert frame.stored_values.tolist() == odd.tolist()
    assert frame.notes == ()


def test_missing_planar_configuration_is_by_pixel():
    frame = read_frame(color(RGB, PlanarConfiguration=None))
    assert frame.stored_values.tolist() == RGB.tolist()
    assert any("Planar Configuration" in note for note in frame.notes)


def test_a_retired_high_bit_is_shifted_down():
    dataset = monochrome(PIXELS << 4, BitsStored=12, HighBit=15)
    frame = read_frame(dataset)
    assert (frame.stored_values == PIXELS).all()
    assert any("shifted down" in note for note in frame.notes)
