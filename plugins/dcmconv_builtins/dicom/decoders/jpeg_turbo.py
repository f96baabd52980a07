"""libjpeg-turbo by simplejpeg, which reports damage in a scan; other bindings do not.

libjpeg continues after a bad code or a premature end, fills in what is missing, and only warns.
simplejpeg decodes 8 bits and raises on those warnings.  Entropy coding does not depend on the
precision, so it also checks scans of 12 and 16 bits, as if they had 8.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from numpy.typing import NDArray

from dcmconv.plugin import InputError
from dcmconv_builtins.dicom.decoders.decoded import codec_errors
from dcmconv_builtins.dicom.decoders.jpeg_header import (
    START_OF_SCAN,
    JpegHeader,
    header_segments,
    segment_end,
)
from dcmconv_builtins.dicom.decoders.syntaxes import JPEG
from dcmconv_builtins.dicom.hints import DAMAGED

__all__ = ["check_scan", "damaged", "decode_8_bit", "guesses_ycbcr", "surplus_note"]

APP0, APP14, APP15 = 0xE0, 0xEE, 0xEF
# SOI, and an Adobe segment whose last byte is the color transform.
ADOBE = b"\xff\xd8\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00"
SEQUENTIAL = (0xC0, 0xC1)
WHOLE_SPECTRUM = b"\x00\x3f\x00"

_CORRUPT = "Corrupt JPEG data: "
_SURPLUS = re.compile(rf"{_CORRUPT}(\d+) extraneous bytes before marker 0xd9")
_HARMLESS = (
    "Invalid SOS parameters",
    "Unknown Adobe color transform",
    "Warning: unknown JFIF revision",
)


def decode_8_bit(
    stream: bytes, header: JpegHeader, *, converts: bool, strict: bool = True
) -> tuple[NDArray[Any], tuple[str, ...]]:
    """Decode a lossy stream of 8 bits and 1 or 3 components; return the values and notes.

    Parameters
    ----------
    converts : bool
        Three components are Y, Cb and Cr, whatever libjpeg would take them for.
    strict : bool
        Whether damage in the scan is an error.

    Raises
    ------
    InputError
        If the stream is damaged.
    """
    is_color = header.coded.samples == 3
    job = _Job(stream, stream, header, strict=strict)
    if is_color and guesses_ycbcr(header) != converts:
        job = replace(job, stream=_with_color(stream, is_ycbcr=converts))
    with codec_errors("JPEG", JPEG):
        values, notes = _decode(job, is_ycbcr=converts)
    return (values if is_color else values[..., 0]), notes


def check_scan(stream: bytes, header: JpegHeader) -> tuple[str, ...]:
    """Decode a scan of any precision only to see whether it is damaged; return notes.

    Lossy ones in gray and at an eighth of their size, which is a third of the work.  Every code is
    read all the same: of 3,000 damaged streams, libjpeg reported the same of each.

    Raises
    ------
    InputError
        If a code is not in its table, or the scan ends before its pixels do.
    """
    # Scaled decoding of lossless streams makes simplejpeg 1.9 crash.
    job = _Job(stream, stream, header, strict=True, only_checks=not header.is_lossless)
    if header.coded.bits != 8 or header.is_lossless:
        job = replace(job, stream=_as_8_bit(stream, header))
    with codec_errors("JPEG", JPEG):
        return _decode(job, is_ycbcr=not header.is_lossless)[1]


def damaged(found: str) -> InputError:
    """Return the error for a stream whose scan is damaged."""
    return InputError(f"the JPEG stream is damaged: {found}.", hint=DAMAGED)


def surplus_note(surplus: bytes) -> tuple[str, ...]:
    """Return a note on bytes that a scan has after its pixels, if they are padding.

    Raises
    ------
    InputError
        If they are not: then codes of the scan may have been misread.
    """
    counted = "1 byte" if len(surplus) == 1 else f"{len(surplus)} bytes"
    if surplus.strip(b"\0") and surplus.strip(b"\xff"):
        raise damaged(f"{counted} of its scan are left over after the last pixel")
    return (f"ignored {counted} of padding after the last pixel of the JPEG scan",)


def guesses_ycbcr(header: JpegHeader) -> bool:
    """Return whether libjpeg takes three components for Y, Cb and Cr."""
    # The order of libjpeg's default_decompress_parms: JFIF, Adobe, component ids.
    if header.has_jfif:
        return True
    if header.adobe_transform is not None:
        return header.adobe_transform != 0
    return header.component_ids != b"RGB"


@dataclass(frozen=True)
class _Job:
    """A stream to decode: the given one or a changed copy, whose header may have moved."""

    stream: bytes
    given: bytes
    header: JpegHeader
    strict: bool
    may_change: bool = True
    only_checks: bool = False

    def run(self, *, strict: bool) -> NDArray[Any]:
        """Decode; raises a ValueError with libjpeg's message."""
        from simplejpeg import decode_jpeg

        if self.only_checks:
            # At least one pixel: simplejpeg takes the smallest scale.
            smallest: NDArray[Any] = decode_jpeg(
                self.stream, "GRAY", min_height=1, min_width=1, strict=strict
            )
            return smallest
        space = "RGB" if self.header.coded.samples == 3 else "GRAY"
        values: NDArray[Any] = decode_jpeg(self.stream, space, strict=strict)
        return values


def _decode(job: _Job, *, is_ycbcr: bool) -> tuple[NDArray[Any], tuple[str, ...]]:
    try:
        return job.run(strict=job.strict), ()
    except ValueError as error:
        message = str(error)
    if job.may_change and message.startswith(_HARMLESS):
        # libjpeg-turbo stops at the first warning, and must not stop before the scan.
        changed = _normalized(job.stream, is_ycbcr=is_ycbcr)
        return _decode(replace(job, stream=changed, may_change=False), is_ycbcr=is_ycbcr)
    found = _SURPLUS.fullmatch(message)
    if found is None:
        raise damaged(message.removeprefix(_CORRUPT).strip().rstrip("."))
    end = job.header.end
    notes = surplus_note(bytes(job.given[end - int(found[1]) : end]))
    return job.run(strict=False), notes


def _with_color(stream: bytes, *, is_ycbcr: bool) -> bytes:
    """Return a copy that libjpeg takes for what it is: its own markers hidden, an Adobe one set."""
    changed = bytearray(stream)
    for marker, position in header_segments(stream):
        if marker in (APP0, APP14):
            changed[position + 1] = APP15
    changed[:2] = ADOBE + bytes([is_ycbcr])
    return bytes(changed)


def _normalized(stream: bytes, *, is_ycbcr: bool) -> bytes:
    """Return a copy without what libjpeg warns of before the scan."""
    changed = bytearray(stream)
    places = dict(header_segments(stream))
    if not places.keys().isdisjoint(SEQUENTIAL):
        end = segment_end(stream, places[START_OF_SCAN])
        # Ss, Se, Ah and Al of a sequential scan can only be these (ISO/IEC 10918-1 B.2.3).
        changed[end - 3 : end] = WHOLE_SPECTRUM
    return _with_color(bytes(changed), is_ycbcr=is_ycbcr)


def _as_8_bit(stream: bytes, header: JpegHeader) -> bytes:
    changed = bytearray(stream)
    changed[header.frame_start + 4] = 8  # the sample precision
    # libjpeg converts no colors of lossless streams.
    return _with_color(bytes(changed), is_ycbcr=not header.is_lossless)
