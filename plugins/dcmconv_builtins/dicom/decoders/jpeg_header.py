"""The header of a JPEG or JPEG-LS stream (ISO/IEC 10918-1 Annex B, 14495-1 Annex C)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dcmconv.plugin import InputError
from dcmconv_builtins.dicom.decoders.decoded import Coded, surplus_note, truncated
from dcmconv_builtins.dicom.decoders.syntaxes import JPEG
from dcmconv_builtins.dicom.hints import ANOTHER_CODEC, DAMAGED

__all__ = [
    "JPEG_LS_FRAME",
    "LOSSLESS_FRAME",
    "NO_END",
    "START_OF_SCAN",
    "JpegHeader",
    "header_segments",
    "read_jpeg_header",
    "segment_end",
]

NO_END = "it has no end marker (ff d9)"

START_OF_IMAGE = JPEG.starts[0][:2]
END_OF_IMAGE = JPEG.end
START_OF_SCAN = 0xDA
JPEG_LS_FRAME = 0xF7
LOSSLESS_FRAME = 0xC3
APP0, APP14 = 0xE0, 0xEE
NOT_FRAMES = (0xC4, 0xC8, 0xCC)  # DHT, JPG and DAC are numbered among the start-of-frame markers
TAIL = 64


@dataclass(frozen=True, kw_only=True)
class JpegHeader:
    """What precedes the first scan.

    ``frame_marker`` is the second byte of SOF*n*; ``adobe_transform`` is that of the Adobe segment,
    None if there is none; ``size`` counts the bytes before the first scan's data, ``frame_start``
    those before SOF*n*, ``end`` those before the end marker.
    ``sampling`` has one byte for each component: its horizontal and vertical factor.
    """

    frame_marker: int
    coded: Coded
    component_ids: bytes
    sampling: bytes
    has_jfif: bool
    adobe_transform: int | None
    frame_start: int
    size: int
    end: int

    @property
    def is_jpeg_ls(self) -> bool:
        """Whether the stream is JPEG-LS."""
        return self.frame_marker == JPEG_LS_FRAME

    @property
    def is_lossless(self) -> bool:
        """Whether the stream is lossless JPEG, Huffman coded (process 14)."""
        return self.frame_marker == LOSSLESS_FRAME

    @property
    def is_subsampled(self) -> bool:
        """Whether some component has fewer samples than another."""
        return len(set(self.sampling)) > 1


def read_jpeg_header(stream: bytes, *, stream_format: str) -> tuple[JpegHeader, tuple[str, ...]]:
    """Read the header, and check that the stream has its end marker; return it with notes.

    Raises
    ------
    InputError
        If this is not a JPEG stream, or it has no scan or no end marker (``reason="truncated"``).
    """
    if stream[:2] != START_OF_IMAGE:
        raise InputError(
            f"the {stream_format} stream starts with {stream[:4].hex(' ') or 'nothing'}; "
            "expected ff d8.",
            hint=ANOTHER_CODEC,
            reason="mismatch",
        )
    segments, scan_start = _segments(stream, stream_format)
    end, notes = _find_end(stream, scan_start, stream_format)
    frames = [marker for marker in segments if _is_frame(marker)]
    if not frames:
        raise InputError(f"the {stream_format} stream has no frame header.", hint=DAMAGED)
    marker = frames[0]
    frame, adobe = _payload(stream, segments[marker]), _payload(stream, segments.get(APP14))
    if len(frame) < 6 or len(frame) < 6 + 3 * frame[5]:
        raise InputError(f"the {stream_format} frame header is too short.", hint=DAMAGED)
    header = JpegHeader(
        frame_marker=marker,
        coded=Coded(
            format=stream_format,
            bits=frame[0],
            rows=int.from_bytes(frame[1:3], "big"),
            columns=int.from_bytes(frame[3:5], "big"),
            samples=frame[5],
        ),
        # B.2.2: each component has its id, sampling factors and quantization table.
        component_ids=frame[6::3][: frame[5]],
        sampling=frame[7::3][: frame[5]],
        has_jfif=_payload(stream, segments.get(APP0)).startswith(b"JFIF\0"),
        adobe_transform=adobe[11] if adobe.startswith(b"Adobe") and len(adobe) > 11 else None,
        frame_start=segments[marker],
        size=scan_start,
        end=end,
    )
    return header, notes


def header_segments(stream: bytes) -> Iterator[tuple[int, int]]:
    """Yield the marker and the offset of every segment up to the first scan, that included.

    Raises
    ------
    ValueError
        With the offset of a byte that should be a marker and is not.
    EOFError
        If the stream ends before its first scan.
    """
    position = 2
    while position + 4 <= len(stream):
        if stream[position] != 0xFF:
            raise ValueError(position)
        marker = stream[position + 1]
        if marker == 0xFF:  # a fill byte (B.1.1.2)
            position += 1
            continue
        yield marker, position
        if marker == START_OF_SCAN:
            return
        position = segment_end(stream, position)
    raise EOFError


def segment_end(stream: bytes, position: int) -> int:
    """Return where the segment at an offset ends."""
    # The length counts its own two bytes, but not the marker (B.1.1.4).
    return position + 2 + int.from_bytes(stream[position + 2 : position + 4], "big")


def _is_frame(marker: int) -> bool:
    return marker == JPEG_LS_FRAME or (0xC0 <= marker <= 0xCF and marker not in NOT_FRAMES)


def _payload(stream: bytes, position: int | None) -> bytes:
    if position is None:
        return b""
    return bytes(stream[position + 4 : segment_end(stream, position)])


def _segments(stream: bytes, stream_format: str) -> tuple[dict[int, int], int]:
    """Return the offset of the first segment of each kind, and that of the first scan's data."""
    segments: dict[int, int] = {}
    try:
        for marker, position in header_segments(stream):
            segments.setdefault(marker, position)
    except ValueError as error:
        raise InputError(
            f"the {stream_format} stream has no marker at byte {error.args[0]}.", hint=DAMAGED
        ) from error
    except EOFError as error:
        raise truncated(stream_format, "it ends within its header") from error
    return segments, segment_end(stream, segments[START_OF_SCAN])


def _find_end(stream: bytes, scan_start: int, stream_format: str) -> tuple[int, tuple[str, ...]]:
    # PS3.5 A.4: a frame of odd length is padded, mostly with 00, sometimes with ff.
    tail = bytes(stream[-TAIL:])
    closed = tail.rstrip(b"\0\xff")
    if closed.endswith(END_OF_IMAGE):
        return len(stream) - len(tail) + len(closed) - len(END_OF_IMAGE), ()
    # Within a scan every ff is followed by a stuffed byte, so ff d9 can only be the end.
    end = stream.find(END_OF_IMAGE, scan_start)
    if end < 0:
        raise truncated(stream_format, NO_END)
    return end, surplus_note(len(stream[end + 2 :].rstrip(b"\0\xff")))
