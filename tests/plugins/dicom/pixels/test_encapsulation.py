"""Fragments are assigned to frames, with a valid offset table, a wrong one, or none."""

from __future__ import annotations

import io
import struct

import pytest

from dcmconv.plugin import InputError
from dcmconv_builtins.dicom.pixels.encapsulation import Encapsulated, ExtendedOffsets

DELIMITER = b"\xfe\xff\xdd\xe0\0\0\0\0"
FIRST, SECOND, THIRD = (b"\xff\xd8\xff" + bytes([n]) * 7 + b"\xff\xd9" for n in (1, 2, 3))


def item(value: bytes) -> bytes:
    return b"\xfe\xff\x00\xe0" + struct.pack("<I", len(value)) + value


def element(*fragments: bytes, offsets: tuple[int, ...] = (), end: bytes = DELIMITER) -> bytes:
    table = struct.pack(f"<{len(offsets)}I", *offsets)
    return b"".join([item(table), *(item(fragment) for fragment in fragments), end])


def streams(content: bytes, frame_count: int, **options) -> list[bytes]:
    frames = Encapsulated(content, frame_count=frame_count, **options)
    return [frames.stream(frame_index) for frame_index in range(frame_count)]


def test_one_fragment_a_frame_needs_no_table():
    assert streams(element(FIRST, SECOND, THIRD), 3) == [FIRST, SECOND, THIRD]


def test_frames_can_be_read_in_any_order():
    frames = Encapsulated(element(FIRST, SECOND, THIRD), frame_count=3)
    assert [frames.stream(index) for index in (2, 0, 1)] == [THIRD, FIRST, SECOND]


def test_a_single_frame_has_all_fragments():
    assert streams(element(FIRST[:5], FIRST[5:8], FIRST[8:]), 1) == [FIRST]


def test_fragments_of_no_known_codec_make_one_frame():
    assert streams(element(b"\1\2", b"\3\4"), 1) == [b"\1\2\3\4"]


def test_a_valid_basic_offset_table_is_used():
    content = element(FIRST[:6], FIRST[6:], SECOND, offsets=(0, 8 + 6 + 8 + 6))
    frames = Encapsulated(content, frame_count=2)
    assert [frames.stream(0), frames.stream(1)] == [FIRST, SECOND]
    assert frames.notes == []


@pytest.mark.parametrize(
    "offsets",
    [
        pytest.param((0, 0xFFFFFFF0), id="beyond-the-data"),
        pytest.param((0, 10), id="not-at-an-item"),
        pytest.param((28, 0), id="falling"),
        pytest.param((0,), id="too-few"),
        pytest.param((4, 28), id="not-at-the-first-item"),
    ],
)
def test_a_wrong_basic_offset_table_is_ignored_with_a_note(offsets):
    content = element(FIRST[:6], FIRST[6:], SECOND, offsets=offsets)
    frames = Encapsulated(content, frame_count=2)
    assert [frames.stream(0), frames.stream(1)] == [FIRST, SECOND]
    assert frames.notes == ["the Basic Offset Table is wrong; found the frames by their markers"]


def test_frames_of_several_fragments_are_found_by_their_start_markers():
    content = element(FIRST[:4], FIRST[4:], SECOND, THIRD[:6], THIRD[6:])
    assert streams(content, 3) == [FIRST, SECOND, THIRD]


def test_frames_without_start_markers_are_found_by_their_ends():
    first, second = b"\1\2\3\4\xff\xd9", b"\5\6\7\x08\xff\xd9"
    assert streams(element(first[:2], first[2:], second[:2], second[2:]), 2) == [first, second]


def test_the_start_of_another_codec_does_not_split_a_frame():
    jpeg_2000 = b"\xff\x4f\xff\x51" + bytes(4) + b"\xff\x0a" + bytes(4) + b"\xff\xd9"
    content = element(jpeg_2000[:8], jpeg_2000[8:], jpeg_2000)
    assert streams(content, 2) == [jpeg_2000, jpeg_2000]


def test_padding_fragments_stay_with_the_last_frame():
    (stream,) = streams(element(FIRST, b"\0" * 10, b"\xff" * 6), 1)
    assert stream == FIRST + b"\0" * 10 + b"\xff" * 6


def test_an_extended_offset_table_gives_the_true_lengths():
    odd = FIRST[:-1]  # an odd length, padded in its item
    step = 8 + len(FIRST)
    extended = ExtendedOffsets(struct.pack("<2Q", 0, step), struct.pack("<2Q", len(odd), 12))
    frames = Encapsulated(element(odd + b"\0", SECOND), frame_count=2, extended=extended)
    assert [frames.stream(0), frames.stream(1)] == [odd, SECOND]
    assert frames.notes == []


def test_a_wrong_extended_offset_table_is_ignored_with_a_note():
    extended = ExtendedOffsets(struct.pack("<2Q", 0, 1 << 40), struct.pack("<2Q", 12, 12))
    frames = Encapsulated(element(FIRST, SECOND), frame_count=2, extended=extended)
    assert [frames.stream(0), frames.stream(1)] == [FIRST, SECOND]
    assert frames.notes == ["the Extended Offset Table is wrong; found the frames by their markers"]


def test_frames_beyond_number_of_frames_are_noted():
    frames = Encapsulated(element(FIRST, SECOND, THIRD), frame_count=1)
    assert frames.stream(0) == FIRST
    assert frames.notes == [
        "Number of Frames (0028,0008) is 1, but Pixel Data (7FE0,0010) holds 3; ignored the rest"
    ]


def test_a_missing_delimiter_is_noted():
    frames = Encapsulated(element(FIRST, SECOND, end=b""), frame_count=2)
    assert [frames.stream(0), frames.stream(1)] == [FIRST, SECOND]
    assert frames.notes == ["Pixel Data (7FE0,0010) has no Sequence Delimitation Item"]


def test_a_delimiter_within_a_fragment_is_data():
    stream = FIRST[:4] + DELIMITER + FIRST[4:]
    assert streams(element(stream, SECOND), 2) == [stream, SECOND]


def test_only_the_cut_frame_is_truncated():
    content = element(FIRST, SECOND, end=b"")[:-3]
    frames = Encapsulated(content, frame_count=2)
    assert frames.stream(0) == FIRST
    with pytest.raises(InputError, match="9 bytes of 12 are there") as caught:
        frames.stream(1)
    assert caught.value.reason == "truncated"
    assert "Copy the file again" in caught.value.hint


@pytest.mark.parametrize(
    ("content", "frame_count", "message"),
    [
        (element(FIRST), 2, "holds 1 fragments; Number of Frames .* is 2"),
        (element(), 1, "holds no fragment"),
        (b"", 1, "starts with nothing"),
        (item(b"")[:6], 1, "ends within the first item header"),
        (b"\1\2\3\4\5\6\7\x08", 1, "starts with 01 02 03 04; expected fe ff 00 e0, the item tag"),
        (element(b"\1\2", b"\3\4", b"\5\6"), 2, "cannot be assigned to 2 frames"),
        (item(b"") + b"\xfe\xff\x00\xe0\xff\xff\xff\xff", 1, "has no length"),
    ],
)
def test_invalid_fragments_are_rejected(content, frame_count, message):
    with pytest.raises(InputError, match=message) as caught:
        Encapsulated(content, frame_count=frame_count)
    assert caught.value.hint


def test_fragments_are_read_on_demand():
    class Counting(io.BytesIO):
        total = 0

        def read(self, size: int | None = -1, /) -> bytes:
            content = super().read(size)
            self.total += len(content)
            return content

    frame = b"\xff\xd8\xff" + bytes(99_995) + b"\xff\xd9"
    source = Counting(b"header" + element(*[frame] * 20))
    frames = Encapsulated(source, 6, frame_count=20)
    assert source.total < 1000
    frames.stream(7)
    assert source.total < 101_000


def test_video_reads_all_fragments_as_one_file():
    pieces = [bytes([number]) * (number + 1) * 2 for number in range(5)]
    reader = Encapsulated(element(*pieces)).open_stream()
    whole = b"".join(pieces)
    assert reader.read() == whole
    assert reader.seek(7) == 7
    assert reader.read(9) == whole[7:16]
    assert reader.seek(-3, io.SEEK_END) == len(whole) - 3
    assert reader.read() == whole[-3:]
