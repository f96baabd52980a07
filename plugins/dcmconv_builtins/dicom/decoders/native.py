"""Native pixels: slices of the element, by the rules of PS3.5 8.1.1, 8.2 and Annex D.

Frames follow each other without padding, so that a frame of 1-bit pixels may start within a byte,
and one of 8-bit pixels in big endian words within a word.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dcmconv.plugin import DecodedFrame, Decoder, FrameDescription, InputError, UnsupportedError
from dcmconv_builtins.dicom.decoders.decoded import (
    Decoded,
    contiguous,
    interleaved,
    only_jpeg2000_has,
    surplus_note,
    truncated,
)
from dcmconv_builtins.dicom.decoders.syntaxes import NATIVE, UNCOMPRESSED, uids_of
from dcmconv_builtins.dicom.hints import DAMAGED
from dcmconv_builtins.dicom.pixels.pixel_description import PixelDescription

__all__ = [
    "NativeSpan",
    "Uncompressed",
    "as_laid_out",
    "as_pixel_description",
    "color_of_samples",
    "decode_native",
    "frame_bytes",
    "native_span",
]


CLEAR = 0.05
"""The least share of pixels that decides."""


class NativeSpan(NamedTuple):
    """A frame in its element: ``length`` bytes at ``start``, and the first bit of them to use."""

    start: int
    length: int
    first_bit: int = 0


def frame_bytes(description: PixelDescription) -> int:
    """Return how many bytes one native frame takes on its own."""
    return (description.frame_bits + 7) // 8


def native_span(
    description: PixelDescription, frame_index: int, *, big_endian: bool = False
) -> NativeSpan:
    """Return which bytes of the pixel data element hold one frame, counted from 0.

    Pass those bytes and ``first_bit`` to ``decode_frame``.
    """
    bits = description.frame_bits
    unit = 16 if big_endian and _is_word_swapped(description) else 8
    first, end = frame_index * bits, (frame_index + 1) * bits
    start = first // unit
    length = -(-end // unit) - start
    return NativeSpan(start * unit // 8, length * unit // 8, first - start * unit)


def as_laid_out(
    description: PixelDescription, element_bytes: int
) -> tuple[PixelDescription, tuple[str, ...]]:
    """Follow the length of the element if it contradicts how halved chroma is described.

    Returns
    -------
    PixelDescription, tuple of str
        With ``YBR_FULL`` for halved chroma if each pixel has one more sample, or with
        ``has_even_rows`` if odd rows are padded to whole pairs; and a note.
    """
    if not description.is_chroma_halved or _has_length(description, element_bytes):
        return description, ()
    named = description.photometric_interpretation
    full = replace(description, photometric_interpretation="YBR_FULL")
    if _has_length(full, element_bytes):
        found = f"Photometric Interpretation (0028,0004) is {named}"
        return full, (f"{found}, but the length is that of three samples per pixel",)
    even = replace(description, has_even_rows=True)
    if _has_length(even, element_bytes):
        columns = f"{description.columns} pixels in {named}"
        note = f"rows of {columns} are padded to {even.stored_columns}, as the length shows"
        return even, (note,)
    return description, ()


def color_of_samples(values: NDArray[Any], *, bits: int) -> Literal["RGB", "YBR_FULL", ""]:
    """Return what three full samples per pixel are, where the pixels leave no doubt.

    Pictures have gray pixels, text and background above all: red, green and blue are equal in RGB,
    and both chrominances are in the middle in YBR.  Without them, RGB read as YBR has colors that
    cannot be displayed.

    Parameters
    ----------
    values : unsigned integer array, shape (..., 3)
        As stored.
    bits : int
        Bits Stored.

    Returns
    -------
    str
        Empty if both are possible.
    """
    # Signed: a chrominance below the middle must not wrap around.
    first, second, third = (values[..., number].astype(np.int32) for number in range(3))
    middle, top = 1 << (bits - 1), (1 << bits) - 1
    gray_rgb = (first == second) & (second == third)
    gray_ybr = (second == middle) & (third == middle)
    only_rgb, only_ybr = (gray_rgb & ~gray_ybr).mean(), (gray_ybr & ~gray_rgb).mean()
    if max(only_rgb, only_ybr) >= CLEAR and min(only_rgb, only_ybr) <= max(only_rgb, only_ybr) / 10:
        return "RGB" if only_rgb > only_ybr else "YBR_FULL"
    # Red and blue by the standard's matrix (PS3.3 C.7.6.3.1.2), with room for rounding.
    room = top // 16
    red, blue = first + 1.402 * (third - middle), first + 1.772 * (second - middle)
    outside = (np.minimum(red, blue) < -room) | (np.maximum(red, blue) > top + room)
    return "RGB" if outside.mean() >= CLEAR and only_ybr < CLEAR else ""


def decode_native(
    stream: bytes,
    description: PixelDescription,
    *,
    big_endian: bool = False,
    first_bit: int = 0,
) -> Decoded:
    """Read one frame from the bytes of its span.

    Returns
    -------
    Decoded
        ``YBR_FULL_422`` becomes full-width ``YBR_FULL`` by repeating chroma; 1-bit pixels become
        uint8 0 and 1; planes become pixels.

    Raises
    ------
    InputError
        If there are too few bytes (``reason="truncated"``).
    UnsupportedError
        If Bits Allocated is not 1, 8, 16, 32 or 64.
    """
    if big_endian and _is_word_swapped(description):
        stream = np.frombuffer(stream[: len(stream) // 2 * 2], "<u2").byteswap().tobytes()
        # Now every word is little endian, and so are cells of several words.
        big_endian = False
    if first_bit + description.frame_bits > len(stream) * 8:
        needed = (first_bit + description.frame_bits + 7) // 8
        raise truncated("native", f"it has {len(stream)} of {needed} bytes")
    flat = _samples(stream, description, big_endian=big_endian, first_bit=first_bit)
    photometric = description.photometric_interpretation
    if description.is_chroma_halved:
        values = _repeat_chroma(flat, description)
        photometric = "YBR_FULL" if photometric == "YBR_FULL_422" else photometric
    elif description.samples_per_pixel > 1 and description.planar_configuration == 1:
        planes = flat.reshape(description.samples_per_pixel, description.rows, description.columns)
        values = interleaved(planes)
    else:
        values = flat.reshape(description.shape)
    return Decoded(
        values=contiguous(values),
        photometric_interpretation=photometric,
        decoder=NATIVE.decoder,
        notes=only_jpeg2000_has(photometric),
    )


def as_pixel_description(description: FrameDescription) -> PixelDescription:
    """Return the description of a reader's own kind, which native layouts need."""
    if isinstance(description, PixelDescription):
        return description
    return PixelDescription(**vars(description), high_bit=description.bits_stored - 1)


@dataclass(frozen=True, kw_only=True)
class Uncompressed(Decoder):
    """Uncompressed pixels in fragments, by numpy."""

    transfer_syntaxes = uids_of(UNCOMPRESSED)

    def decode(
        self, stream: bytes, description: FrameDescription, transfer_syntax: str
    ) -> DecodedFrame:
        """Read one frame; raises as ``decode_native``."""
        described = as_pixel_description(description)
        length = frame_bytes(described)
        if 2 * len(stream) >= 3 * length and len(stream) > length + 1:
            # Padding is fine; several frames in one stream, or chroma that is not shared, are not.
            raise InputError(
                f"the stream has {len(stream)} bytes; a frame needs {length}.",
                hint=DAMAGED,
                reason="mismatch",
            )
        decoded = decode_native(stream, described)
        surplus = len(bytes(stream[length:]).rstrip(b"\0\xff"))
        return replace(decoded, notes=decoded.notes + surplus_note(surplus))


def _has_length(description: PixelDescription, element_bytes: int) -> bool:
    needed = (description.frame_count * description.frame_bits + 7) // 8
    # An element has an even length, so a byte of padding may follow (PS3.5 7.1.1).
    return needed in (element_bytes, element_bytes - 1)


def _is_word_swapped(description: PixelDescription) -> bool:
    """Return whether big endian pixels are in words of another size than theirs."""
    # PS3.5 A.3: OW is big endian by 16-bit words, even if pixels are smaller or larger.
    is_small = description.bits_allocated <= 8 and description.value_representation == "OW"
    return is_small or description.has_low_word_first


def _samples(
    stream: bytes, description: PixelDescription, *, big_endian: bool, first_bit: int
) -> NDArray[Any]:
    count = description.frame_bits // description.bits_allocated
    if description.bits_allocated == 1:
        # PS3.5 8.1.1: the first pixel is the lowest bit of the first byte.
        bits = np.unpackbits(np.frombuffer(stream, np.uint8), bitorder="little")
        return bits[first_bit : first_bit + count]
    return np.frombuffer(stream, _dtype(description, big_endian), count, first_bit // 8)


def _dtype(description: PixelDescription, big_endian: bool) -> np.dtype[Any]:
    if description.bits_allocated not in (8, 16, 32, 64):
        raise UnsupportedError(
            f"Bits Allocated (0028,0100) is {description.bits_allocated}; "
            "expected 1, 8, 16, 32 or 64.",
            hint="Convert the file with a tool that reads packed pixels, such as gdcmconv --raw.",
        )
    integer = "i" if description.is_signed else "u"
    kind = integer if description.number_type == "integer" else "f"
    return np.dtype(f"{'>' if big_endian else '<'}{kind}{description.bits_allocated // 8}")


def _repeat_chroma(flat: NDArray[Any], description: PixelDescription) -> NDArray[Any]:
    """Spread Y Y Cb Cr over two pixels (PS3.3 C.7.6.3.1.2); in odd rows a pair spans two rows."""
    columns = description.stored_columns
    pixels = description.rows * columns
    pairs = flat[: pixels // 2 * 4].reshape(-1, 4)
    spread = np.empty((pixels, 3), flat.dtype)
    left, right = spread[: pixels // 2 * 2 : 2], spread[1::2]
    # Sample by sample: a tenth of the time that an inner loop over two or three of them takes.
    left[:, 0], right[:, 0] = pairs[:, 0], pairs[:, 1]
    for chroma in (1, 2):
        left[:, chroma] = right[:, chroma] = pairs[:, chroma + 1]
    if pixels % 2:
        # The last pixel of an odd count has no partner: it keeps its luminance and takes its
        # neighbor's chroma.
        spread[-1, 0] = flat[-2]
        spread[-1, 1:] = spread[-2, 1:] if pixels > 1 else 1 << (description.bits_stored - 1)
    return spread.reshape(description.rows, columns, 3)[:, : description.columns]
