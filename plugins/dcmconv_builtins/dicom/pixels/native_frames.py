"""The frames of native pixels: slices of the pixel data element (PS3.5 8.1, 8.2).

How many frames there are, and how their cells are laid out, is what the header says, unless the
length or the content of the element contradicts it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import BinaryIO, Protocol

from dcmconv.plugin import InputError
from dcmconv_builtins.dicom.decoders import Decoded, as_laid_out, native_span
from dcmconv_builtins.dicom.decoders.native import color_of_samples, decode_native
from dcmconv_builtins.dicom.decoders.syntaxes import NATIVE
from dcmconv_builtins.dicom.file.bounded_stream import read_span
from dcmconv_builtins.dicom.file.elements import Elements, named
from dcmconv_builtins.dicom.file.encoding import KNOWN_VRS, Encoding
from dcmconv_builtins.dicom.file.part10 import Part10, PixelElement
from dcmconv_builtins.dicom.hints import COPY_AGAIN, COPY_OR_SALVAGE
from dcmconv_builtins.dicom.pixels.content import (
    bits_are_bytes,
    in_smoother_word_order,
    is_one_cell_of_several,
)
from dcmconv_builtins.dicom.pixels.image_pixel import header_frame_count
from dcmconv_builtins.dicom.pixels.pixel_description import PixelDescription
from dcmconv_builtins.dicom.pixels.salvage import SalvagedFrames

__all__ = [
    "NativeFrames",
    "decide_color",
    "fit_to_length",
    "is_plain_native",
    "open_native",
    "why_unknown",
]

EXPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"

_FRAMES_TO_LOOK_AT = 8
"""How many frames are checked for their color; the first may be damaged, or without a clear one."""
_COLORS = {"rgb": "RGB", "ybr": "YBR_FULL"}
_HEADER_IS_WRONG = (
    "Number of Frames (0028,0008), Bits Allocated (0028,0100) or the Transfer Syntax is wrong; "
    "ask the sender for a file whose header matches its pixels."
)


class FrameReader(Protocol):
    """Frames that can be decoded in any order."""

    def read_frame(self, frame_index: int) -> Decoded:
        """Decode one frame, counted from 0."""
        ...


class NativeFrames:
    """Frames that are slices of the element; only the bytes of the frame are read."""

    decoder = NATIVE.decoder
    salvaged = ""

    def __init__(
        self,
        stream: BinaryIO,
        start: int,
        description: PixelDescription,
        *,
        is_little_endian: bool = True,
    ) -> None:
        self.description = description
        self._stream = stream
        self._start = start
        self._is_little_endian = is_little_endian

    def read_frame(self, frame_index: int) -> Decoded:
        """Read and unpack one frame."""
        big_endian = not self._is_little_endian
        span = native_span(self.description, frame_index, big_endian=big_endian)
        content = read_span(self._stream, self._start + span.start, span.length)
        return decode_native(
            content, self.description, big_endian=big_endian, first_bit=span.first_bit
        )

    def close(self) -> None:
        """Do nothing: there is no decoder to release."""


def is_plain_native(part10: Part10, pixels: PixelElement, description: PixelDescription) -> bool:
    """Return whether nothing about native pixels is in doubt: the element is the frames, no more.

    Gray, in explicit little endian, of exactly the described length, and nothing follows.  Such
    frames need none of the checks of ``open_frame_data``.
    """
    top = part10.top
    is_counted = "NumberOfFrames" not in top or header_frame_count(top) is not None
    return (
        part10.transfer_syntax == EXPLICIT_LITTLE_ENDIAN
        and not part10.has_big_endian_pixels
        and description.samples_per_pixel == 1
        and is_counted
        and pixels.length == pixels.available
        and (pixels.length or 0) * 8 == description.frame_count * description.frame_bits
    )


def open_native(
    part10: Part10,
    pixels: PixelElement,
    description: PixelDescription,
    *,
    exactly: bool = False,
    salvage: bool = False,
) -> AnyNativeFrames:
    """Find the frames of native pixels; nothing is decoded, unless the header leaves a doubt.

    ``exactly`` accepts no bytes after the last frame; ``salvage`` accepts missing ones.

    Raises
    ------
    InputError
        If bytes are missing, or there is room for more frames than the header says.
    """
    length = pixels.length or 0
    open_frames: OpenFrames = partial(_native_frames, part10, pixels)
    description = _with_frames_of_length(part10.top, description, pixels, open_frames)
    last = native_span(description, description.frame_count - 1)
    needed = last.start + last.length
    found = min(length, pixels.available)
    if needed > found:
        # A length beyond the end of the file is harmless if all pixels are there.
        if length < needed or pixels.available < needed:
            if salvage:
                open_frames = partial(_salvaged_frames, part10, pixels)
                return _in_word_order(part10, description, open_frames)
            raise _wrong_length(description, needed, found, is_cut=length > pixels.available)
    elif length > pixels.available:
        part10.top.notes.add(
            "Pixel Data (7FE0,0010) is longer than the file, but all frames are there."
        )
    # One byte more is the padding to an even length.
    if found > needed + 1:
        # Room for one more frame means that Number of Frames or the size of a pixel is wrong.
        if exactly or ((found - needed) * 8 >= description.frame_bits and not salvage):
            raise _wrong_length(description, needed, found, is_cut=False)
        part10.top.notes.add(
            f"Pixel Data (7FE0,0010) has {found - needed} bytes after the last frame; ignored them."
        )
    _note_what_follows(part10, pixels)
    return _in_word_order(part10, description, open_frames)


AnyNativeFrames = NativeFrames | SalvagedFrames
OpenFrames = Callable[[PixelDescription], AnyNativeFrames]


def _native_frames(
    part10: Part10, pixels: PixelElement, description: PixelDescription
) -> NativeFrames:
    is_little_endian = not part10.has_big_endian_pixels
    return NativeFrames(
        part10.stream, pixels.offset, description, is_little_endian=is_little_endian
    )


def _salvaged_frames(
    part10: Part10, pixels: PixelElement, description: PixelDescription
) -> SalvagedFrames:
    there = min(pixels.length or 0, pixels.available)
    is_little_endian = not part10.has_big_endian_pixels
    place = (part10.stream, pixels.offset, there)
    return SalvagedFrames(*place, description, is_little_endian=is_little_endian)


def _in_word_order(
    part10: Part10, description: PixelDescription, open_frames: OpenFrames
) -> AnyNativeFrames:
    """Open the frames, in the word order that their content has where the header leaves two."""
    is_doubtful = (
        part10.has_big_endian_pixels
        and description.bits_allocated in (32, 64)
        and description.value_representation == "OW"
        and not description.is_float
    )
    frames = open_frames(description)
    if not is_doubtful:
        return frames
    return open_frames(
        in_smoother_word_order(
            frames.description,
            lambda described, index: open_frames(described).read_frame(index).values,
            part10.top.notes,
        )
    )


def fit_to_length(
    part10: Part10, pixels: PixelElement, description: PixelDescription, color: str
) -> PixelDescription:
    """Return the one description that fits the length, where the header itself does not.

    ``color`` is the option of the reader for samples that could be RGB or YBR_FULL.

    Raises
    ------
    InputError
        If the header is impossible for native pixels, or the samples could be both.
    """
    if description.photometric_interpretation == "YBR_PARTIAL_420":
        raise InputError(
            "Photometric Interpretation (0028,0004) is YBR_PARTIAL_420, which the standard allows "
            "only for MPEG; the pixels are native.",
            hint="Ask the sender for a file whose header matches its pixels.",
        )
    laid_out, notes = as_laid_out(description, pixels.length or 0)
    if laid_out.photometric_interpretation != description.photometric_interpretation:
        frames = _native_frames(part10, pixels, laid_out)
        found, note = decide_color(frames, description, color, notes[0])
        laid_out, notes = replace(laid_out, photometric_interpretation=found), (note,)
    for note in notes:
        part10.top.notes.add(f"{note}.")
    return laid_out


def decide_color(
    frames: FrameReader, description: PixelDescription, color: str, contradiction: str
) -> tuple[str, str]:
    """Return what full samples are that the header says are subsampled, and a note.

    Raises
    ------
    InputError
        If their content shows neither RGB nor YBR, and ``color`` names none.
    """
    if color in _COLORS:
        return _COLORS[color], f"{contradiction}; read them as {_COLORS[color]}, as asked for"
    found = _color_by_content(frames, description)
    # The range of YBR_PARTIAL is narrower than that of YBR_FULL; gray pixels do not show which.
    if not found or (found != "RGB" and "PARTIAL" in description.photometric_interpretation):
        raise InputError(
            f"{contradiction}, which could be RGB or YBR_FULL.",
            hint="Choose one with --dicom.color rgb or --dicom.color ybr.",
            reason="mismatch",
        )
    return found, f"{contradiction}; read them as {found}, by their content"


def _color_by_content(frames: FrameReader, description: PixelDescription) -> str:
    """Return what the samples of the first frame that shows it are; empty if none does."""
    failures: list[InputError] = []
    frame_count = min(description.frame_count, _FRAMES_TO_LOOK_AT)
    for frame_index in range(frame_count):
        try:
            values = frames.read_frame(frame_index).values
        except InputError as error:
            failures.append(error)
            continue
        if found := color_of_samples(values, bits=description.bits_stored):
            return found
    if len(failures) == frame_count:
        raise failures[0]
    return ""


def _with_frames_of_length(
    top: Elements, description: PixelDescription, pixels: PixelElement, open_frames: OpenFrames
) -> PixelDescription:
    """Count the frames by the length if Number of Frames is missing or invalid."""
    if header_frame_count(top) is not None:
        return description
    length, bits = pixels.length or 0, description.frame_bits
    frame_count = max(length * 8 // bits, 1)
    if "NumberOfFrames" not in top:
        rest = length - (frame_count * bits + 7) // 8
        if frame_count == 1 or rest not in (0, 1) or length > pixels.available:
            return description
        if description.samples_per_pixel == 1:
            first = open_frames(description).read_frame(0).values
            # Cells of more than one byte read as bytes, or of a byte read as bits.
            is_byte_per_bit = (
                description.bits_allocated == 1 and frame_count % 8 == 0 and bits_are_bytes(first)
            )
            if is_one_cell_of_several(first, frame_count) or is_byte_per_bit:
                return description
    top.notes.add(
        f"Number of Frames (0028,0008) is {why_unknown(top)}; "
        f"using {frame_count}, from the length of {named(pixels.keyword)}."
    )
    return replace(description, frame_count=frame_count)


def why_unknown(top: Elements) -> str:
    """Return what is wrong with Number of Frames (0028,0008) if ``header_frame_count`` is None."""
    if "NumberOfFrames" not in top:
        return "missing"
    return "not a number above 0" if top.texts("NumberOfFrames") else "empty"


def _wrong_length(
    description: PixelDescription, needed: int, found: int, *, is_cut: bool
) -> InputError:
    frames = "frame" if description.frame_count == 1 else "frames"
    copy = COPY_AGAIN if description.frame_count == 1 else COPY_OR_SALVAGE
    return InputError(
        f"Pixel Data (7FE0,0010) has {found} bytes; expected {needed} for "
        f"{description.frame_count} {frames} of {description.columns}x{description.rows} pixels.",
        hint=copy if is_cut else _HEADER_IS_WRONG,
        reason="truncated" if is_cut else "mismatch",
    )


def _note_what_follows(part10: Part10, pixels: PixelElement) -> None:
    """Note bytes after the pixels that are not an element: the file may have been changed.

    A transfer as text, for instance, adds a byte at each line break, and moves all later pixels.
    """
    end = pixels.offset + (pixels.length or 0)
    left = pixels.available - (pixels.length or 0)
    head = bytes(read_span(part10.stream, end, 8)) if left > 1 else b""
    if any(head) and not _begins_element(head, left, part10.encoding):
        part10.top.notes.add(
            f"Pixel Data (7FE0,0010) is followed by {left} bytes that are not elements; "
            "the file may have been changed in a transfer."
        )


def _begins_element(head: bytes, left: int, encoding: Encoding) -> bool:
    if not encoding.is_implicit:
        return head[4:6].decode("latin-1") in KNOWN_VRS
    # Implicit VR is always little endian (PS3.5 A.1).
    return int.from_bytes(head[4:], "little") <= left - 8
