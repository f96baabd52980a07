"""Palettes that color gray frames (PS3.3 C.7.6.19, C.8.16.2.1.1.1), and palette alpha."""

from __future__ import annotations

import numpy as np
import pytest
from support.covers import covers
from support.dicom_files import item, monochrome, palette_color
from support.reading import read_frame, read_frames

from dcmconv.model.curve import Linear
from dcmconv.plugin import Normalizer
from dcmconv.render.tone import render_tone

STORED = np.array([[0, 50, 100, 101, 250]], np.uint8)
RED, BLUE = [255, 0, 0], [0, 0, 255]


class MinMax(Normalizer):
    """Min-max from the statistics of the frame."""

    def curve(self, frame):
        return Linear(black=frame.statistics.minimum, white=frame.statistics.maximum)


def with_tables(target, first=100, colors=(RED, BLUE), bits=8):
    for name, column in zip(("Red", "Green", "Blue"), zip(*colors, strict=True), strict=True):
        setattr(target, f"{name}PaletteColorLookupTableDescriptor", [len(colors), first, bits])
        setattr(target, f"{name}PaletteColorLookupTableData", bytes(column))
    return target


def colored(**attributes):
    return with_tables(monochrome(STORED, PixelPresentation="COLOR", **attributes))


def pixels_of(frame, **options):
    return render_tone(frame, MinMax(), **options)[0].pixels.tolist()


@covers("PS3.3 C.7.6.19 Supplemental Palette Color Lookup Table")
def test_values_below_the_first_mapped_stay_gray():
    frame = read_frame(colored())
    assert frame.palette.is_supplemental
    assert not frame.is_color
    # Only gray values are scaled, 0 to 50.  Values past the last entry get its color.
    assert pixels_of(frame) == [[[0] * 3, [255] * 3, RED, BLUE, BLUE]]


def test_16_bit_palettes_give_the_same_colors():
    assert pixels_of(read_frame(colored()), depth=16)[0][2] == [65535, 0, 0]


def test_monochrome_presentation_stays_gray():
    dataset = colored()
    dataset.PixelPresentation = "MONOCHROME"
    assert read_frame(dataset).palette is None


@covers("PS3.3 C.8.16.2.1.1.1 Pixel Presentation of each frame")
def test_each_frame_of_a_mixed_image_may_be_colored():
    dataset = with_tables(monochrome(np.stack([STORED, STORED]), PixelPresentation="MIXED"))
    dataset.PerFrameFunctionalGroupsSequence = [
        item(CTImageFrameTypeSequence=[item(PixelPresentation=word)])
        for word in ("MONOCHROME", "COLOR")
    ]
    assert [frame.palette is not None for frame in read_frames(dataset)] == [False, True]


def test_a_fully_colored_frame_needs_no_gray_values():
    dataset = with_tables(monochrome(STORED[:, 2:], PixelPresentation="COLOR"))
    assert pixels_of(read_frame(dataset)) == [[RED, BLUE, BLUE]]


@covers("PS3.3 C.7.9 Alpha Palette Color Lookup Table")
def test_palette_alpha_makes_pixels_transparent():
    table = np.array([RED, BLUE], np.uint16) * 257
    dataset = palette_color(np.array([[0, 1]], np.uint8), table)
    dataset.AlphaPaletteColorLookupTableDescriptor = [2, 0, 8]
    dataset.AlphaPaletteColorLookupTableData = bytes([0, 128])
    assert pixels_of(read_frame(dataset)) == [[[*RED, 0], [*BLUE, 128]]]


WORDS = np.array([64, 0x8040], "<u2").tobytes()


@pytest.mark.parametrize(
    ("color_bits", "alpha_bits", "alpha_data", "alpha"),
    [
        pytest.param(16, 16, WORDS, [64, 0x8040], id="16-bit-alpha-is-kept"),
        pytest.param(16, None, WORDS, [64, 0x8040], id="words-without-descriptor-have-16-bits"),
        pytest.param(8, 16, WORDS, [0, 0x80], id="16-bit-alpha-keeps-its-high-byte"),
        pytest.param(16, 8, bytes([64, 128]), [64 * 257, 128 * 257], id="8-bit-alpha-is-spread"),
        pytest.param(8, 8, np.array([64, 128], "<u2").tobytes(), [64, 128], id="bytes-in-words"),
    ],
)
@covers("PS3.3 C.7.9 Alpha Palette Color Lookup Table")
def test_alpha_gets_as_many_bits_as_the_colors(color_bits, alpha_bits, alpha_data, alpha):
    colors = np.array([[1, 2, 3], [250, 251, 252]], np.uint16) * (257 if color_bits == 16 else 1)
    dataset = palette_color(np.array([[0, 1]], np.uint8), colors)
    for name in ("Red", "Green", "Blue"):
        setattr(dataset, f"{name}PaletteColorLookupTableDescriptor", [2, 0, color_bits])
    if alpha_bits is not None:
        dataset.AlphaPaletteColorLookupTableDescriptor = [2, 0, alpha_bits]
    dataset.AlphaPaletteColorLookupTableData = alpha_data
    table = read_frame(dataset).palette.table
    assert table.dtype == (np.uint16 if color_bits == 16 else np.uint8)
    assert table.tolist() == [[*color, a] for color, a in zip(colors.tolist(), alpha, strict=True)]


def test_short_alpha_is_ignored_with_a_note():
    table = np.array([RED] * 9, np.uint16) * 257
    dataset = palette_color(np.array([[0, 1]], np.uint8), table)
    dataset.AlphaPaletteColorLookupTableData = bytes(2)
    frame = read_frame(dataset)
    assert frame.palette.table.shape == (9, 3)
    assert "(0028,1204) is shorter" in " ".join(frame.notes)
