"""Pixels in a private element: the encoding PMSCT_RLE1 of Philips and Elscint CT scanners.

Such a file is whole, but has no Pixel Data (7FE0,0010).  (07A1,100A) of private creator ELSCINT1
has the pixels in two layers of a byte code, and (07A1,1011) its name.  There is no specification;
readers agree on this:

* the outer layer packs bytes: ``a5 n v`` stands for ``n + 1`` times ``v``, any other byte for
  itself;
* the inner layer codes 16-bit pixels: ``5a l h`` is the pixel ``h * 256 + l``, any other byte the
  signed difference from the pixel before it, which is 0 at first.
"""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray

from dcmconv.plugin import InputError, UnsupportedError
from dcmconv_builtins.dicom.file.elements import Elements
from dcmconv_builtins.dicom.file.part10 import Part10, PixelElement
from dcmconv_builtins.dicom.hints import DAMAGED

__all__ = ["decode_pmsct_rle1", "with_private_pixels"]

_CREATOR = "ELSCINT1"
_GROUP = 0x07A1
_PIXELS, _ENCODING = 0x0A, 0x11
_RUN, _PIXEL = 0xA5, 0x5A
_MOST_BYTES = 3 * 65535 * 65535
"""Of the inner layer: three for each pixel of the largest frame."""


def with_private_pixels(part10: Part10) -> Part10:
    """Return a file whose private pixels are decoded as its Pixel Data; others unchanged.

    Raises
    ------
    InputError
        If the element is damaged.
    UnsupportedError
        If it is encoded in another way.
    """
    if part10.pixels is not None or part10.is_cut:
        return part10
    block = _find_block(part10.top)
    if block is None:
        return part10
    encoding = part10.top.text(f"{block}{_ENCODING:02X}")
    where = f"({block}{_PIXELS:02X})"
    if encoding != "PMSCT_RLE1":
        name = f"{encoding!r:.18}" if encoding.replace("_", "").isalnum() else "an unknown encoding"
        raise UnsupportedError(
            f"the pixels are in the private element {where} of {_CREATOR}, in {name}; expected "
            "Pixel Data (7FE0,0010).",
            hint="Ask the sender for an export without private compression.",
        )
    pixels = _as_many_as_described(
        decode_pmsct_rle1(part10.top.data(f"{block}{_PIXELS:02X}")), part10.top, where
    )
    part10.top.notes.add(
        f"the pixels are in the private element {where} of {_CREATOR}, in the encoding PMSCT_RLE1, "
        "which has no public specification; decoded them."
    )
    content = pixels.astype("<u2").tobytes()
    length = len(content)
    return part10._replace(
        stream=io.BytesIO(content),
        pixels=PixelElement("PixelData", "OW", 0, length, length),
        # Native pixels, in the byte order that they were just given.
        encoding=part10.encoding._replace(is_little_endian=True),
        transfer_syntax="1.2.840.10008.1.2.1",
    )


def decode_pmsct_rle1(content: bytes) -> NDArray[np.uint16]:
    """Return the pixels of PMSCT_RLE1: uint16 array of shape (n,), new.

    Raises
    ------
    InputError
        If a code is incomplete.

    >>> decode_pmsct_rle1(bytes.fromhex("5a 00 04 01 ff a5 02 02")).tolist()
    [1024, 1025, 1024, 1026, 1028, 1030]
    """
    inner = _without_runs(content)
    pieces, position, last = [], 0, 0
    while position < len(inner):
        if inner[position] == _PIXEL:
            if position + 3 > len(inner):
                raise _damaged()
            last = inner[position + 1] | inner[position + 2] << 8
            pieces.append(np.array([last], np.int64))
            position += 3
            continue
        end = inner.find(_PIXEL, position)
        end = len(inner) if end < 0 else end
        steps = np.frombuffer(inner, np.int8, end - position, position)
        pieces.append(last + np.cumsum(steps, dtype=np.int64))
        last, position = int(pieces[-1][-1]), end
    joined = np.concatenate(pieces) if pieces else np.zeros(0, np.int64)
    return joined.astype(np.uint16)


def _as_many_as_described(
    pixels: NDArray[np.uint16], top: Elements, where: str
) -> NDArray[np.uint16]:
    sizes = [top.number(word) or 0 for word in ("Rows", "Columns")]
    frames = top.number("NumberOfFrames") or 1
    expected = int(sizes[0] * sizes[1] * max(frames, 1))
    # The byte that pads an element to an even length is one more pixel in the inner layer.
    if expected and len(pixels) not in (expected, expected + 1):
        raise InputError(
            f"the private element {where} of {_CREATOR}, in PMSCT_RLE1, has {len(pixels)} pixels; "
            f"Rows (0028,0010) and Columns (0028,0011) need {expected}.",
            hint=DAMAGED,
            reason="mismatch",
        )
    return pixels[:expected] if expected else pixels


def _without_runs(content: bytes) -> bytes:
    made, position = bytearray(), 0
    while (run := content.find(_RUN, position)) >= 0:
        made += content[position:run]
        if run + 3 > len(content):
            raise _damaged()
        made += content[run + 2 : run + 3] * (content[run + 1] + 1)
        if len(made) > _MOST_BYTES:
            raise _damaged()
        position = run + 3
    return bytes(made + content[position:])


def _find_block(top: Elements) -> str | None:
    """Return group and block of the private elements, such as ``07A1,10`` (PS3.5 7.8.1)."""
    numbers = {tag & 0xFFFF for tag in top.tags if tag >> 16 == _GROUP}
    for block in sorted(number for number in numbers if 0x10 <= number <= 0xFF):
        has_pixels = block << 8 | _PIXELS in numbers
        if has_pixels and top.text(f"{_GROUP:04X},{block:04X}") == _CREATOR:
            return f"{_GROUP:04X},{block:02X}"
    return None


def _damaged() -> InputError:
    return InputError("the private pixels in PMSCT_RLE1 end in the middle of a code.", hint=DAMAGED)
