"""Headers that pydicom cannot read: one reading is a picture with a note, two are a failure."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hostile.base import BYTES, RAMP, ROWS, coded, ramp
from hostile.recipes_container import big_endian, dataset_of, deflated_as
from support.dicom_files import as_bytes, item, monochrome
from support.reading import explicit_element, open_content, read_frames, recoded, with_bytes

from dcmconv.plugin import InputError

EXPLICIT, IMPLICIT, BIG = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.2"
UNDEFINED = 0xFFFFFFFF
ITEM, ITEM_END, SEQUENCE_END = 0xE000, 0xE00D, 0xE0DD


def bits(order: str, form: str, *numbers: int) -> bytes:
    return struct.pack(order + form, *numbers)


def rows(syntax: str) -> bytes:
    """Return the element Rows in an encoding: the elements under test are put before it."""
    order = ">" if syntax == BIG else "<"
    middle = bits(order, "I", 2) if syntax == IMPLICIT else b"US" + bits(order, "H", 2)
    return bits(order, "HH", 0x28, 0x10) + middle + bits(order, "H", 64)


def file_with(extra: bytes, syntax: str = EXPLICIT, *, frames: int = 1) -> bytes:
    """Return the valid file in an encoding, with extra bytes before Rows."""
    values = np.broadcast_to(RAMP, (frames, *RAMP.shape)).astype(">u2" if syntax == BIG else "<u2")
    more = {"NumberOfFrames": frames} if frames > 1 else {}
    made = ramp(PixelData=values.tobytes(), **more)
    return with_bytes(recoded(made, syntax), rows(syntax), extra + rows(syntax))


def mark(order: str, number: int, length: int = 0) -> bytes:
    """Return an item or a delimiter."""
    return bits(order, "HHI", 0xFFFE, number, length)


def reference(syntax: str) -> bytes:
    order = ">" if syntax == BIG else "<"
    middle = bits(order, "I", 4) if syntax == IMPLICIT else b"UI" + bits(order, "H", 4)
    return bits(order, "HH", 8, 0x1155) + middle + b"1.2\0"


def sequence(syntax: str, body: bytes, length: int = UNDEFINED, vr: bytes = b"SQ") -> bytes:
    order = ">" if syntax == BIG else "<"
    middle = b"" if syntax == IMPLICIT else vr + b"\0\0"
    return bits(order, "HH", 8, 0x1140) + middle + bits(order, "I", length) + body


def check(content: bytes, *notes: str) -> None:
    """Check that every frame is the ramp, and that there are exactly these notes."""
    for frame in read_frames(content):
        assert np.array_equal(frame.stored_values, RAMP)
        assert frame.notes == notes


def failure(content: bytes) -> InputError:
    with pytest.raises(InputError) as caught:
        open_content(content)
    assert "Copy the file again" not in caught.value.hint
    assert caught.value.reason != "truncated"
    return caught.value


@pytest.mark.parametrize("frames", [1, 3])
@pytest.mark.parametrize("syntax", [EXPLICIT, BIG])
@pytest.mark.parametrize("vr", [b"ZZ", b"??", b"  ", b"\0\0", b"lo", b"Q1"])
@pytest.mark.parametrize("bits_of_length", [16, 32])
def test_an_unknown_vr_is_read_with_either_length(vr, bits_of_length, syntax, frames):
    order = ">" if syntax == BIG else "<"
    length = bits(order, "H", 4) if bits_of_length == 16 else bits(order, "HI", 0, 4)
    element = bits(order, "HH", 0x21, 0x1001) + vr + length + b"abcd"
    note = (
        f"the element (0021,1001) has an unknown VR; its length was read as {bits_of_length} bits."
    )
    check(file_with(element, syntax, frames=frames), note)


@pytest.mark.parametrize("vr", [b"ZZ", b"??"])
def test_an_unknown_vr_before_encapsulated_pixels(vr):
    content = as_bytes(coded("rle", BYTES))
    element = struct.pack("<HH2sHI", 0x21, 0x1001, vr, 0, 4) + b"abcd"
    [frame] = read_frames(with_bytes(content, ROWS, element + ROWS))
    assert np.array_equal(frame.stored_values, BYTES)
    assert len(frame.notes) == 1


def test_many_unknown_vrs_are_one_note():
    elements = b"".join(
        struct.pack("<HH2sHI", 0x21, number, b"ZZ", 0, 4) + b"abcd"
        for number in range(0x1001, 0x1041)
    )
    note = (
        "the element (0021,1001) (and 63 more) has an unknown VR; its length was read as 32 bits."
    )
    check(file_with(elements), note)


def test_a_value_behind_an_unknown_vr_is_not_lost():
    element = struct.pack("<HH2sHI", 0x28, 0x0030, b"ZZ", 0, 4) + b"1\\2 "
    [frame] = read_frames(with_bytes(as_bytes(ramp()), b"(\0\0\1US", element + b"(\0\0\1US"))
    assert frame.spacing[:2] == (1, 2)


def test_an_unknown_vr_with_two_readings_is_refused():
    # Without a VR, the length is 0x5A5A, "ZZ": there the next but one element ends.
    element = struct.pack("<HH2sHI", 0x21, 0x1001, b"ZZ", 0, 4) + b"abcd"
    length = 8 + 0x5A5A - len(element) - 12
    following = struct.pack("<HH2sHI", 0x21, 0x1003, b"OB", 0, length) + bytes(length)
    message = failure(file_with(element + following)).message
    assert message == (
        "the element (0021,1001) can be read in two ways, with a length of 32 bits or without a VR."
    )


@pytest.mark.parametrize(
    "inner", [IMPLICIT, EXPLICIT, BIG], ids=["implicit", "explicit", "big-endian"]
)
@pytest.mark.parametrize("frames", [1, 3])
def test_un_of_undefined_length_in_big_endian(inner, frames):
    order = ">" if inner == BIG else "<"
    body = mark(order, ITEM, UNDEFINED) + reference(inner) + mark(order, ITEM_END)
    extra = sequence(BIG, body + mark(order, SEQUENCE_END), vr=b"UN")
    [*read] = read_frames(file_with(extra, BIG, frames=frames))
    assert len(read) == frames
    for frame in read:
        assert np.array_equal(frame.stored_values, RAMP)
        if inner != BIG:
            assert "(0008,1140) has an undefined length; its items were read as" in frame.notes[0]


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, BIG])
def test_an_item_closed_by_the_delimiter_of_the_sequence(syntax):
    order = ">" if syntax == BIG else "<"
    body = mark(order, ITEM, UNDEFINED) + reference(syntax) + mark(order, SEQUENCE_END)
    check(
        file_with(sequence(syntax, body), syntax),
        "the element (0008,1140) has an item that only the delimiter of the sequence ends.",
    )


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, BIG])
@pytest.mark.parametrize("length", [UNDEFINED, len(reference(EXPLICIT))])
def test_a_sequence_without_a_delimiter(syntax, length):
    order = ">" if syntax == BIG else "<"
    end = mark(order, ITEM_END) if length == UNDEFINED else b""
    body = mark(order, ITEM, length) + reference(syntax) + end
    note = "the element (0008,1140) is a sequence without a delimiter; it ends after its last item."
    check(file_with(sequence(syntax, body), syntax), note)


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, BIG])
def test_an_item_that_is_never_closed_ends_before_the_pixels(syntax):
    order = ">" if syntax == BIG else "<"
    pixels = bits(order, "HH", 0x7FE0, 0x10)
    body = mark(order, ITEM, UNDEFINED) + reference(syntax)
    content = with_bytes(file_with(b"", syntax), pixels, sequence(syntax, body) + pixels)
    assert all(np.array_equal(frame.stored_values, RAMP) for frame in read_frames(content))


def test_a_sequence_whose_end_is_unknown_is_refused():
    extra = sequence(EXPLICIT, mark("<", ITEM, UNDEFINED) + reference(EXPLICIT))
    assert "(0008,1140) is never closed" in failure(file_with(extra)).message


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, BIG])
@pytest.mark.parametrize("filler", [b"", bytes(4)], ids=["no-bytes", "four-bytes"])
def test_a_delimiter_of_length_4(syntax, filler):
    order = ">" if syntax == BIG else "<"
    body = mark(order, ITEM, UNDEFINED) + reference(syntax) + mark(order, ITEM_END)
    extra = sequence(syntax, body + mark(order, SEQUENCE_END, 4) + filler)
    [frame] = read_frames(file_with(extra, syntax))
    assert np.array_equal(frame.stored_values, RAMP)
    # pydicom reads it if no bytes follow, and says nothing.
    if filler:
        assert frame.notes == ("the element (0008,1140) has a delimiter of a length other than 0.",)


def test_a_delimiter_that_closes_nothing_is_ignored():
    check(
        file_with(mark("<", ITEM_END)),
        "the element (0028,0004) is followed by a delimiter that closes nothing; "
        "ignored the delimiter.",
    )


def test_a_sequence_longer_than_its_items_is_read_by_its_items():
    body = mark("<", ITEM, len(reference(EXPLICIT))) + reference(EXPLICIT)
    extra = sequence(EXPLICIT, body, len(body) + 2)
    [frame] = read_frames(file_with(extra))
    assert np.array_equal(frame.stored_values, RAMP)
    assert "(0008,1140) is a sequence of a wrong length" in frame.notes[0]


def test_an_odd_length_whose_padding_is_not_counted():
    element = explicit_element(0x21, 0x1001, b"LO", b"abc") + b" "
    check(
        file_with(element),
        "the element (0021,1001) has an odd length, without the byte of padding after it.",
    )


def test_a_length_beyond_the_file_is_not_called_truncated_before_whole_pixels():
    element = struct.pack("<HH2sHI", 0x21, 0x1001, b"OB", 0, 0xF0000000)
    assert failure(file_with(element)).message == (
        "the length of the element (0021,1001) is more than the rest of the file, but "
        "Pixel Data (7FE0,0010) follows it."
    )


def test_a_file_cut_in_its_header_is_called_truncated():
    element = explicit_element(0x21, 0x1001, b"LT", bytes(2000))
    content = file_with(element)
    with pytest.raises(InputError) as caught:
        open_content(content[: content.index(element) + 500])
    assert caught.value.reason == "truncated"
    assert "Copy the file again" in caught.value.hint


@pytest.mark.parametrize("depth", [65, 500, 5000])
def test_a_deeply_nested_sequence_is_called_so(depth):
    body = b""
    for _ in range(depth):
        body += sequence(EXPLICIT, mark("<", ITEM, UNDEFINED))
    body += (mark("<", ITEM_END) + mark("<", SEQUENCE_END)) * depth
    content = file_with(body + struct.pack("<HH2sHI", 0x21, 0x1001, b"ZZ", 0, 4) + b"abcd")
    assert "nested more than 64 deep" in failure(content).message


@pytest.mark.parametrize("vr", [b"SV", b"UC", b"UR", b"UV", b"UT", b"ZZ", b"??"])
def test_pixel_data_of_another_vr_keeps_its_length(vr):
    content = with_bytes(as_bytes(ramp()), b"\xe0\x7f\x10\0OW", b"\xe0\x7f\x10\0" + vr)
    [frame] = read_frames(content)
    assert np.array_equal(frame.stored_values, RAMP)
    assert "Pixel Data (7FE0,0010)" in " ".join(frame.notes) or "(7FE0,0010)" in frame.notes[0]


def test_items_with_an_element_of_no_vr_have_a_note():
    values = item(PixelValueTransformationSequence=[item(RescaleSlope="2", RescaleIntercept="0")])
    content = as_bytes(monochrome(RAMP, SharedFunctionalGroupsSequence=[values]))
    slope = explicit_element(0x28, 0x1053, b"DS", b"2 ")
    [frame] = read_frames(with_bytes(content, slope, bytes(8) + slope[8:]))
    assert any("(5200,9229)" in note or "(0028,9145)" in note for note in frame.notes)


def test_a_deflated_dataset_that_is_not_deflated():
    valid = as_bytes(ramp())
    content = deflated_as(b"")
    content = content[: 144 + struct.unpack_from("<I", content, 140)[0]] + dataset_of(valid)
    note = "Transfer Syntax UID (0002,0010) says that the dataset is deflated; it is not."
    check(content, note)


def test_the_big_endian_file_itself_has_no_note():
    check(big_endian())
