"""The reader on files that are right, nearly right, and broken beyond a right picture."""

from __future__ import annotations

import contextlib
import io
import struct
import zlib

import numpy as np
import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGBaseline8Bit,
    RLELossless,
)
from support.dicom_files import as_bytes, changed, color, compressed, encapsulated, monochrome
from support.reading import open_content, read_frame, read_frames

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


def recoded(dataset, transfer_syntax, *, with_meta=True):
    """Return the file in another uncompressed syntax, or its bare dataset."""
    stream = io.BytesIO()
    dataset.file_meta.TransferSyntaxUID = transfer_syntax
    if with_meta:
        pydicom.dcmwrite(stream, dataset, enforce_file_format=True)
        return stream.getvalue()
    implicit = transfer_syntax == ImplicitVRLittleEndian
    little_endian = transfer_syntax != ExplicitVRBigEndian
    del dataset.file_meta
    del dataset.preamble
    pydicom.dcmwrite(stream, dataset, implicit_vr=implicit, little_endian=little_endian)
    return stream.getvalue()


def with_bytes(content, old, new):
    assert old in content
    return content.replace(old, new)


def explicit_element(group, number, vr, value):
    return struct.pack("<HH2sH", group, number, vr, len(value)) + value


ROWS = explicit_element(0x28, 0x10, b"US", struct.pack("<H", 64))


# What DICOM looks like


def test_dicm_after_the_preamble_is_certain():
    assert DicomReader.sniff(as_bytes(monochrome(PIXELS))[:512], "x.txt") == 100


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian])
def test_a_bare_dataset_is_likely(syntax):
    assert DicomReader.sniff(recoded(monochrome(PIXELS), syntax, with_meta=False)[:512], "") == 50


@pytest.mark.parametrize("head", [b"", b"text", bytes(200), b"\xff\xd8\xff\xe0" + bytes(600)])
def test_other_formats_are_unknown(head):
    assert DicomReader.sniff(head, "picture.dcm") == 0


# Right files


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


def test_frames_come_one_by_one_and_in_any_order():
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


def test_ybr_becomes_rgb():
    gray = np.full((2, 2, 3), 128, np.uint8)
    frame = read_frame(color(gray, PhotometricInterpretation="YBR_FULL"))
    assert frame.photometric_interpretation == "RGB"
    assert frame.stored_values.tolist() == gray.tolist()


def test_an_icc_profile_comes_along_with_color():
    assert read_frame(color(RGB, ICCProfile=b"profile!")).icc_profile == b"profile!"


def test_a_label_map_says_so():
    dataset = monochrome(BYTES, SOPClassUID="1.2.840.10008.5.1.4.1.1.66.7")
    assert read_frame(dataset).is_label


def test_monochrome1_keeps_its_values_and_says_so():
    frame = read_frame(monochrome(PIXELS, PhotometricInterpretation="MONOCHROME1"))
    assert frame.is_inverted
    assert (frame.stored_values == PIXELS).all()


def test_a_large_file_is_read_from_disk_and_its_memory_is_not(tmp_path):
    cube = np.zeros((5, 1024, 1024), np.uint16)
    cube[3] = 7
    path = tmp_path / "large"
    path.write_bytes(as_bytes(monochrome(cube)))
    instance = DicomReader().open(InputFile("large", path))
    assert (instance.read_frame(3).stored_values == 7).all()
    assert (instance.read_frame(4).stored_values == 0).all()
    instance.close()


# Files that are wrong and leave one meaning: read, with a note


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
    "explicit-labelled-implicit": explicit_labelled_implicit,
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
    "two-frames-and-no-number": lambda: as_bytes(
        monochrome(PIXELS, PixelData=PIXELS.tobytes() * 2)
    ),
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


# Files that cannot be right: an error that says where, what, and what next


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
    "one-byte-short": (cut(1), "truncated", r"has 8191 bytes; 1 frame of 64x64 pixels need 8192"),
    "half-the-pixels": (
        lambda: as_bytes(monochrome(PIXELS, PixelData=PIXELS.tobytes()[:4096])),
        "truncated",
        r"has 4096 bytes",
    ),
    "cut-in-the-header": (
        lambda: as_bytes(monochrome(PIXELS))[:400],
        "truncated",
        r"ends in the middle of an element|ends before Pixel Data",
    ),
    "only-dicm": (lambda: bytes(128) + b"DICM", "truncated", r"ends before its dataset"),
    "no-pixels": (
        lambda: as_bytes(monochrome(PIXELS, PixelData=None)),
        "truncated",
        r"ends before Pixel Data \(7FE0,0010\), which CT Image Storage should hold",
    ),
    "empty-pixels": (
        lambda: as_bytes(monochrome(PIXELS, PixelData=b"")),
        "truncated",
        r"PixelData is empty",
    ),
    "ten-frames-promised": (
        lambda: as_bytes(monochrome(PIXELS, NumberOfFrames=10)),
        "truncated",
        r"10 frames of 64x64 pixels need 81920",
    ),
    "a-billion-frames-promised": (
        lambda: as_bytes(monochrome(PIXELS, NumberOfFrames=1000000000)),
        "truncated",
        r"1000000000 frames",
    ),
    "65535-squared": (
        lambda: as_bytes(monochrome(PIXELS, Rows=65535, Columns=65535)),
        "truncated",
        r"need 8589672450",
    ),
    "no-rows": (
        lambda: as_bytes(monochrome(PIXELS, Rows=None)),
        "damaged",
        r"Rows \(0028,0010\) is missing",
    ),
    "rows-0": (
        lambda: as_bytes(monochrome(PIXELS, Rows=0)),
        "damaged",
        r"Rows \(0028,0010\) is 0; 1 to 65535 was needed",
    ),
    "rows-twice": (doubled_rows, "damaged", r"\(0028,0010\), which describes the pixels"),
    "bits-stored-20-of-16": (
        lambda: as_bytes(monochrome(PIXELS, BitsStored=20)),
        "damaged",
        r"Bits Stored \(0028,0101\) is 20; 1 to 16 was needed",
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
        r"is MONOCHROME2 and Samples per Pixel \(0028,0002\) is 3",
    ),
    "all-nan": (
        lambda: as_bytes(monochrome(np.full((2, 2), np.nan, np.float32))),
        "damaged",
        r"every pixel of the frame is NaN",
    ),
    "jpeg-labelled-native": (
        lambda: with_bytes(
            as_bytes(encapsulated(monochrome(BYTES), JPEGBaseline8Bit, [b"\xff\xd8" * 8])),
            b"1.2.840.10008.1.2.4.50",
            b"1.2.840.10008.1.2.1\0\0\0",
        ),
        "damaged",
        r"Explicit VR Little Endian .* and Pixel Data \(7FE0,0010\) is encapsulated",
    ),
    "nested-too-deep": (lambda: nested(5000), "damaged", r"nested too deep"),
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
        (lambda: as_bytes(monochrome(PIXELS, BitsAllocated=13)), r"is 13; 1, 8, 16, 32 or 64"),
        (lambda: as_bytes(color(RGB, PhotometricInterpretation="HSV")), r"HSV, which is retired"),
        (
            lambda: with_bytes(
                as_bytes(monochrome(PIXELS)), b"1.2.840.10008.1.2.1\0", b"1.2.999.10008.1.2.1\0"
            ),
            r"'1\.2\.999\.10008\.1\.2\.1' is unknown",
        ),
    ],
)
def test_what_nobody_decodes_is_unsupported(make, message):
    with pytest.raises(UnsupportedError, match=message) as raised:
        read_frames(make())
    assert raised.value.hint


def test_a_value_length_of_4_gib_takes_no_memory():
    huge = struct.pack("<HH2sHI", 0x0021, 0x1001, b"OB", 0, 0xF0000000)
    content = with_bytes(as_bytes(monochrome(PIXELS)), ROWS, huge + ROWS)
    with pytest.raises(InputError, match="middle of an element"):
        read_frames(content)


def test_a_deflated_bomb_stops_at_its_limit():
    content = recoded(monochrome(PIXELS), DeflatedExplicitVRLittleEndian)
    meta = content[: meta_end(content)]
    deflater = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    bomb = deflater.compress(bytes(3 << 20)) + deflater.flush()
    with pytest.raises(LimitError, match="larger than 1 MiB when inflated") as raised:
        DicomReader(inflate_limit=1).open(InputFile("bomb", content=meta + bomb))
    assert "inflate_limit" in raised.value.hint


def test_a_deflated_dataset_that_ends_too_soon_is_truncated():
    content = recoded(monochrome(PIXELS), DeflatedExplicitVRLittleEndian)
    with pytest.raises(InputError, match="ends too soon") as raised:
        read_frames(content[:-200])
    assert raised.value.reason == "truncated"


def meta_end(content):
    length = struct.unpack_from("<I", content, 140)[0]
    return 144 + length


@given(cut_at=st.integers(140, len(as_bytes(monochrome(PIXELS))) - 1))
def test_no_cut_anywhere_makes_a_picture(cut_at):
    with pytest.raises((InputError, SkipInput)):
        read_frames(as_bytes(monochrome(PIXELS))[:cut_at])


@given(position=st.integers(132, 700), value=st.integers(0, 255))
def test_a_wrong_byte_in_the_header_is_never_a_traceback(position, value):
    content = bytearray(as_bytes(changed(monochrome(PIXELS), WindowCenter="40", WindowWidth="400")))
    content[min(position, len(content) - 1)] = value
    with contextlib.suppress(DcmconvError):
        for frame in read_frames(bytes(content)):
            assert len(dict(frame.attributes)) > 5


def test_the_file_is_closed_when_it_cannot_be_read(tmp_path):
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
