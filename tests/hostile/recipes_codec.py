"""Encapsulated pixel data: broken offset tables and fragments; cut, wrong or enormous streams."""

from __future__ import annotations

import struct

import numpy as np
from support.dicom_files import as_bytes, encapsulated, monochrome
from support.streams import SYNTAX, encoded, rle_frame

from hostile.base import BYTES, RAMP, coded, streams

TALL = np.stack([BYTES, BYTES[::-1]])
JPEG = encoded("jpeg", BYTES)
JPEG_LS = encoded("jpeg-ls", RAMP)
JPEG_2000 = encoded("jpeg-2000", BYTES)
RLE = encoded("rle", BYTES)
ITEM = b"\xfe\xff\x00\xe0"
END = b"\xfe\xff\xdd\xe0\0\0\0\0"


def whole(syntax: str, values=BYTES):
    return lambda: as_bytes(coded(syntax, values))


def cut(syntax: str, values=BYTES, *, keep: float = 0.5):
    """Return a recipe: an intact file around a truncated codestream."""

    def make() -> bytes:
        stream = encoded(syntax, values)
        return streams(syntax, values, stream[: int(len(stream) * keep)])()

    return make


def two_jpegs(**options):
    return encapsulated(
        monochrome(TALL), SYNTAX["jpeg"], [JPEG, encoded("jpeg", TALL[1])], **options
    )


def offset_table(*offsets: int):
    """Return a recipe: two frames, and a wrong Basic Offset Table."""

    def make() -> bytes:
        content = as_bytes(two_jpegs())
        place = content.index(ITEM) + 8
        return content[:place] + struct.pack("<II", *offsets) + content[place + 8 :]

    return make


def patched(stream: bytes, marker: bytes, at: int, value: bytes) -> bytes:
    place = stream.index(marker) + at
    return stream[:place] + value + stream[place + len(value) :]


def sof(rows: int, columns: int) -> bytes:
    return patched(JPEG, b"\xff\xc0", 5, struct.pack(">HH", rows, columns))


def siz(rows: int, columns: int) -> bytes:
    stream = patched(JPEG_2000, b"\xff\x51", 6, struct.pack(">II", columns, rows))
    return patched(stream, b"\xff\x51", 22, struct.pack(">II", columns, rows))


def body(change):
    """Return a recipe: an encapsulated JPEG file with changed pixel data."""

    def make() -> bytes:
        content = as_bytes(coded("jpeg", BYTES))
        place = content.index(ITEM)
        return content[:place] + change(content[place:])

    return make


def fragment_length(change):
    def alter(pixels: bytes) -> bytes:
        place = pixels.index(ITEM, 4) + 4
        (length,) = struct.unpack_from("<I", pixels, place)
        return pixels[:place] + struct.pack("<I", change(length)) + pixels[place + 4 :]

    return body(alter)


def rle_words(*words: int) -> bytes:
    return struct.pack("<16I", *words, *[0] * (16 - len(words)))


def extended_lies() -> bytes:
    made = two_jpegs(offsets="extended")
    made.ExtendedOffsetTable = struct.pack("<QQ", 1 << 40, 7)
    return as_bytes(made)


def huge(syntax: str, stream: bytes):
    return streams(syntax, BYTES, stream, Rows=60000, Columns=60000)


RECIPES = {
    **{
        f"cut-{name}": cut(name)
        for name in (
            "rle",
            "jpeg",
            "jpeg-progressive",
            "jpeg-lossless",
            "jpeg-ls",
            "jpeg-2000",
            "htj2k",
            "jpeg-xl",
            "encapsulated-uncompressed",
            "deflated-frame",
        )
    },
    "cut-jpeg-lossless-16": cut("jpeg-lossless", RAMP),
    "cut-jpeg-ls-16": cut("jpeg-ls", RAMP),
    "cut-the-end-marker": streams("jpeg", BYTES, JPEG[:-2]),
    "jpeg": whole("jpeg"),
    "jpeg-with-padding": streams("jpeg", BYTES, JPEG + bytes(10)),
    "jpeg-with-fill-bytes": streams("jpeg", BYTES, JPEG[:-2] + b"\xff\xff\xff" + JPEG[-2:]),
    "jpeg-garbage": streams("jpeg", BYTES, b"\xff\xd8" + b"\x11" * 600 + b"\xff\xd9"),
    "jpeg-empty": body(lambda pixels: (ITEM + bytes(4)) * 2 + END),
    "jpeg-only-markers": streams("jpeg", BYTES, b"\xff\xd8\xff\xd9"),
    "jpeg-of-128-rows-in-64": streams("jpeg", BYTES, sof(128, 128)),
    "jpeg-of-64-rows-in-128": streams("jpeg", BYTES, JPEG, Rows=128, Columns=128),
    "jpeg-bomb": huge("jpeg", sof(60000, 60000)),
    "jpeg-of-color-in-gray": streams("jpeg", BYTES, encoded("jpeg", BYTES[..., None].repeat(3, 2))),
    "jpeg-12-bit-in-8": streams("jpeg", BYTES, encoded("jpeg-12", RAMP)),
    "jpeg-zero-rows": streams("jpeg", BYTES, sof(0, 64)),
    "jpeg-ls-of-32-rows": streams("jpeg-ls", RAMP, encoded("jpeg-ls", RAMP[:32])),
    "jpeg-ls-damaged": streams("jpeg-ls", RAMP, JPEG_LS[:300] + bytes(64) + JPEG_LS[364:]),
    "jpeg-2000-bomb": huge("jpeg-2000", siz(60000, 60000)),
    "jpeg-2000-garbage": streams("jpeg-2000", BYTES, b"\xff\x4f\xff\x51" + b"\x5a" * 500),
    "jpeg-2000-of-32-rows": streams("jpeg-2000", BYTES, encoded("jpeg-2000", BYTES[:32])),
    "jpeg-2000-of-16-bits-in-8": streams("jpeg-2000", BYTES, encoded("jpeg-2000", RAMP)),
    "jpeg-xl-garbage": streams("jpeg-xl", BYTES, b"\xff\x0a" + b"\x5a" * 500),
    "rle": whole("rle"),
    "rle-no-segments": streams("rle", BYTES, bytes(84)),
    "rle-too-many-segments": streams("rle", BYTES, rle_words(3, 64, 64, 64) + RLE[64:]),
    "rle-offset-beyond-the-end": streams("rle", BYTES, rle_words(1, 1 << 30) + RLE[64:]),
    "rle-offset-in-the-header": streams("rle", BYTES, rle_words(1, 4) + RLE[64:]),
    "rle-bomb": streams("rle", BYTES, rle_words(1, 64) + b"\x81\0" * 40000),
    "rle-header-only": streams("rle", BYTES, rle_words(1, 64)),
    "rle-partial-header": streams("rle", BYTES, rle_words(1, 64)[:30]),
    "rle-segments-swapped": streams("rle", RAMP, rle_frame([RAMP.tobytes()[:4096]])),
    "offsets-beyond-the-end": offset_table(0, 0xFFFFFFF0),
    "offsets-reversed": offset_table(700, 0),
    "offsets-the-same": offset_table(0, 0),
    "offsets-between-fragments": offset_table(0, 33),
    "offsets-extended-wrong": extended_lies,
    "frames-3-of-2-streams": lambda: as_bytes(
        encapsulated(monochrome(np.stack([BYTES] * 3)), SYNTAX["jpeg"], [JPEG, JPEG])
    ),
    "frames-1-of-2-streams": streams("jpeg", BYTES, JPEG, JPEG),
    "frames-1-of-2-streams-no-offsets": streams("jpeg", BYTES, JPEG, JPEG, offsets="empty"),
    "trailing-junk-fragments": streams(
        "jpeg", BYTES, JPEG, bytes(100), b"\xff" * 64, offsets="empty"
    ),
    "frames-0-encapsulated": streams("jpeg", BYTES, JPEG, NumberOfFrames=0),
    "frames-as-text-encapsulated": lambda: as_bytes(
        encapsulated(monochrome(BYTES, NumberOfFrames="12345678"), SYNTAX["jpeg"], [JPEG])
    ).replace(b"12345678", b"one     "),
    "frames-a-billion-encapsulated": streams("jpeg", BYTES, JPEG, NumberOfFrames=1000000000),
    "no-fragments": body(lambda pixels: ITEM + bytes(4)),
    "no-fragments-only-delimiter": body(lambda pixels: ITEM + bytes(4) + END),
    "no-items": body(lambda pixels: END),
    "fragment-truncated": body(lambda pixels: pixels[:-700]),
    "fragment-longer-than-the-file": fragment_length(lambda length: 0x7FFFFFFE),
    "fragment-of-undefined-length": fragment_length(lambda length: 0xFFFFFFFF),
    "fragment-shorter-than-its-stream": fragment_length(lambda length: length - 100),
    "no-sequence-delimiter": body(lambda pixels: pixels[: -len(END)]),
    "bytes-between-fragments": body(lambda pixels: pixels[:12] + b"??" + pixels[12:]),
    "offset-table-of-3-bytes": body(
        lambda pixels: ITEM + struct.pack("<I", 3) + b"\0\0\0" + pixels[12:]
    ),
}
