"""Files whose pixels leave a doubt that only the content can settle."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import FileDataset
from pydicom.uid import ExplicitVRBigEndian, ImplicitVRLittleEndian

from support.dicom_files import as_bytes, changed, encapsulated, monochrome
from support.reading import explicit_element, recoded, with_bytes

RUN, PIXEL = 0xA5, 0x5A


def flattened(*parts: FileDataset) -> bytes:
    """Return the first file, followed by group 0028 and the pixels of each of the others."""
    content = as_bytes(parts[0])
    for part in parts[1:]:
        whole = as_bytes(part)
        content += whole[whole.index(b"\x28\0\x02\0US") :]
    return content


def thumbnail(side: int = 8, *, dtype: Any = np.uint8) -> FileDataset:
    """Return a small Instance of one gray level."""
    return monochrome(np.full((side, side), 200, dtype))


def big_endian(values: NDArray[Any], *, low_word_first: bool, **attributes: Any) -> bytes:
    """Return an Explicit VR Big Endian file of cells of 32 or 64 bits in OW."""
    made = changed(monochrome(values), **attributes)
    if values.ndim == 3:
        made.NumberOfFrames = len(values)
    if low_word_first:
        content = values.astype(values.dtype.newbyteorder("<")).view("<u2").astype(">u2").tobytes()
    else:
        content = values.astype(values.dtype.newbyteorder(">")).tobytes()
    # pydicom writes the bytes of Pixel Data as they are.
    made.PixelData = content
    made["PixelData"].VR = "OW"
    return recoded(made, ExplicitVRBigEndian)


def ge_private(dataset: FileDataset, pixels: bytes) -> bytes:
    """Return an implicit little endian file that GE's private Transfer Syntax UID names."""
    dataset.PixelData = pixels
    content = recoded(dataset, ImplicitVRLittleEndian)
    syntax = explicit_element(0x0002, 0x0010, b"UI", b"1.2.840.10008.1.2\0")
    private = explicit_element(0x0002, 0x0010, b"UI", b"1.2.840.113619.5.2")
    return with_bytes(content, syntax, private)


def pmsct_rle1(pixels: Iterable[int]) -> bytes:
    """Encode pixels: differences where they fit in a byte, then runs of at least three bytes."""
    inner, last = bytearray(), 0
    for pixel in pixels:
        step = pixel - last
        is_plain = -128 <= step <= 127 and step & 0xFF not in (PIXEL, RUN)
        inner += bytes([step & 0xFF]) if is_plain else struct.pack("<BH", PIXEL, pixel)
        last = pixel
    packed, position = bytearray(), 0
    while position < len(inner):
        value, end = inner[position], position
        while end < min(len(inner), position + 256) and inner[end] == value:
            end += 1
        length = end - position
        # A byte that starts a run has to be packed, even alone.
        is_run = length > 2 or value == RUN
        packed += bytes([RUN, length - 1, value]) if is_run else bytes([value]) * length
        position = end
    return bytes(packed) + b"\0" * (len(packed) % 2)


def with_private_pixels(
    pixels: NDArray[Any], content: bytes, encoding: str = "PMSCT_RLE1", **attributes: Any
) -> FileDataset:
    """Return an Instance without Pixel Data whose pixels are in (07A1,100A)."""
    made = monochrome(pixels, PixelData=None, **attributes)
    block = made.private_block(0x07A1, "ELSCINT1", create=True)
    block.add_new(0x0A, "OB", content)
    block.add_new(0x11, "CS", encoding)
    return made


def shifted(values: NDArray[Any], **attributes: Any) -> FileDataset:
    """Return an Instance of 12 bits stored whose High Bit is 15."""
    return monochrome(values, **{"BitsStored": 12, "HighBit": 15, **attributes})


def without_frame_count(dataset: FileDataset, streams: list[bytes], syntax: str) -> FileDataset:
    """Return encapsulated pixels without an offset table and without Number of Frames."""
    return changed(encapsulated(dataset, syntax, streams, offsets="empty"), NumberOfFrames=None)
