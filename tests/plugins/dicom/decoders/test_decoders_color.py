"""Color components of a stream: its own markers decide first, then the header; no guess."""

from __future__ import annotations

from dataclasses import replace

import imagecodecs
import numpy as np
import pytest
from support.covers import covers
from support.streams import SYNTAX, encoded, rgb

from dcmconv.plugin import InputError, UnsupportedError
from dcmconv_builtins.dicom.decoders import decode_frame
from dcmconv_builtins.dicom.decoders.jpeg_header import read_jpeg_header
from dcmconv_builtins.dicom.pixels.pixel_description import PixelDescription

BASELINE = "1.2.840.10008.1.2.4.50"
LOSSLESS = "1.2.840.10008.1.2.4.70"
RED = np.full((16, 16, 3), (200, 40, 60), np.uint8)


def described(photometric: str) -> PixelDescription:
    return PixelDescription(
        rows=16, columns=16, samples_per_pixel=3, bits_allocated=8, bits_stored=8, high_bit=7,
        photometric_interpretation=photometric,
    )  # fmt: skip


def jpeg(*, ycbcr: bool, marker: bytes = b"", ids: bytes = b"\x01\x02\x03") -> bytes:
    """Return RED as JPEG in YCbCr or RGB, with only the given marker and component ids."""
    space = "YCBCR" if ycbcr else "RGB"
    stream = bytes(
        imagecodecs.jpeg8_encode(RED, 98, colorspace="RGB", outcolorspace=space, subsampling="444")
    )
    position, kept = 2, [stream[:2], marker]
    while stream[position + 1] != 0xDA:
        end = position + 2 + int.from_bytes(stream[position + 2 : position + 4], "big")
        segment = bytearray(stream[position:end])
        if stream[position + 1] not in (0xE0, 0xEE):
            if 0xC0 <= stream[position + 1] <= 0xC2:
                segment[10::3] = ids
            kept.append(bytes(segment))
        position = end
    scan = bytearray(stream[position:])
    scan[5:11:2] = ids
    return b"".join([*kept, bytes(scan)])


JFIF = b"\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0"


def adobe(transform: int) -> bytes:
    return b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0" + bytes([transform])


@pytest.mark.parametrize(
    ("stream", "photometric", "notes"),
    [
        pytest.param(jpeg(ycbcr=True, marker=JFIF), "YBR_FULL_422", 0, id="jfif"),
        pytest.param(jpeg(ycbcr=True, marker=JFIF), "RGB", 1, id="jfif-wins-over-a-wrong-rgb"),
        pytest.param(jpeg(ycbcr=True), "YBR_FULL", 0, id="no-marker-and-ybr"),
        pytest.param(jpeg(ycbcr=False), "RGB", 0, id="no-marker-and-rgb-is-not-converted"),
        pytest.param(jpeg(ycbcr=False, ids=b"RGB"), "YBR_FULL", 1, id="components-named-rgb"),
        pytest.param(jpeg(ycbcr=False, marker=adobe(0)), "RGB", 0, id="adobe-rgb"),
        pytest.param(jpeg(ycbcr=False, marker=adobe(0)), "YBR_FULL", 1, id="adobe-rgb-wins"),
        pytest.param(jpeg(ycbcr=True, marker=adobe(1)), "RGB", 1, id="adobe-ycbcr-wins"),
        pytest.param(jpeg(ycbcr=False, marker=adobe(0)[:-1].replace(b"\0\x0e", b"\0\x0d")),
                     "RGB", 0, id="an-adobe-segment-that-is-too-short-is-ignored"),
    ],
)  # fmt: skip
@covers("PS3.5 8.2.1 Color transform of JPEG by the stream's markers and the header")
def test_lossy_jpeg_decodes_to_the_right_color(stream, photometric, notes):
    decoded = decode_frame(stream, BASELINE, described(photometric))
    assert decoded.photometric_interpretation == "RGB"
    assert len(decoded.notes) == notes
    assert np.abs(decoded.values.astype(int) - RED).max() <= 4


def lossless(*, adobe: int | None = None, ids: bytes = b"\1\2\3", jfif: bool = False) -> bytes:
    """Return a lossless color stream with only the markers that are asked for."""
    stream = bytes(
        imagecodecs.jpeg8_encode(RED, lossless=True, colorspace="RGB", outcolorspace="RGB")
    )
    frame = stream.index(b"\xff\xc3")
    scan = stream.index(b"\xff\xda")
    header = bytearray(stream[frame : frame + 19])
    header[10::3] = ids
    tables = stream[frame + 19 : scan]
    selector = bytearray(stream[scan:])
    selector[5:11:2] = ids
    own = b"" if adobe is None else b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0" + bytes([adobe])
    own += b"\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0" if jfif else b""
    return b"\xff\xd8" + own + bytes(header) + tables + bytes(selector)


@pytest.mark.parametrize(
    ("stream", "named", "meaning", "notes"),
    [
        pytest.param(
            lossless(), "YBR_FULL", "YBR_FULL", 0, id="without-markers-the-header-decides"
        ),
        pytest.param(lossless(), "RGB", "RGB", 0, id="without-markers-rgb"),
        pytest.param(lossless(adobe=0), "YBR_FULL", "RGB", 1, id="adobe-rgb-wins"),
        pytest.param(lossless(adobe=0), "RGB", "RGB", 0, id="adobe-rgb-agrees"),
        pytest.param(lossless(adobe=1), "RGB", "YBR_FULL", 1, id="adobe-ycbcr-wins"),
        pytest.param(lossless(ids=b"RGB"), "YBR_FULL", "RGB", 1, id="component-names-win"),
        pytest.param(lossless(jfif=True), "RGB", "RGB", 0, id="jfif-says-nothing-of-lossless"),
    ],
)
def test_lossless_jpeg_has_the_colors_of_its_own_markers(stream, named, meaning, notes):
    decoded = decode_frame(stream, LOSSLESS, described(named))
    assert decoded.photometric_interpretation == meaning
    assert len(decoded.notes) == notes
    assert np.array_equal(decoded.values, RED)


@pytest.mark.parametrize("subsampling", ["420", "422"])
@pytest.mark.parametrize("ids", [b"\1\2\3", b"RGB"])
def test_subsampled_chroma_is_never_rgb(subsampling, ids):
    values = rgb(np.uint8)
    stream = bytes(imagecodecs.jpeg8_encode(values, 95, subsampling=subsampling))
    plain = stream.replace(b"\xff\xe0", b"\xff\xef", 1).replace(b"JFIF", b"none", 1)
    frame, scan = plain.index(b"\xff\xc0"), plain.index(b"\xff\xda")
    plain = bytearray(plain)
    plain[frame + 10 : frame + 19 : 3] = ids
    plain[scan + 5 : scan + 11 : 2] = ids
    description = replace(described("RGB"), rows=40, columns=56)
    decoded = decode_frame(bytes(plain), BASELINE, description)
    (note,) = decoded.notes
    assert note == (
        "the JPEG stream is YCbCr because its chroma is subsampled; "
        "Photometric Interpretation (0028,0004) is RGB"
    )
    assert np.abs(decoded.values.astype(int) - values).mean() < 6


@pytest.mark.parametrize(
    ("syntax", "uid"), [("jpeg-ls", "1.2.840.10008.1.2.4.80"), ("rle", "1.2.840.10008.1.2.5")]
)
def test_jpeg_ls_and_rle_leave_ybr_full_to_the_reader(syntax, uid):
    decoded = decode_frame(encoded(syntax, RED), uid, described("YBR_FULL"))
    assert decoded.photometric_interpretation == "YBR_FULL"
    assert np.array_equal(decoded.values, RED)


@pytest.mark.parametrize(
    ("photometric", "meaning", "notes"),
    [("YBR_RCT", "RGB", 0), ("RGB", "RGB", 0), ("YBR_FULL_422", "RGB", 1)],
)
@covers("PS3.3 C.7.6.3.1.2 Component transforms of JPEG 2000 (YBR_RCT, YBR_ICT)")
def test_a_jpeg_2000_component_transform_is_undone(photometric, meaning, notes):
    stream = bytes(imagecodecs.jpeg2k_encode(RED, reversible=True, codecformat="J2K", mct=True))
    decoded = decode_frame(stream, "1.2.840.10008.1.2.4.90", described(photometric))
    assert decoded.photometric_interpretation == meaning
    assert len(decoded.notes) == notes
    assert np.array_equal(decoded.values, RED)


@pytest.mark.parametrize(
    ("photometric", "meaning"), [("YBR_FULL", "YBR_FULL"), ("RGB", "RGB"), ("YBR_ICT", "RGB")]
)
def test_without_a_component_transform_the_header_decides(photometric, meaning):
    stream = bytes(imagecodecs.jpeg2k_encode(RED, reversible=True, codecformat="J2K", mct=False))
    decoded = decode_frame(stream, "1.2.840.10008.1.2.4.90", described(photometric))
    assert decoded.photometric_interpretation == meaning
    assert np.array_equal(decoded.values, RED)


def test_subsampled_chroma_gets_full_width():
    values = rgb(np.uint8)
    stream = bytes(imagecodecs.jpeg8_encode(values, 95, subsampling="422"))
    description = PixelDescription(
        rows=40, columns=56, samples_per_pixel=3, bits_allocated=8, bits_stored=8,
        photometric_interpretation="YBR_FULL_422",
    )  # fmt: skip
    decoded = decode_frame(stream, BASELINE, description)
    assert decoded.values.shape == (40, 56, 3)
    assert np.abs(decoded.values.astype(int) - values).mean() < 6


def test_hierarchical_jpeg_is_rejected_by_name():
    stream = bytearray(jpeg(ycbcr=True))
    start = next(stream.index(bytes([0xFF, code])) for code in (0xC0, 0xC1) if
                 bytes([0xFF, code]) in stream)  # fmt: skip
    stream[start + 1] = 0xC5
    with pytest.raises(UnsupportedError, match="hierarchical or arithmetic") as caught:
        decode_frame(bytes(stream), BASELINE, described("YBR_FULL"))
    assert "JPEG Lossless" in caught.value.hint


def test_bytes_after_the_end_marker_are_ignored_with_a_note():
    trailing = b"trailing words, more than a tail of them: " + b"x" * 80
    decoded = decode_frame(jpeg(ycbcr=True) + trailing, BASELINE, described("YBR_FULL"))
    assert decoded.notes == ("ignored 122 bytes after the end of the stream",)
    decoded = decode_frame(jpeg(ycbcr=True) + b"x", BASELINE, described("YBR_FULL"))
    assert decoded.notes == ("ignored 1 byte after the end of the stream",)


def test_a_header_without_markers_is_rejected():
    with pytest.raises(InputError, match="has no marker at byte 2"):
        read_jpeg_header(b"\xff\xd8" + b"\0" * 40, stream_format="JPEG")


@pytest.mark.parametrize("padding", [b"", b"\0", b"\0\0\xff"])
def test_bytes_after_the_end_of_jpeg_2000_are_ignored_with_a_note(padding):
    stream = encoded("jpeg-2000", RED)
    assert decode_frame(stream + padding, SYNTAX["jpeg-2000"], described("RGB")).notes == ()
    decoded = decode_frame(stream + b"trailing" + padding, SYNTAX["jpeg-2000"], described("RGB"))
    assert decoded.notes == ("ignored 8 bytes after the end of the stream",)
