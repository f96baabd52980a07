"""Scans that libjpeg fills up and only warns of: damaged, salvaged, or used up by another reading."""

from __future__ import annotations

from dataclasses import replace

import imagecodecs
import numpy as np
import pytest
from support.dicom_files import as_bytes, encapsulated, monochrome
from support.streams import SYNTAX, encoded, gray, rgb

from dcmconv.plugin import InputError, InputFile
from dcmconv_builtins.dicom.decoders import decode_frame, get_transfer_syntax, pinned_decoder
from dcmconv_builtins.dicom.pixels.pixel_description import PixelDescription
from dcmconv_builtins.readers.dicom import DicomReader

LOSSLESS = SYNTAX["jpeg-lossless"]
END = b"\xff\xd9"
KINDS = {
    "jpeg": gray(np.uint8),
    "jpeg-color": rgb(np.uint8),
    "jpeg-12": gray(np.uint16, bits=12),
    "jpeg-progressive": gray(np.uint8),
    "jpeg-lossless-8": gray(np.uint8),
    "jpeg-lossless-16": gray(np.uint16),
    "jpeg-lossless-color": rgb(np.uint8),
}


def kind(name):
    """Return the syntax, the values and the stream of a kind."""
    syntax = name.removesuffix("-8").removesuffix("-16").removesuffix("-color")
    return SYNTAX[syntax], KINDS[name], encoded(syntax, KINDS[name])


def described(values, bits=0):
    samples = values.shape[2] if values.ndim == 3 else 1
    width = values.dtype.itemsize * 8
    return PixelDescription(
        rows=values.shape[0], columns=values.shape[1], samples_per_pixel=samples,
        bits_allocated=width, bits_stored=bits or width,
        photometric_interpretation="RGB" if samples == 3 else "MONOCHROME2",
    )  # fmt: skip


def salvaged(stream, syntax, values):
    decoder = pinned_decoder(get_transfer_syntax(syntax).codec).decoder
    return decoder.salvage(stream, described(values), syntax)


CODES = {0: "0", 16: "10", 1: "110"}


def by_hand(values, *, extra="", tail=b""):
    """Encode 16-bit values whose differences are -1, 0, 1 and 32768; ``extra`` follows a 32768."""
    bits, previous = "", 1 << 15
    for row in values:
        for value in row:
            difference = (int(value) - previous) % 65536
            bits += CODES[{0: 0, 1: 1, 65535: 1, 1 << 15: 16}[difference]]
            bits += {1: "1", 65535: "0", 1 << 15: extra}.get(difference, "")
            previous = int(value)
        previous = int(row[0])
    bits += "1" * (-len(bits) % 8)
    scan = int(bits, 2).to_bytes(len(bits) // 8, "big") + tail
    rows, columns = values.shape
    return b"".join((
        b"\xff\xd8\xff\xc3\0\x0b\x10", rows.to_bytes(2, "big"), columns.to_bytes(2, "big"),
        b"\1\1\x11\0\xff\xc4\0\x16\0", bytes([1, 1, 1]), bytes(13), bytes([0, 16, 1]),
        b"\xff\xda\0\x08\1\1\0\1\0\0", scan.replace(b"\xff", b"\xff\0"), END,
    ))  # fmt: skip


def stepped(rows=24, columns=24):
    """Return values that jump by 32768 here and there, and by one in between."""
    rng = np.random.default_rng(5)
    jumps = np.where(
        rng.random((rows, columns)) < 0.1, 1 << 15, rng.integers(-1, 2, (rows, columns))
    )
    values = np.zeros((rows, columns), np.int64)
    first = (1 << 15) + np.cumsum(jumps[:, 0])
    values = first[:, None] + np.cumsum(np.where(np.arange(columns) > 0, jumps, 0), axis=1)
    return (values % 65536).astype(np.uint16)


@pytest.mark.parametrize("name", KINDS)
def test_a_whole_scan_has_no_note(name):
    syntax, values, stream = kind(name)
    bits = 12 if name == "jpeg-12" else 0
    description = described(values, bits)
    if name == "jpeg-color":
        description = replace(description, photometric_interpretation="YBR_FULL_422")
    assert decode_frame(stream, syntax, description).notes == ()


@pytest.mark.parametrize("predictor", range(1, 8))
@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (3, 3), (2, 17), (33, 64), (5, 7, 3)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("content", ["noise", "constant"])
def test_every_lossless_stream_is_used_up_exactly(predictor, shape, dtype, content):
    rng = np.random.default_rng(1)
    values = rng.integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)
    values = np.full_like(values, 77) if content == "constant" else values
    stream = bytes(imagecodecs.jpeg8_encode(
        values, lossless=True, predictor=predictor, bitspersample=values.dtype.itemsize * 8
    ))  # fmt: skip
    decoded = decode_frame(stream, LOSSLESS, described(values))
    assert np.array_equal(decoded.values, values)
    assert decoded.notes == ()


@pytest.mark.parametrize("name", KINDS)
def test_a_scan_that_lacks_bytes_is_damaged(name):
    syntax, values, stream = kind(name)
    middle = len(stream) - 120
    short = stream[:middle] + stream[middle + 60 :]
    with pytest.raises(InputError, match="the JPEG stream is damaged: ") as caught:
        decode_frame(short, syntax, described(values))
    assert caught.value.reason == "damaged"
    assert "Copy the file again" not in caught.value.hint


@pytest.mark.parametrize("name", KINDS)
def test_salvage_gives_a_damaged_scan_and_marks_it(name):
    syntax, values, stream = kind(name)
    middle = len(stream) - 120
    frame = salvaged(stream[:middle] + stream[middle + 60 :], syntax, values)
    assert frame.salvaged.startswith("the JPEG stream is damaged: ")
    assert frame.values.shape == values.shape


@pytest.mark.parametrize("name", [*KINDS, "jpeg-ls", "jpeg-2000", "htj2k"])
def test_salvage_gives_a_stream_without_an_end_marker(name):
    values = KINDS.get(name, gray(np.uint8))
    syntax = kind(name)[0] if name in KINDS else SYNTAX[name]
    stream = kind(name)[2] if name in KINDS else encoded(name, values)
    whole = decode_frame(stream, syntax, described(values))
    open_ended = stream.rstrip(b"\0").removesuffix(END)
    with pytest.raises(InputError) as caught:
        decode_frame(open_ended, syntax, described(values))
    assert caught.value.reason == "truncated"
    frame = salvaged(open_ended, syntax, values)
    assert "no end marker" in frame.salvaged
    assert frame.missing is None
    assert np.array_equal(frame.values, whole.values)


@pytest.mark.parametrize("name", ["jpeg", "jpeg-color", "jpeg-12", "jpeg-lossless-16"])
def test_salvaged_rows_behind_a_cut_are_missing(name):
    syntax, values, stream = kind(name)
    whole = decode_frame(stream, syntax, described(values)).values
    header = stream.index(b"\xff\xda")
    frame = salvaged(stream[: header + (len(stream) - header) // 2], syntax, values)
    rows = np.flatnonzero(~frame.missing.any(axis=1))
    assert 0 < len(rows) < len(values)
    assert np.array_equal(frame.values[rows], whole[rows])


def test_a_salvaged_file_says_so():
    values = gray(np.uint8)
    stream = encoded("jpeg", values)[:-2]
    content = as_bytes(encapsulated(monochrome(values), SYNTAX["jpeg"], [stream]))
    with pytest.raises(InputError, match="no end marker"):
        list(DicomReader().open(InputFile("cut", content=content)).frames())
    (frame,) = DicomReader().salvage(InputFile("cut", content=content)).frames()
    assert frame.salvaged == "the JPEG stream ends early: it has no end marker (ff d9)"
    assert f"Salvaged: {frame.salvaged}." in frame.notes


@pytest.mark.parametrize("extra", ["0" * 16, "1" * 16, "1000000000000000"])
def test_extra_bits_of_category_16_are_skipped_with_a_note(extra):
    values = stepped()
    decoded = decode_frame(by_hand(values, extra=extra), LOSSLESS, described(values))
    assert np.array_equal(decoded.values, values)
    assert "16 bits after each code of category 16" in decoded.notes[0]


def test_category_16_without_extra_bits_has_no_note():
    values = stepped()
    decoded = decode_frame(by_hand(values), LOSSLESS, described(values))
    assert np.array_equal(decoded.values, values)
    assert decoded.notes == ()


def test_other_extra_bits_are_damage():
    values = stepped()
    with pytest.raises(InputError, match="the JPEG stream is damaged"):
        decode_frame(by_hand(values, extra="10100110"), LOSSLESS, described(values))


@pytest.mark.parametrize("tail", [bytes(1), bytes(20)])
def test_padding_behind_the_last_pixel_is_noted(tail):
    values = stepped()
    decoded = decode_frame(by_hand(values, tail=tail), LOSSLESS, described(values))
    assert np.array_equal(decoded.values, values)
    assert "of padding after the last pixel" in decoded.notes[0]


def test_other_bytes_behind_the_last_pixel_are_damage():
    values = stepped()
    with pytest.raises(InputError, match="5 bytes of its scan are left over"):
        decode_frame(by_hand(values, tail=b"\x12\x34\x56\x12\x34"), LOSSLESS, described(values))


def test_many_padding_bytes_of_a_lossy_scan_are_noted():
    values = gray(np.uint8)
    stream = encoded("jpeg", values)
    decoded = decode_frame(stream[:-2] + bytes(40) + END, SYNTAX["jpeg"], described(values))
    assert "bytes of padding after the last pixel" in decoded.notes[0]
    plain = decode_frame(stream, SYNTAX["jpeg"], described(values))
    assert np.array_equal(decoded.values, plain.values)
    with pytest.raises(InputError, match="are left over after the last pixel"):
        decode_frame(stream[:-2] + b"\x35" * 40 + END, SYNTAX["jpeg"], described(values))


def test_warnings_about_a_header_do_not_hide_a_damaged_scan():
    values = gray(np.uint8)
    stream = encoded("jpeg", values)
    revised = stream.replace(b"JFIF\0\x01", b"JFIF\0\x09", 1)
    assert decode_frame(revised, SYNTAX["jpeg"], described(values)).notes == ()
    with pytest.raises(InputError, match="the JPEG stream is damaged: "):
        decode_frame(revised[:-120] + revised[-60:], SYNTAX["jpeg"], described(values))


@pytest.mark.parametrize("syntax", ["jpeg-2000", "htj2k"])
def test_a_tile_part_longer_than_its_stream_is_salvaged(syntax):
    values = gray(np.uint8)
    stream = bytearray(encoded(syntax, values))
    place = stream.index(b"\xff\x90") + 6
    stream[place : place + 4] = (len(stream) + 999).to_bytes(4, "big")
    with pytest.raises(InputError, match="end marker included") as caught:
        decode_frame(bytes(stream), SYNTAX[syntax], described(values))
    assert caught.value.reason == "damaged"
    frame = salvaged(bytes(stream), SYNTAX[syntax], values)
    assert np.array_equal(frame.values, values)
    assert "end marker included" in frame.salvaged
