"""The header of a JPEG or JPEG-LS stream (ISO/IEC 10918-1 Annex B, 14495-1 Annex C)."""

from __future__ import annotations

from dataclasses import dataclass

from dcmconv.plugin import InputError
from dcmconv_builtins.dicom.decoders.decoded import Coded, truncated
from dcmconv_builtins.dicom.decoders.syntaxes import JPEG
from dcmconv_builtins.dicom.hints import ANOTHER_CODEC, DAMAGED

__all__ = ["JpegHeader", "read_jpeg_header"]

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
    None if there is none; ``size`` counts the bytes before the first scan's data.
    """

    frame_marker: int
    coded: Coded
    component_ids: bytes
    has_jfif: bool
    adobe_transform: int | None
    size: int

    @property
    def is_jpeg_ls(self) -> bool:
        """Whether the stream is JPEG-LS."""
        return self.frame_marker == JPEG_LS_FRAME

    @property
    def is_lossless(self) -> bool:
        """Whether the stream is lossless JPEG, Huffman coded (process 14)."""
        return self.frame_marker == LOSSLESS_FRAME


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
    notes = _check_end(stream, scan_start, stream_format)
    frames = [marker for marker in segments if _is_frame(marker)]
    if not frames:
        raise InputError(f"the {stream_format} stream has no frame header.", hint=DAMAGED)
    marker = frames[0]
    frame, adobe = segments[marker], segments.get(APP14, b"")
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
        component_ids=frame[6::3][: frame[5]],
        has_jfif=segments.get(APP0, b"").startswith(b"JFIF\0"),
        size=scan_start,
        adobe_transform=adobe[11] if adobe.startswith(b"Adobe") and len(adobe) > 11 else None,
    )
    return header, notes


def _is_frame(marker: int) -> bool:
    return marker == JPEG_LS_FRAME or (0xC0 <= marker <= 0xCF and marker not in NOT_FRAMES)


def _segments(stream: bytes, stream_format: str) -> tuple[dict[int, bytes], int]:
    """Return the payload of the first segment of each kind, and the offset of the first scan."""
    segments: dict[int, bytes] = {}
    position = 2
    while position + 4 <= len(stream):
        if stream[position] != 0xFF:
            raise InputError(
                f"the {stream_format} stream has no marker at byte {position}.", hint=DAMAGED
            )
        marker = stream[position + 1]
        if marker == 0xFF:  # a fill byte (B.1.1.2)
            position += 1
            continue
        end = position + 2 + int.from_bytes(stream[position + 2 : position + 4], "big")
        segments.setdefault(marker, stream[position + 4 : end])
        if marker == START_OF_SCAN:
            return segments, end
        position = end
    raise truncated(stream_format, "it ends within its header")


def _check_end(stream: bytes, scan_start: int, stream_format: str) -> tuple[str, ...]:
    # PS3.5 A.4: a frame of odd length is padded, mostly with 00, sometimes with ff.
    if stream[-TAIL:].rstrip(b"\0\xff").endswith(END_OF_IMAGE):
        return ()
    # Within a scan every ff is followed by a stuffed byte, so ff d9 can only be the end.
    end = stream.find(END_OF_IMAGE, scan_start)
    if end < 0:
        raise truncated(stream_format, "it has no end marker (ff d9)")
    surplus = stream[end + 2 :].rstrip(b"\0\xff")
    return (f"{len(surplus)} bytes after the end of the stream were ignored",) if surplus else ()
