"""One made-up file for each clause that no real file covers; levels are worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from pydicom.sequence import Sequence
from support.covers import covers
from support.dicom_files import as_bytes, color, item, monochrome, palette_color

import dcmconv
from dcmconv import InputError
from oracle.clause_files import (
    big_endian_words,
    frame_group,
    lut_item,
    native,
    one_bit,
    padded,
    per_frame,
    shared,
    ybr,
)

ROW = np.arange(5, dtype=np.uint8)[np.newaxis]
SIGNED = np.array([[-2, -1, 0, 1, 2]], np.int16)
TWO_FRAMES = np.array([[[0, 1, 2]], [[0, 1, 2]]], np.uint16)
RAMP = np.arange(0, 256, 51, dtype=np.uint8)[np.newaxis]
WIDE = {"WindowCenter": "2.5", "WindowWidth": "5"}  # LINEAR: 0 is black, 4 is white


def case(row, name, dataset, levels, **chain):
    return pytest.param(dataset, chain, levels, id=name, marks=covers(row))


GRAY = [
    case("PS3.3 C.11.2.1.2.1 LINEAR", "linear", monochrome(ROW, **WIDE), [0, 64, 128, 191, 255]),
    case("PS3.3 C.11.2.1.2.1 LINEAR of width 1", "width-1",
         monochrome(ROW, WindowCenter="3", WindowWidth="1"), [0, 0, 0, 255, 255]),
    case("PS3.3 C.11.2.1.3.2 LINEAR_EXACT", "linear-exact",
         monochrome(ROW, VOILUTFunction="LINEAR_EXACT", WindowCenter="2", WindowWidth="4"),
         [0, 64, 128, 191, 255]),
    case("PS3.3 C.11.2.1.3.2 LINEAR_EXACT", "narrower-than-1",
         monochrome(ROW, VOILUTFunction="LINEAR_EXACT", WindowCenter="2.05", WindowWidth="0.5"),
         [0, 0, 102, 255, 255]),
    case("PS3.3 C.11.2.1.3.1 SIGMOID", "sigmoid",
         monochrome(ROW, VOILUTFunction="SIGMOID", WindowCenter="2", WindowWidth="4"),
         [round(255 / (1 + math.exp(2 - i))) for i in range(5)]),
    case("PS3.3 C.11.2.1.2 Several windows", "second-window",
         monochrome(ROW, WindowCenter=["100", "2.5"], WindowWidth=["10", "5"]),
         [0, 64, 128, 191, 255], normalize="window:number=2"),
    case("PS3.3 C.11.2.1.2 Unusable windows are skipped by auto", "width-0",
         monochrome(ROW, WindowCenter="2", WindowWidth="0"), [0, 64, 128, 191, 255]),
    case("PS3.3 C.11.2.1.1 VOI LUT Sequence", "words",
         monochrome(ROW, VOILUTSequence=Sequence([lut_item([0, 4095, 1365], bits=12)])),
         [0, 255, 85, 85, 85]),
    case("PS3.3 C.11.2.1.1 VOI LUT Sequence with 8-bit entries", "bytes",
         monochrome(ROW, VOILUTSequence=Sequence([lut_item([0, 9, 255], bits=8, packed=True)])),
         [0, 9, 255, 255, 255]),
    case("PS3.3 C.11.2.1.1 VOI LUT Sequence with a signed first value mapped", "signed-first",
         monochrome(SIGNED, VOILUTSequence=Sequence([lut_item([1, 5, 255], bits=8, first=-1)])),
         [1, 1, 5, 255, 255]),
    case("PS3.3 C.11.2.1.1 VOI LUT Sequence of 65536 entries, declared as 0", "65536",
         monochrome(np.array([[0, 255, 65535]], np.uint16),
                    VOILUTSequence=Sequence([lut_item(np.arange(65536)[::-1])])), [255, 254, 0]),
    case("PS3.3 C.11.2.1 VOI LUT takes precedence over a window", "table-before-window",
         monochrome(ROW, **WIDE, VOILUTSequence=Sequence([lut_item([255, 0], bits=8)])),
         [255, 0, 0, 0, 0]),
    case("PS3.3 C.11.1 Rescale Slope and Intercept", "rescale-then-window",
         monochrome(ROW, RescaleSlope="-1", RescaleIntercept="4", **WIDE), [255, 191, 128, 64, 0]),
    case("PS3.3 C.11.1.1 Modality LUT Sequence", "modality-table-then-window",
         monochrome(ROW, **WIDE, ModalityLUTSequence=Sequence([lut_item([4, 0, 2])])),
         [255, 0, 128, 128, 128]),
    case("PS3.3 C.11.1.1 Modality LUT Sequence with a signed first value mapped", "signed-modality",
         monochrome(SIGNED, **WIDE, ModalityLUTSequence=Sequence([lut_item([4, 3, 2, 0], first=-1)])),
         [255, 255, 191, 128, 0]),
    case("PS3.3 C.11.6.1.2 Presentation LUT Shape INVERSE", "inverse",
         monochrome(ROW, PresentationLUTShape="INVERSE", **WIDE), [255, 191, 128, 64, 0]),
    case("PS3.3 C.11.6.1.2 Presentation LUT Shape INVERSE", "monochrome1-and-inverse-is-once",
         monochrome(ROW, PresentationLUTShape="INVERSE", PhotometricInterpretation="MONOCHROME1",
                    **WIDE), [255, 191, 128, 64, 0]),
    case("PS3.3 C.11.6.1.1 Presentation LUT Sequence", "presentation-table",
         monochrome(ROW, **WIDE,
                    PresentationLUTSequence=Sequence([lut_item([0, 10, 255, 20, 30], bits=8)])),
         [0, 10, 255, 20, 30]),
    case("PS3.3 C.7.6.3.1.2 Photometric Interpretation MONOCHROME1", "monochrome1",
         monochrome(ROW, PhotometricInterpretation="MONOCHROME1", **WIDE), [255, 191, 128, 64, 0]),
    case("PS3.3 C.7.5.1.1.2 Pixel Padding Value", "padding",
         padded(SIGNED, -2), [0, 0, 85, 170, 255], normalize="minmax"),
    case("PS3.3 C.7.5.1.1.2 Pixel Padding Range Limit", "padding-range",
         padded(SIGNED, -2, -1), [0, 0, 0, 128, 255], normalize="minmax"),
    case("PS3.3 C.7.5.1.1.2 Padding of MONOCHROME1 is background too", "padding-monochrome1",
         padded(SIGNED, -2, PhotometricInterpretation="MONOCHROME1"), [0, 255, 170, 85, 0],
         normalize="minmax"),
    case("PS3.5 8.1.1 Bits Stored below Bits Allocated", "junk-above-12-bits",
         monochrome(ROW.astype(np.uint16) | np.uint16(0xA000), BitsStored=12, HighBit=11),
         [0, 64, 128, 191, 255]),
    case("PS3.5 8.1.1 Bits Stored below Bits Allocated", "sign-of-12-bits",
         monochrome((SIGNED & 0x0FFF).astype(np.int16), BitsStored=12, HighBit=11),
         [0, 64, 128, 191, 255]),
    case("PS3.5 8.1.1 High Bit that is not Bits Stored - 1 (retired)", "high-bit-15",
         monochrome(ROW.astype(np.uint16) << 4, BitsStored=12, HighBit=15), [0, 64, 128, 191, 255]),
    case("PS3.5 8.1.1 Bits Stored that is odd", "13-bits",
         monochrome(np.array([[-4096, 0, 4095]], np.int16) & 0x1FFF, BitsStored=13, HighBit=12),
         [0, 128, 255], normalize="window:center=0,width=8192"),
    case("PS3.5 8.1.1 Signed pixels", "signed-8-bit",
         monochrome(SIGNED.astype(np.int8)), [0, 64, 128, 191, 255]),
    *(case(f"PS3.5 8.1.1 Bits Allocated {bits}", f"{kind}{bits}",
           native(np.array([[0, 1, 2, 3, 4]]), f"{kind}{bits // 8}"), [0, 64, 128, 191, 255])
      for kind in "iu" for bits in (8, 16, 32, 64)),
    case("PS3.5 8.1.1 Bits Allocated 1", "1-bit", one_bit([[[1, 0, 0, 1, 1]]]), [255, 0, 0, 255, 255]),
    case("PS3.3 C.7.6.24 Float Pixel Data", "float",
         monochrome(np.array([[-1.5, np.nan, 0, np.inf, 1.5]], np.float32)), [0, 0, 128, 0, 255]),
    case("PS3.3 C.7.6.25 Double Float Pixel Data", "double",
         monochrome(np.array([[-1e300, 0, 1e300]])), [0, 128, 255]),
    case("PS3.5 A.3 Explicit VR Big Endian, 8-bit pixels in OW", "big-endian-words",
         big_endian_words(ROW), [0, 64, 128, 191, 255]),
    case("PS3.5 8.1.1 An odd number of bytes is padded", "odd", monochrome(ROW), [0, 64, 128, 191, 255]),
]  # fmt: skip


@pytest.mark.parametrize(("dataset", "chain", "levels"), GRAY)
def test_gray_levels_follow_the_standard(dataset, chain, levels):
    content = dataset if isinstance(dataset, bytes) else as_bytes(dataset)
    assert dcmconv.convert(content, **chain).pixels.ravel().tolist() == levels


FRAMES = [
    case("PS3.3 C.7.6.16.2.10 Frame VOI LUT, shared", "shared-window",
         monochrome(TWO_FRAMES, **shared(frame_group(window=("1.5", "3")))),
         [[0, 128, 255], [0, 128, 255]]),
    case("PS3.3 C.7.6.16.2.10 Frame VOI LUT, per frame", "per-frame-window",
         monochrome(TWO_FRAMES, **per_frame(frame_group(window=("1.5", "3")),
                                            frame_group(window=("2", "1")))),
         [[0, 128, 255], [0, 0, 255]]),
    case("PS3.3 C.7.6.16.2.10 Frame VOI LUT with its own VOI LUT Function", "per-frame-function",
         monochrome(TWO_FRAMES, **per_frame(
             frame_group(window=("1", "2"), function="LINEAR_EXACT"),
             frame_group(window=("1", "4"), function="SIGMOID"))),
         [[0, 128, 255], [69, 128, 186]]),
    case("PS3.3 C.7.6.16.2.10 Frame VOI LUT, a frame before the shared groups", "frame-before-shared",
         monochrome(TWO_FRAMES, WindowCenter="100", WindowWidth="1",
                    **shared(frame_group(window=("1.5", "3"))),
                    **per_frame(frame_group(window=("2", "1")), item())),
         [[0, 0, 255], [0, 128, 255]]),
    case("PS3.3 C.7.6.16.2.9 Pixel Value Transformation, shared", "shared-rescale",
         monochrome(TWO_FRAMES, **shared(frame_group(rescale=("-1", "2"), window=("1.5", "3")))),
         [[255, 128, 0], [255, 128, 0]]),
    case("PS3.3 C.7.6.16.2.9 Pixel Value Transformation, per frame", "per-frame-rescale",
         monochrome(TWO_FRAMES, **per_frame(frame_group(rescale=("1", "0"), window=("1.5", "3")),
                                            frame_group(rescale=("2", "0"), window=("1.5", "3")))),
         [[0, 128, 255], [0, 255, 255]]),
    case("PS3.3 C.7.6.16.2.10 Frame VOI LUT outside its sequence", "without-its-sequence",
         monochrome(TWO_FRAMES, **per_frame(item(WindowCenter="1.5", WindowWidth="3"),
                                            item(WindowCenter="2", WindowWidth="1"))),
         [[0, 128, 255], [0, 0, 255]]),
    case("PS3.5 8.1.1 Bits Allocated 1, frames that do not end at a byte", "1-bit-frames",
         one_bit([[[1, 0, 1]], [[0, 1, 1]], [[1, 1, 0]]]),
         [[255, 0, 255], [0, 255, 255], [255, 255, 0]]),
]  # fmt: skip


@pytest.mark.parametrize(("dataset", "chain", "levels"), FRAMES)
def test_each_frame_has_its_own_levels(dataset, chain, levels):
    shown = [
        picture.pixels.ravel().tolist()
        for picture in dcmconv.convert_frames(as_bytes(dataset), **chain)
    ]
    assert shown == levels


TABLE = np.array([[0, 0, 0], [257, 514, 771], [65535, 65535, 65535]], np.uint16)
RED, GRAY_128 = [255, 0, 0], [128, 128, 128]
COLORS = [
    case("PS3.3 C.7.6.3.1.2 Photometric Interpretation RGB", "rgb",
         color(np.array([[RED, GRAY_128]], np.uint8)), [RED, GRAY_128]),
    case("PS3.3 C.7.6.3.1.3 Planar Configuration 1", "planes",
         color(np.array([[RED, GRAY_128]], np.uint8), PlanarConfiguration=1,
               PixelData=bytes([255, 128, 0, 128, 0, 128])), [RED, GRAY_128]),
    case("PS3.3 C.7.6.3.1.2 16-bit color is scaled by Bits Stored", "12-bit-rgb",
         color(np.array([[[0, 2048, 4095]]], np.uint16), BitsStored=12, HighBit=11), [[0, 128, 255]]),
    # Y 76, Cb 85, Cr 255 is (254, 0, 0): 76 + 1.402 * 127 = 254.05.
    case("PS3.3 C.7.6.3.1.2 Photometric Interpretation YBR_FULL", "ybr-full",
         ybr("YBR_FULL", 1, 1, [76, 85, 255]), [[254, 0, 0]]),
    case("PS3.3 C.7.6.3.1.2 Photometric Interpretation YBR_FULL_422", "halved-chroma",
         ybr("YBR_FULL_422", 1, 2, [76, 128, 85, 255]), [[254, 0, 0], [255, 52, 52]]),
    case("PS3.3 C.7.6.3.1.2 YBR_FULL_422 of an odd width", "odd-halved-chroma",
         ybr("YBR_FULL_422", 2, 3, [0, 1, 128, 128, 2, 3, 128, 128, 4, 5, 128, 128]),
         [[level] * 3 for level in range(6)]),
    # Black is 16, white 235: 126 is (126 - 16) / 219 * 255 = 128.08.
    case("PS3.3 C.7.6.3.1.2 Photometric Interpretation YBR_PARTIAL_422 (retired)", "partial-range",
         ybr("YBR_PARTIAL_422", 1, 4, [16, 235, 128, 128, 126, 0, 128, 128]),
         [[0] * 3, [255] * 3, GRAY_128, [0] * 3]),
    case("PS3.3 C.7.6.3.1.5 Plain Palette Color Lookup Table", "palette",
         palette_color(np.array([[0, 1, 2, 9]], np.uint8), TABLE),
         [[0] * 3, [1, 2, 3], [255] * 3, [255] * 3]),
    case("PS3.3 C.7.6.3.1.5 First value mapped of a palette", "first-mapped",
         palette_color(np.array([[0, 10, 11, 12]], np.uint8), TABLE, first=10),
         [[0] * 3, [0] * 3, [1, 2, 3], [255] * 3]),
    case("PS3.3 C.7.6.3.1.5 Palette of 65536 entries, declared as 0", "65536-colors",
         palette_color(np.array([[0, 32896, 65535]], np.uint16),
                       np.repeat(np.arange(65536, dtype=np.uint16)[:, None], 3, axis=1)),
         [[0] * 3, GRAY_128, [255] * 3]),
]  # fmt: skip


@pytest.mark.parametrize(("dataset", "chain", "levels"), COLORS)
def test_colors_follow_the_standard(dataset, chain, levels):
    shown = dcmconv.convert(as_bytes(dataset), **chain).pixels
    assert shown.reshape(-1, 3).tolist() == levels


SHAPES = [
    case("PS3.3 C.7.6.3.1.7 Pixel Aspect Ratio", "aspect-2-to-1",
         monochrome(np.zeros((3, 4), np.uint8), PixelAspectRatio=[2, 1]), (6, 4)),
    case("PS3.3 C.7.6.3.1.7 Pixel Aspect Ratio", "aspect-3-to-4",
         monochrome(np.zeros((3, 6), np.uint8), PixelAspectRatio=[3, 4]), (3, 8)),
    case("PS3.3 10.7.1.3 Pixel Spacing that differs by row and column", "spacing",
         monochrome(np.zeros((3, 4), np.uint8), PixelSpacing=["1", "0.5"]), (6, 4)),
    case("PS3.3 10.7.1.3 Pixel Spacing that differs by row and column", "imager-spacing",
         monochrome(np.zeros((3, 4), np.uint8), ImagerPixelSpacing=["0.1", "0.3"]), (3, 12)),
    case("PS3.3 10.7.1.3 Pixel Spacing takes precedence over Pixel Aspect Ratio", "spacing-before-aspect",
         monochrome(np.zeros((3, 4), np.uint8), PixelSpacing=["1", "1"], PixelAspectRatio=[2, 1]),
         (3, 4)),
]  # fmt: skip


@pytest.mark.parametrize(("dataset", "chain", "shape"), SHAPES)
def test_pixels_are_made_square(dataset, chain, shape):
    assert dcmconv.convert(as_bytes(dataset), **chain).pixels.shape == shape
    assert dcmconv.convert(as_bytes(dataset), aspect="keep").pixels.shape == (
        dataset.Rows,
        dataset.Columns,
    )


@covers("PS3.3 C.7.6.3.1.2 Native YBR_PARTIAL_420 is an error")
def test_native_420_pixels_are_an_error():
    with pytest.raises(InputError) as caught:
        dcmconv.convert(as_bytes(ybr("YBR_PARTIAL_420", 2, 2, [16, 16, 16, 16, 128, 128])))
    assert caught.value.hint
