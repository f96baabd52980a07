"""The headers of a JPEG 2000 codestream (ISO/IEC 15444-1 Annex A), High-Throughput included."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from dcmconv.plugin import InputError, UnsupportedError
from dcmconv_builtins.dicom.decoders.decoded import Coded, truncated
from dcmconv_builtins.dicom.decoders.syntaxes import JPEG_2000
from dcmconv_builtins.dicom.hints import ANOTHER_CODEC, DAMAGED

__all__ = [
    "FORMAT",
    "Jpeg2000Header",
    "bare_codestream",
    "closed_codestream",
    "read_jpeg2000_header",
]

FORMAT = "JPEG 2000"
CODING_STYLE = 0xFF52
START_OF_TILE_PART = 0xFF90
START, BOXES = JPEG_2000.starts
END = JPEG_2000.end
SIZES = struct.Struct(">HHIIIIIIIIH")
TAIL = 64


@dataclass(frozen=True, kw_only=True)
class Jpeg2000Header:
    """What the main header says, and how many bytes follow the end marker.

    ``undoes_color`` if the stream uses RCT or ICT.
    """

    coded: Coded
    is_signed: bool
    undoes_color: bool
    surplus: int = 0


def bare_codestream(stream: bytes) -> tuple[bytes, tuple[str, ...]]:
    """Take the codestream out of a JP2 file: not allowed (PS3.5 A.4.4), but found in real files."""
    if not stream.startswith(BOXES):
        return stream, ()
    position = 0
    while position + 8 <= len(stream):
        length = int.from_bytes(stream[position : position + 4], "big")
        kind, header = stream[position + 4 : position + 8], 8
        # ISO/IEC 15444-1 I.4: 1 means a length of 64 bits, 0 a box up to the end of the file.
        if length == 1:
            length, header = int.from_bytes(stream[position + 8 : position + 16], "big"), 16
        if kind == b"jp2c":
            end = position + length if length else len(stream)
            return stream[position + header : end], (
                "the JPEG 2000 stream is wrapped in a JP2 file",
            )
        if length < header:
            break
        position += length
    raise truncated(FORMAT, "its JP2 file contains no codestream")


def read_jpeg2000_header(stream: bytes) -> Jpeg2000Header:
    """Read the main header, and walk the tile-parts to the end marker.

    Raises
    ------
    InputError
        If this is not a codestream, or it ends before its last tile-part (``reason="truncated"``).
    UnsupportedError
        If its components differ in precision or sign.
    """
    if stream[:4] != START:
        raise InputError(
            f"the JPEG 2000 stream starts with {stream[:4].hex(' ') or 'nothing'}; "
            "expected ff 4f ff 51.",
            hint=ANOTHER_CODEC,
            reason="mismatch",
        )
    if len(stream) < 4 + SIZES.size:
        raise truncated(FORMAT, "it ends within its header")
    (_, _, x_end, y_end, x_start, y_start, *_, samples) = SIZES.unpack_from(stream, 4)
    components = stream[4 + SIZES.size : 4 + SIZES.size + 3 * samples]
    if not components or len(set(components[::3])) != 1:
        raise UnsupportedError(
            "the components of the JPEG 2000 stream differ in precision or sign.",
            hint="DICOM does not allow such streams; ask the sender for another Transfer Syntax.",
        )
    undoes_color, tile_part = _coding_style(stream)
    surplus = _check_tile_parts(stream, tile_part)
    coded = Coded(
        format=FORMAT,
        rows=y_end - y_start,
        columns=x_end - x_start,
        samples=samples,
        # Ssiz is the bit depth - 1, with the sign in the top bit (A.5.1).
        bits=(components[0] & 0x7F) + 1,
    )
    return Jpeg2000Header(
        coded=coded,
        is_signed=bool(components[0] & 0x80),
        undoes_color=undoes_color,
        surplus=surplus,
    )


def _coding_style(stream: bytes) -> tuple[bool, int]:
    """Return whether a component transform is used, and where the first tile-part starts."""
    undoes_color, position = False, 2
    while position + 4 <= len(stream):
        marker, length = struct.unpack_from(">HH", stream, position)
        if marker == START_OF_TILE_PART:
            return undoes_color, position
        if marker < 0xFF00:
            raise InputError(
                f"the JPEG 2000 stream has no marker at byte {position}.", hint=DAMAGED
            )
        if marker == CODING_STYLE and position + 9 <= len(stream):
            # A.6.1: after marker, length, style, progression and layers.
            undoes_color = stream[position + 8] == 1
        position += 2 + length
    raise truncated(FORMAT, "it ends within its header")


def _check_tile_parts(stream: bytes, position: int) -> int:
    """Follow Psot from tile-part to tile-part: this finds a cut even before an added end marker.

    Returns how many bytes follow the end marker, without padding.
    """
    while stream[position : position + 2] == b"\xff\x90":
        if position + 12 > len(stream):
            raise truncated(FORMAT, "it ends within a tile-part header")
        # Psot counts from the first byte of the marker SOT (A.4.2).
        length = int.from_bytes(stream[position + 6 : position + 10], "big")
        if length == 0:  # the last tile-part, up to the end marker (A.4.2)
            break
        if length < 12:
            raise InputError(
                f"a tile-part of the JPEG 2000 stream has length {length}; expected at least 12.",
                hint=DAMAGED,
            )
        position += length
    if stream[position : position + 2] != END:
        _check_end(stream, position)
        return 0
    return len(bytes(stream[position + 2 :]).rstrip(b"\0\xff"))


def _check_end(stream: bytes, position: int) -> None:
    """Check a stream without an end marker where its last tile-part ends."""
    is_closed = bytes(stream[-TAIL:]).rstrip(b"\0\xff").endswith(END)
    # Some encoders count the end marker into the last tile-part.
    if position > len(stream.rstrip(b"\0")):
        if not is_closed:
            raise truncated(FORMAT, f"a tile-part ends at byte {position} of {len(stream)}")
        # Bytes are missing before the end marker, or the length is wrong: no decoder can tell.
        raise InputError(
            f"a tile-part of the JPEG 2000 stream ends at byte {position} by its own header, "
            f"but the stream has {len(stream)} bytes, end marker included.",
            hint=DAMAGED,
        )
    if not is_closed:
        raise truncated(FORMAT, "it has no end marker (ff d9)")


def closed_codestream(stream: bytes) -> bytes:
    """Return a codestream with an end marker, and no tile-part that is longer than what is there.

    Raises
    ------
    InputError
        If it ends within its main header.
    """
    content = bytes(stream).rstrip(b"\0")
    if not content.endswith(END):
        content = content.rstrip(b"\xff") + END
    end = len(content) - len(END)
    _, position = _coding_style(content)
    while content[position : position + 2] == b"\xff\x90" and position + 12 <= end:
        length = int.from_bytes(content[position + 6 : position + 10], "big")
        if length < 12 or position + length > end:
            left = (end - position).to_bytes(4, "big")
            return content[: position + 6] + left + content[position + 10 :]
        position += length
    return content
