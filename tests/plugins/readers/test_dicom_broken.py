"""A broken file is an error: what was found, what was expected, what to do next."""

from __future__ import annotations

import contextlib
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    JPEGBaseline8Bit,
)
from support.dicom_files import as_bytes, changed, color, encapsulated, monochrome
from support.reading import (
    explicit_element,
    read_frames,
    recoded,
    with_bytes,
)

from dcmconv.plugin import (
    DcmconvError,
    InputError,
    InputFile,
    LimitError,
    SkipInput,
    UnsupportedError,
)
from dcmconv_builtins.readers.dicom import DicomReader

PIXELS = np.arange(64 * 64, dtype=np.uint16).reshape(64, 64)
BYTES = (PIXELS % 251).astype(np.uint8)
RGB = np.arange(4 * 5 * 3, dtype=np.uint8).reshape(4, 5, 3)


ROWS = explicit_element(0x28, 0x10, b"US", struct.pack("<H", 64))


def cut(count):
    return lambda: as_bytes(monochrome(PIXELS))[:-count]


def doubled_rows():
    return with_bytes(
        as_bytes(monochrome(PIXELS)), ROWS, ROWS + explicit_element(0x28, 0x10, b"US", b" \0")
    )


def nested(depth):
    start = struct.pack("<HH2sHI", 0x0008, 0x1140, b"SQ", 0, 0xFFFFFFFF)
    start += struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF)
    end = struct.pack("<HHI", 0xFFFE, 0xE00D, 0) + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
    return with_bytes(as_bytes(monochrome(PIXELS)), ROWS, start * depth + end * depth + ROWS)


BROKEN = {
    "one-byte-short": (
        cut(1),
        "truncated",
        r"has 8191 bytes; expected 8192 for 1 frame of 64x64 pixels",
    ),
    "half-the-pixels": (
        lambda: as_bytes(monochrome(PIXELS, PixelData=PIXELS.tobytes()[:4096])),
        "mismatch",
        r"has 4096 bytes",
    ),
    "cut-in-the-header": (
        lambda: as_bytes(monochrome(PIXELS))[:400],
        "truncated",
        r"ends in the middle of an element",
    ),
    "only-dicm": (lambda: bytes(128) + b"DICM", "truncated", r"ends before its dataset"),
    "no-pixels": (
        lambda: as_bytes(monochrome(PIXELS, PixelData=None)),
        "no-pixels",
        r"dataset of CT Image Storage holds no Pixel Data \(7FE0,0010\): it is a header only, or",
    ),
    "empty-pixels": (
        lambda: as_bytes(monochrome(PIXELS, PixelData=b"")),
        "no-pixels",
        r"Pixel Data \(7FE0,0010\) is empty",
    ),
    "cut-before-the-value-of-pixel-data": (
        cut(8192),
        "truncated",
        r"ends at the value of Pixel Data \(7FE0,0010\)",
    ),
    "ten-frames-promised": (
        lambda: as_bytes(monochrome(PIXELS, NumberOfFrames=10)),
        "mismatch",
        r"expected 81920 for 10 frames of 64x64 pixels",
    ),
    "a-billion-frames-promised": (
        lambda: as_bytes(monochrome(PIXELS, NumberOfFrames=1000000000)),
        "mismatch",
        r"1000000000 frames",
    ),
    "65535-squared": (
        lambda: as_bytes(monochrome(PIXELS, Rows=65535, Columns=65535)),
        "mismatch",
        r"expected 8589672450",
    ),
    "no-rows": (
        lambda: as_bytes(monochrome(PIXELS, Rows=None)),
        "damaged",
        r"Rows \(0028,0010\) is missing",
    ),
    "rows-0": (
        lambda: as_bytes(monochrome(PIXELS, Rows=0)),
        "damaged",
        r"Rows \(0028,0010\) is 0; expected 1 to 65535",
    ),
    "rows-twice": (doubled_rows, "damaged", r"\(0028,0010\), which describes the pixels"),
    "bits-stored-20-of-16": (
        lambda: as_bytes(monochrome(PIXELS, BitsStored=20)),
        "damaged",
        r"Bits Stored \(0028,0101\) is 20; expected 1 to 16",
    ),
    "bits-stored-0": (
        lambda: as_bytes(monochrome(PIXELS, BitsStored=0)),
        "damaged",
        r"Bits Stored \(0028,0101\) is 0",
    ),
    "color-without-meaning": (
        lambda: as_bytes(color(RGB, PhotometricInterpretation=None)),
        "damaged",
        r"Photometric Interpretation \(0028,0004\) is missing",
    ),
    "gray-of-three-samples": (
        lambda: as_bytes(color(RGB, PhotometricInterpretation="MONOCHROME2")),
        "damaged",
        r"is MONOCHROME2, but Samples per Pixel \(0028,0002\) is 3",
    ),
    "all-nan": (
        lambda: as_bytes(monochrome(np.full((2, 2), np.nan, np.float32))),
        "damaged",
        r"every pixel of the frame is NaN",
    ),
    "jpeg-labeled-native": (
        lambda: with_bytes(
            as_bytes(encapsulated(monochrome(BYTES), JPEGBaseline8Bit, [b"\xff\xd8" * 8])),
            b"1.2.840.10008.1.2.4.50",
            b"1.2.840.10008.1.2.1\0\0\0",
        ),
        "damaged",
        r"Explicit VR Little Endian .* but Pixel Data \(7FE0,0010\) is encapsulated",
    ),
    "nested-too-deep": (lambda: nested(5000), "damaged", r"nested more than 64 deep"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_an_error_with_a_next_step(name):
    make, reason, message = BROKEN[name]
    with pytest.raises(InputError, match=message) as raised:
        read_frames(make())
    assert raised.value.reason == reason
    assert raised.value.hint


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: as_bytes(monochrome(PIXELS, BitsAllocated=13)),
            r"is 13; expected 1, 8, 16, 32 or 64",
        ),
        (lambda: as_bytes(color(RGB, PhotometricInterpretation="HSV")), r"HSV, which is retired"),
        (
            lambda: with_bytes(
                as_bytes(monochrome(PIXELS)), b"1.2.840.10008.1.2.1\0", b"1.2.999.10008.1.2.1\0"
            ),
            r"'1\.2\.999\.10008\.1\.2\.1' is unknown",
        ),
    ],
)
def test_pixels_without_a_decoder_are_unsupported(make, message):
    with pytest.raises(UnsupportedError, match=message) as raised:
        read_frames(make())
    assert raised.value.hint


def test_a_value_length_of_4_gib_needs_no_memory():
    huge = struct.pack("<HH2sHI", 0x0021, 0x1001, b"OB", 0, 0xF0000000)
    content = with_bytes(as_bytes(monochrome(PIXELS)), ROWS, huge + ROWS)
    with pytest.raises(InputError, match="more than the rest of the file"):
        read_frames(content)


def test_a_deflated_bomb_stops_at_its_limit():
    content = recoded(monochrome(PIXELS), DeflatedExplicitVRLittleEndian)
    meta = content[: meta_end(content)]
    deflater = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    bomb = deflater.compress(bytes(3 << 20)) + deflater.flush()
    with pytest.raises(LimitError, match="larger than 1 MiB when inflated") as raised:
        DicomReader(inflate_limit=1).open(InputFile("bomb", content=meta + bomb))
    assert "inflate_limit" in raised.value.hint


def test_a_deflated_dataset_that_ends_early_is_truncated():
    content = recoded(monochrome(PIXELS), DeflatedExplicitVRLittleEndian)
    with pytest.raises(InputError, match="ends early") as raised:
        read_frames(content[:-200])
    assert raised.value.reason == "truncated"


def meta_end(content):
    length = struct.unpack_from("<I", content, 140)[0]
    return 144 + length


@given(cut_at=st.integers(140, len(as_bytes(monochrome(PIXELS))) - 1))
def test_no_truncated_file_gives_a_picture(cut_at):
    with pytest.raises((InputError, SkipInput)):
        read_frames(as_bytes(monochrome(PIXELS))[:cut_at])


@given(position=st.integers(132, 700), value=st.integers(0, 255))
def test_a_wrong_byte_in_the_header_is_never_a_traceback(position, value):
    content = bytearray(as_bytes(changed(monochrome(PIXELS), WindowCenter="40", WindowWidth="400")))
    content[min(position, len(content) - 1)] = value
    with contextlib.suppress(DcmconvError):
        for frame in read_frames(bytes(content)):
            assert len(dict(frame.attributes)) > 5


def test_an_unreadable_file_is_closed(tmp_path):
    path = tmp_path / "cut"
    path.write_bytes(as_bytes(monochrome(np.zeros((5, 1024, 1024), np.uint16)))[:-1])
    opened = []

    class Watched(InputFile):
        def open(self):
            opened.append(super().open())
            return opened[-1]

    with pytest.raises(InputError, match="bytes"):
        DicomReader().open(Watched("cut", path))
    assert [stream.closed for stream in opened] == [True]


def test_an_element_with_a_broken_length_is_not_an_attribute():
    content = with_bytes(
        as_bytes(monochrome(PIXELS)), ROWS, explicit_element(0x28, 0x10, b"US", b"@\0\0")
    )
    instance = DicomReader().open(InputFile("odd", content=content))
    assert "Rows" not in dict(instance.attributes)
    assert instance.attributes["Columns"] == 64


def test_a_dataset_behind_damaged_meta_information_is_found_by_its_length():
    uid = b"\x02\0\x10\0UI\x14\0"
    content = with_bytes(as_bytes(monochrome(PIXELS)), uid, uid[:4] + b"U\0\xff\xff")
    [frame] = read_frames(content)
    assert (frame.stored_values == PIXELS).all()
    assert frame.notes[0] == (
        "File Meta Information is damaged; the dataset was found by the group's length."
    )
