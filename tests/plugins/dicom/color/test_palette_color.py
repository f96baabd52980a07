"""Palettes: plain and segmented, 8 and 16 bits, signed and broken (PS3.3 C.7.9)."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom.uid import ExplicitVRBigEndian
from support.covers import covers
from support.dicom_files import as_bytes, palette_color
from support.reading import read_frame, recoded

from dcmconv.plugin import InputError
from dcmconv_builtins.dicom.color.palette_color import expand_segments, with_byte_offsets

TABLE = np.array([[0, 1, 2], [256, 257, 258], [65535, 65534, 65533]], np.uint16)
INDICES = np.array([[0, 1], [2, 1]], np.uint8)
COLORS = ("Red", "Green", "Blue")


def test_a_frame_keeps_its_indices_and_palette():
    frame = read_frame(palette_color(INDICES, TABLE))
    assert frame.stored_values.tolist() == INDICES.tolist()
    assert frame.photometric_interpretation == "PALETTE COLOR"
    assert frame.palette is not None
    assert frame.palette.table.tolist() == TABLE.tolist()
    assert frame.palette.first == 0
    assert frame.is_color


def test_a_descriptor_of_0_means_65536_entries():
    table = np.repeat(np.arange(65536, dtype=np.uint16)[:, None], 3, axis=1)
    frame = read_frame(palette_color(INDICES.astype(np.uint16), table))
    assert len(frame.palette.table) == 65536


@covers("PS3.3 C.7.6.3.1.5 First value mapped of a palette")
def test_the_first_palette_value_of_signed_pixels_is_signed():
    dataset = palette_color(INDICES.astype(np.int16), TABLE, first=0)
    for color in COLORS:
        descriptor = [3, 65535, 16]
        dataset.add_new(f"{color}PaletteColorLookupTableDescriptor", "US", descriptor)
    assert read_frame(dataset).palette.first == -1


@pytest.mark.parametrize("entries_are_words", [True, False])
@covers("PS3.3 C.7.6.3.1.5 8-bit palette entries, as bytes or words")
def test_8_bit_entries_are_bytes_or_words(entries_are_words):
    dataset = palette_color(INDICES, TABLE)
    dtype = np.uint16 if entries_are_words else np.uint8
    for color in COLORS:
        setattr(dataset, f"{color}PaletteColorLookupTableDescriptor", [4, 0, 8])
        content = np.array([0, 10, 200, 255], dtype).tobytes()
        setattr(dataset, f"{color}PaletteColorLookupTableData", content)
    palette = read_frame(dataset).palette
    assert palette.table.dtype == np.uint8
    assert palette.table.tolist() == [[v] * 3 for v in (0, 10, 200, 255)]


def test_a_missing_descriptor_is_an_error_not_gray():
    dataset = palette_color(INDICES, TABLE)
    for color in COLORS:
        delattr(dataset, f"{color}PaletteColorLookupTableDescriptor")
    with pytest.raises(
        InputError, match=r"Red Palette Color Lookup Table Descriptor \(0028,1101\) is missing"
    ) as raised:
        read_frame(dataset)
    assert "ask the sender" in raised.value.hint


def test_a_table_shorter_than_its_descriptor_is_an_error():
    dataset = palette_color(INDICES, TABLE)
    dataset.GreenPaletteColorLookupTableData = b"\0\0"
    with pytest.raises(InputError, match=r"of green is missing or shorter than its 3 entries"):
        read_frame(dataset)


def test_a_palette_image_has_no_window():
    frame = read_frame(palette_color(INDICES, TABLE, WindowCenter=1, WindowWidth=2))
    assert frame.voi_windows == ()


@covers("PS3.3 C.7.9.2 Segmented Palette Color Lookup Table")
def test_discrete_linear_and_indirect_segments_are_expanded():
    words = np.array(
        [
            *(0, 2, 10, 20),  # discrete: 10, 20
            *(1, 4, 60),  # line of 4 from 20 to 60
            *(2, 2, 0, 0),  # the first two segments once more, from byte 0
        ],
        np.uint16,
    )
    once = [10, 20, 30, 40, 50, 60]
    assert expand_segments(words, 12).tolist() == once + once


@covers("PS3.3 C.7.9.2 Segmented Palette Color Lookup Table")
def test_byte_segments_have_4_byte_offsets():
    content = np.array([0, 1, 7, 0, 1, 9, 2, 1, 3, 0, 0, 0], np.uint8)
    assert expand_segments(content, 3).tolist() == [7, 9, 9]


@pytest.mark.parametrize(
    ("segments", "entry_type"),
    [
        pytest.param([0, 2, 10, 20, 2, 1, 0, 0, 0, 1, 30], np.uint16, id="offset-of-two-words"),
        pytest.param([0, 2, 10, 20, 2, 1, 0, 0, 0, 0, 0, 1, 30], np.uint8, id="offset-of-4-bytes"),
    ],
)
@covers("PS3.3 C.7.9.2 Segmented Palette Color Lookup Table")
def test_the_segment_after_an_indirect_one_is_expanded(segments, entry_type):
    assert expand_segments(np.array(segments, entry_type), 9).tolist() == [10, 20, 10, 20, 30]


def segments_with_offset(offset):
    # A value, a line of three values, and that line once more.
    return np.array([0, 1, 10, 1, 3, 40, 2, 1, offset, 0], np.uint16)


@pytest.mark.parametrize(("offset", "is_in_entries"), [(6, False), (3, True), (0, False)])
def test_offsets_in_entries_become_offsets_in_bytes(offset, is_in_entries):
    segments = segments_with_offset(offset)
    counted = with_byte_offsets(segments)
    assert (counted is not segments) == is_in_entries
    if offset:
        assert expand_segments(counted, 7).tolist() == [10, 20, 30, 40, 40, 40, 40]


def test_an_offset_between_segments_is_rejected():
    with pytest.raises(InputError, match="does not point to a segment"):
        expand_segments(with_byte_offsets(segments_with_offset(4)), 7)


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_palette_with_offsets_in_entries_has_a_note(order):
    indices = np.arange(7, dtype=np.uint8).reshape(1, 7)
    made = palette_color(indices, np.zeros((7, 3), np.uint16))
    for name in ("Red", "Green", "Blue"):
        delattr(made, f"{name}PaletteColorLookupTableData")
        words = (segments_with_offset(3) * 256).astype(f"{order}u2")
        words[[0, 1, 3, 4, 6, 7, 8, 9]] //= 256
        setattr(made, f"Segmented{name}PaletteColorLookupTableData", words.tobytes())
    content = as_bytes(made) if order == "<" else recoded(made, ExplicitVRBigEndian)
    frame = read_frame(content)
    assert frame.palette.table[:, 0].tolist() == [x * 256 for x in (10, 20, 30, 40, 40, 40, 40)]
    assert "count entries, not bytes" in " ".join(frame.notes)


def test_segments_never_exceed_their_descriptor():
    bomb = np.array([0, 1, 5, 1, 65535, 9] + [1, 65535, 9] * 50, np.uint16)
    assert len(expand_segments(bomb, 100)) == 100


@pytest.mark.parametrize(
    ("words", "message"),
    [([1, 3, 9], "begins with a linear segment"), ([7, 1, 9], "segment of type 7")],
)
def test_broken_segments_are_explained(words, message):
    with pytest.raises(InputError, match=message):
        expand_segments(np.array(words, np.uint16), 9)


@covers("PS3.3 C.7.9.2 Segmented Palette Color Lookup Table")
def test_a_segmented_palette_is_read_from_a_file():
    dataset = palette_color(INDICES, TABLE)
    for color in COLORS:
        delattr(dataset, f"{color}PaletteColorLookupTableData")
        setattr(dataset, f"{color}PaletteColorLookupTableDescriptor", [5, 0, 16])
        words = np.array([0, 1, 0, 1, 4, 40], "<u2").tobytes()
        setattr(dataset, f"Segmented{color}PaletteColorLookupTableData", words)
    assert read_frame(dataset).palette.table[:, 0].tolist() == [0, 10, 20, 30, 40]


@covers("PS3.3 C.7.9.2 Segmented Palette Color Lookup Table")
def test_a_segmented_palette_of_8_bits_has_byte_segments():
    dataset = palette_color(INDICES, TABLE)
    for color in COLORS:
        delattr(dataset, f"{color}PaletteColorLookupTableData")
        setattr(dataset, f"{color}PaletteColorLookupTableDescriptor", [5, 0, 8])
        segments = bytes([0, 1, 0, 1, 4, 40])
        setattr(dataset, f"Segmented{color}PaletteColorLookupTableData", segments)
    palette = read_frame(dataset).palette
    assert palette.table.dtype == np.uint8
    assert palette.table[:, 0].tolist() == [0, 10, 20, 30, 40]
