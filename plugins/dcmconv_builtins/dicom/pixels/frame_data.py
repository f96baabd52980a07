"""The frames of an Instance, read and decoded one at a time (PS3.5 8, A.4).

Native frames are slices of the pixel data element, encapsulated ones are codestreams in fragments,
and a video is one stream for all frames.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from dcmconv.plugin import InputError, NamedDecoder
from dcmconv_builtins.dicom.decoders import (
    Decoded,
    VideoFrames,
    decode_with,
    get_transfer_syntax,
    native_span,
    pinned_decoder,
)
from dcmconv_builtins.dicom.decoders.identify import identify_stream
from dcmconv_builtins.dicom.decoders.jpeg import JPEG_BASELINE, is_ordinary
from dcmconv_builtins.dicom.decoders.syntaxes import (
    GE_PRIVATE,
    JPEG_LS,
    REFUSED,
    RLE,
    SYNTAXES,
    VIDEO,
    TransferSyntax,
    uids_of,
)
from dcmconv_builtins.dicom.file.bounded_stream import read_span
from dcmconv_builtins.dicom.file.elements import named
from dcmconv_builtins.dicom.file.part10 import Part10, PixelElement
from dcmconv_builtins.dicom.pixels.encapsulation import Encapsulated, ExtendedOffsets
from dcmconv_builtins.dicom.pixels.fragments import ITEM
from dcmconv_builtins.dicom.pixels.image_pixel import header_frame_count
from dcmconv_builtins.dicom.pixels.native_frames import (
    decide_color,
    fit_to_length,
    open_native,
    why_unknown,
)
from dcmconv_builtins.dicom.pixels.pixel_description import PixelDescription
from dcmconv_builtins.dicom.read_options import ReadOptions

__all__ = ["FrameData", "JpegCopies", "VideoFrameData", "find_jpeg_copies", "open_frame_data"]

DEFAULTS = ReadOptions()
_FULL_SAMPLES = dict.fromkeys(uids_of(RLE), "RLE") | dict.fromkeys(uids_of(JPEG_LS), "JPEG-LS")
"""Formats that cannot share chroma between pixels and do not name their own color."""


class FrameData(Protocol):
    """Frames that can be decoded in any order; ``description.frame_count`` says how many."""

    description: PixelDescription
    decoder: str
    salvaged: str
    """A description of the announced frames that are missing; empty if there are none."""

    def read_frame(self, frame_index: int) -> Decoded:
        """Decode one frame, counted from 0."""
        ...

    def close(self) -> None:
        """Release the decoder; the file is not closed."""
        ...


def open_frame_data(
    part10: Part10,
    pixels: PixelElement,
    description: PixelDescription,
    *,
    options: ReadOptions = DEFAULTS,
    salvage: bool = False,
) -> FrameData:
    """Find the frames of a pixel data element; nothing is decoded yet.

    With ``salvage``, missing bytes are not an error: the frames that are there can be read.
    The decoders of ``options`` replace the pinned ones of their Transfer Syntaxes.

    Raises
    ------
    UnsupportedError
        If nothing installed decodes the Transfer Syntax.
    InputError
        If bytes are missing, or the element is not encoded as its Transfer Syntax says.
    """
    uid = part10.transfer_syntax
    chosen = options.decoders.get(uid)
    is_encapsulated = pixels.length is None or _holds_items(part10, pixels, description)
    if chosen is not None and is_encapsulated:
        decoding = _Decoding(chosen, uid, salvage, is_chosen=True)
        return _open_encapsulated(part10, pixels, description, decoding, options.color)
    known = SYNTAXES.get(uid)
    if is_encapsulated and uid not in REFUSED and (known is None or known.coding == "native"):
        decoding = _decoding_of_stream(part10, pixels, description, salvage=salvage)
        return _open_encapsulated(part10, pixels, description, decoding, options.color)
    syntax = get_transfer_syntax(uid)
    if syntax.coding == "native":
        if uid == GE_PRIVATE:
            # The big endian pixels of a little endian dataset: bytes are not in words.
            description = replace(description, value_representation="OB")
        fitted = fit_to_length(part10, pixels, description, options.color)
        return open_native(part10, pixels, fitted, salvage=salvage)
    if not is_encapsulated:
        part10.top.notes.add(
            f"Transfer Syntax UID (0002,0010) is {syntax.name}, but Pixel Data (7FE0,0010) is not "
            "encapsulated; read it as native pixels, because it has exactly their length."
        )
        fitted = fit_to_length(part10, pixels, description, options.color)
        return open_native(part10, pixels, fitted, exactly=True)
    if syntax.coding == "video":
        return VideoFrameData(_find_streams(part10, pixels, 1, salvage=salvage), description)
    decoding = _pinned(syntax, salvage=salvage)
    return _open_encapsulated(part10, pixels, description, decoding, options.color)


def _holds_items(part10: Part10, pixels: PixelElement, description: PixelDescription) -> bool:
    """Return whether an element of defined length holds fragments: not allowed, but found."""
    last = native_span(description, description.frame_count - 1)
    needed = last.start + last.length
    # Native pixels of the right length may have the bytes of an item tag by chance.
    if pixels.length in (None, needed, needed + 1):
        return False
    return bytes(read_span(part10.stream, pixels.offset, len(ITEM))) == ITEM


def _decoding_of_stream(
    part10: Part10, pixels: PixelElement, description: PixelDescription, *, salvage: bool
) -> _Decoding:
    """Return how to decode encapsulated pixels whose Transfer Syntax has none or is not known."""
    known = SYNTAXES.get(part10.transfer_syntax)
    # Only the start of the first stream matters here; missing frames do not.
    encapsulated = Encapsulated(part10.stream, pixels.offset, salvage=True)
    stream = encapsulated.stream(0)
    found = identify_stream(stream, description)
    if found is None and known is None:
        # Raises an error that says what is known about this Transfer Syntax.
        get_transfer_syntax(part10.transfer_syntax)
    missing = not part10.meta.text("TransferSyntaxUID")
    shown = "missing" if missing else repr(part10.transfer_syntax)
    if known is not None and not missing:
        shown = f"{known.name} ({known.uid})"
    subject = f"Transfer Syntax UID (0002,0010) is {shown}"
    if found is None:
        raise InputError(
            f"{subject}, but Pixel Data (7FE0,0010) is encapsulated, in a format that its first "
            f"bytes do not show ({bytes(stream[:4]).hex(' ') or 'no bytes'}).",
            hint="Ask the sender for a file whose Transfer Syntax UID matches its pixels.",
        )
    part10.top.notes.add(f"{subject}, but the stream is {found.name}; decoded it as that.")
    return _pinned(found, salvage=salvage)


@dataclass(frozen=True)
class _Decoding:
    """What decodes the frames: a decoder, the Transfer Syntax for it, and whether that is sure."""

    decoder: NamedDecoder
    transfer_syntax: str
    salvage: bool
    is_chosen: bool = False
    notes: tuple[str, ...] = ()

    def decode(self, stream: bytes, description: PixelDescription, *, salvage: bool) -> Decoded:
        """Decode one frame."""
        return decode_with(self.decoder, stream, description, self.transfer_syntax, salvage=salvage)

    def other_than_named(self, stream: bytes, description: PixelDescription) -> _Decoding | None:
        """Return how to decode a stream that is in another format than the file says."""
        found = None if self.is_chosen else identify_stream(stream, description)
        if found is None or found.uid in self.decoder.decoder.transfer_syntaxes:
            return None
        named = f"{SYNTAXES[self.transfer_syntax].name} ({self.transfer_syntax})"
        note = f"Transfer Syntax UID (0002,0010) is {named}, but the stream is {found.name}"
        return _pinned(found, salvage=self.salvage, notes=(f"{note}; decoded it as that",))


def _pinned(syntax: TransferSyntax, *, salvage: bool, notes: tuple[str, ...] = ()) -> _Decoding:
    codec = get_transfer_syntax(syntax.uid).codec
    return _Decoding(pinned_decoder(codec), syntax.uid, salvage, notes=notes)


class EncapsulatedFrames:
    """Frames that are codestreams; only the bytes of the frame are read."""

    def __init__(
        self,
        encapsulated: Encapsulated,
        description: PixelDescription,
        decoding: _Decoding,
    ) -> None:
        announced, there = description.frame_count, encapsulated.frame_count
        self.description = replace(description, frame_count=there)
        self.salvaged = "" if announced == there else f"{there} of {announced} frames are there"
        self.decoder = decoding.decoder.name
        self._encapsulated = encapsulated
        self._decoding = decoding

    def read_frame(self, frame_index: int) -> Decoded:
        """Decode one frame; one that is in another Transfer Syntax says so itself."""
        stream, decoding = self._encapsulated.stream(frame_index), self._decoding
        try:
            return decoding.decode(stream, self.description, salvage=False)
        except InputError:
            found = decoding.other_than_named(stream, self.description)
            if found is None and not decoding.salvage:
                raise
        if found is None:
            return decoding.decode(stream, self.description, salvage=True)
        decoded = found.decode(stream, self.description, salvage=decoding.salvage)
        return replace(decoded, notes=(*found.notes, *decoded.notes))

    def codestream(self, frame_index: int) -> bytes:
        """Return the codestream of one frame, counted from 0."""
        return self._encapsulated.stream(frame_index)

    def close(self) -> None:
        """Do nothing: there is no decoder to release."""


class JpegCopies:
    """Frames in JPEG baseline that are pictures already, and can be copied (PS3.5 8.2.1)."""

    def __init__(self, data: EncapsulatedFrames) -> None:
        self._data = data

    def stream(self, frame_index: int) -> bytes | None:
        """Return the stream of a frame, counted from 0; None if some viewers would show it wrong.

        Raises
        ------
        InputError
            If its stream has no end, cannot be decoded, or is not what the header describes.
        """
        stream = self._data.codestream(frame_index)
        return stream if is_ordinary(stream, self._data.description) else None


def find_jpeg_copies(data: FrameData, transfer_syntax: str) -> JpegCopies | None:
    """Return the frames that are color pictures in JPEG baseline; None if they are not."""
    if transfer_syntax != JPEG_BASELINE or data.description.samples_per_pixel != 3:
        return None
    return JpegCopies(data) if isinstance(data, EncapsulatedFrames) else None


class VideoFrameData:
    """Frames of a video, one stream for all of them; cheap to read in ascending order."""

    salvaged = ""

    def __init__(self, encapsulated: Encapsulated, description: PixelDescription) -> None:
        self.description = description
        self.decoder = VIDEO.decoder
        self._frames = VideoFrames(encapsulated.open_stream(), description)

    def read_frame(self, frame_index: int) -> Decoded:
        """Decode the stream up to one frame."""
        return self._frames.read_frame(frame_index)

    def close(self) -> None:
        """Release the decoder."""
        self._frames.close()


def _open_encapsulated(
    part10: Part10,
    pixels: PixelElement,
    description: PixelDescription,
    decoding: _Decoding,
    color: str,
) -> FrameData:
    top = part10.top
    announced = None if header_frame_count(top) is None else description.frame_count
    streams = _find_streams(part10, pixels, announced, salvage=decoding.salvage)
    if announced is None:
        if "NumberOfFrames" in top or streams.frame_count > 1:
            top.notes.add(
                f"Number of Frames (0028,0008) is {why_unknown(top)}; using "
                f"{streams.frame_count}, as many as {named(pixels.keyword)} holds."
            )
        description = replace(description, frame_count=streams.frame_count)
    frames = EncapsulatedFrames(streams, description, decoding)
    stream_format = _FULL_SAMPLES.get(decoding.transfer_syntax)
    if stream_format is None or decoding.is_chosen or not description.is_chroma_halved:
        return frames
    named_color = description.photometric_interpretation
    contradiction = (
        f"Photometric Interpretation (0028,0004) is {named_color}, but the {stream_format} stream "
        "has three samples per pixel"
    )
    found, note = decide_color(frames, description, color, contradiction)
    top.notes.add(f"{note}.")
    described = replace(description, photometric_interpretation=found)
    return EncapsulatedFrames(streams, described, decoding)


def _find_streams(
    part10: Part10, pixels: PixelElement, frame_count: int | None, *, salvage: bool
) -> Encapsulated:
    """Find the codestreams of a number of frames, or of all; a video has one for all."""
    top = part10.top
    offsets, lengths = top.data("ExtendedOffsetTable"), top.data("ExtendedOffsetTableLengths")
    encapsulated = Encapsulated(
        part10.stream,
        pixels.offset,
        frame_count=frame_count,
        extended=ExtendedOffsets(offsets, lengths) if offsets else None,
        salvage=salvage,
    )
    for note in encapsulated.notes:
        top.notes.add(f"{note}.")
    if part10.may_continue_at(encapsulated.end):
        # Rare, and imported only then.
        from dcmconv_builtins.dicom.pixels.second_pixels import check_nothing_follows

        check_nothing_follows(part10, encapsulated.end)
    return encapsulated
