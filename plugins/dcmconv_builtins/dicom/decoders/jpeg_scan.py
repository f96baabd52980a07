"""The pixels of a lossless JPEG stream use up its scan exactly, or it is damaged.

libjpeg does not report where in the scan it stopped.  So the frame is decoded with one row more
than it has, and known bits after its scan: only if the decoder arrived at the last bit of the scan
with the last pixel does that row hold what the known bits code.  It costs one row, not a second
decode.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dcmconv_builtins.dicom.decoders.jpeg_header import (
    START_OF_SCAN,
    JpegHeader,
    header_segments,
    segment_end,
)
from dcmconv_builtins.dicom.decoders.jpeg_turbo import check_scan, surplus_note
from dcmconv_builtins.dicom.decoders.syntaxes import JPEG

__all__ = ["decode_lossless"]

Decode = Callable[[bytes], NDArray[Any]]
Table = dict[int, str]
"""The code of each difference category, as a string of 0 and 1."""

PROBE = bytes.fromhex("52a4914aa52949244a92a5149252a44a8924a95412a9524a254912a5449529248a51")
"""Known bits: no two ones in a row, so that hardly any table lacks a code for them."""

PROBED = 16
"""Differences that are compared; fewer bits than these have could agree by chance."""

TAIL = 64
EXTRA_BITS = (
    "the JPEG stream has 16 bits after each code of category 16, which should have none; "
    "ignored them, because its scan is then used up exactly"
)
MAX_EXTENT = 65500  # JPEG_MAX_DIMENSION of libjpeg
DEFINE_TABLES, RESTART_INTERVAL = 0xC4, 0xDD
TOP_CATEGORY = 16
ONES = 0xFF


def decode_lossless(
    stream: bytes, header: JpegHeader, decode: Decode
) -> tuple[NDArray[Any], tuple[str, ...]]:
    """Decode a lossless stream, and prove that its scan was used up; return values and notes.

    Parameters
    ----------
    decode : callable
        Decodes a stream, and does not report damage.

    Raises
    ------
    InputError
        If a code is not in its table, or the scan has fewer or more codes than pixels.
    """
    scan = _read_scan(stream, header)
    if scan is None:
        # Restart intervals or several scans: rare, and worth a second decode.
        notes = check_scan(stream, header)
        return decode(stream), notes
    extra = -(-PROBED // (header.coded.columns * header.coded.samples))
    values = decode(scan.probed(stream, header, extra))
    left_over = scan.find_surplus(_differences(values, header.coded.rows, scan))
    values = values[: header.coded.rows]
    if left_over == 0:
        return values, ()
    rewritten = _without_extra_bits(stream, header, scan)
    if rewritten is not None:
        return decode(rewritten), (EXTRA_BITS,)
    if left_over:
        return values, surplus_note(scan.content[-left_over:])
    # Raises, unless the probe met a code that the table lacks.
    return values, check_scan(stream, header)


@dataclass(frozen=True)
class _Scan:
    """The one scan of a stream: its bytes without stuffing, and what decodes them."""

    start: int
    end: int
    content: bytes
    tables: tuple[Table, ...]
    predictor: int
    point_transform: int

    def probed(self, stream: bytes, header: JpegHeader, extra: int) -> bytes:
        """Return the stream with further rows, which the known bits code."""
        # The number of lines follows marker, length and precision (ISO/IEC 10918-1 B.2.2).
        place = header.frame_start + 5
        rows = (header.coded.rows + extra).to_bytes(2, "big")
        return b"".join((stream[:place], rows, stream[place + 2 : self.end], PROBE, JPEG.end))

    def find_surplus(self, differences: list[int]) -> int | None:
        """Return how many bytes follow the last pixel's code; None if that cannot be determined."""
        codes = [
            _coded(difference, self.tables[number % len(self.tables)])
            for number, difference in enumerate(differences)
        ]
        if not all(codes):
            # libjpeg has made these up, after a bad code or the end.
            return None
        coded = "".join(codes)
        known = self.content + PROBE
        bits = f"{int.from_bytes(known, 'big'):0{8 * len(known)}b}"
        end = 8 * len(self.content)
        # First where the scan should end: up to 7 bits of its last byte are padding.
        place = bits.find(coded, end - 7, end + len(coded))
        if place < 0:
            place = bits.find(coded, 0, end - 8 + len(coded))
        return None if place < 0 else (end - place) // 8


def _read_scan(stream: bytes, header: JpegHeader) -> _Scan | None:
    """Return the scan; None if it has restart intervals, or there is more than one."""
    places = list(header_segments(stream))
    at = dict(places)
    start = at[START_OF_SCAN]
    selector = stream[start + 4 : segment_end(stream, start)]
    samples = header.coded.samples
    restarts = at.get(RESTART_INTERVAL)
    if restarts is not None and any(stream[restarts + 4 : restarts + 6]):
        return None
    is_plain = len(selector) == 4 + 2 * samples and selector[0] == samples
    if not is_plain or header.coded.rows + PROBED > MAX_EXTENT or set(header.sampling) != {0x11}:
        return None
    tables = _tables(stream, places)
    # The high half names the table (B.2.3); the low half is for AC, which lossless scans lack.
    chosen = tuple(tables.get(selector[2 + 2 * number] >> 4, {}) for number in range(samples))
    end = header.end
    while stream[end - 1] == ONES:  # fill bytes before the end marker (B.1.1.2)
        end -= 1
    return _Scan(
        start=header.size,
        end=end,
        content=_unstuffed(stream, max(header.size, end - TAIL), end),
        tables=chosen,
        # In a lossless scan Ss is the predictor, and Al the point transform (B.2.3).
        predictor=selector[-3],
        point_transform=selector[-1] & 0x0F,
    )


def _unstuffed(stream: bytes, start: int, end: int) -> bytes:
    # The cut is between FF and the 00 that is stuffed after it.
    if stream[start - 1] == ONES and stream[start] == 0:
        start += 1
    return bytes(stream[start:end]).replace(b"\xff\0", b"\xff")


def _tables(stream: bytes, places: list[tuple[int, int]]) -> dict[int, Table]:
    """Return the Huffman tables by their number (ISO/IEC 10918-1 C.2)."""
    tables: dict[int, Table] = {}
    for marker, position in places:
        if marker != DEFINE_TABLES:
            continue
        payload = stream[position + 4 : segment_end(stream, position)]
        while len(payload) > 16:
            counts = payload[1:17]
            size = sum(counts)
            tables[payload[0] & 0x0F] = dict(_codes(counts, payload[17 : 17 + size]))
            payload = payload[17 + size :]
    return tables


def _codes(counts: bytes, symbols: bytes) -> Iterator[tuple[int, str]]:
    code, number = 0, 0
    for length, count in enumerate(counts, start=1):
        for symbol in symbols[number : number + count]:
            yield symbol, f"{code:0{length}b}"
            code += 1
        number += count
        code <<= 1


def _coded(difference: int, table: Table) -> str:
    """Return the bits that code a difference; a category without a code gives none."""
    category = abs(difference).bit_length()
    code = table.get(category)
    # H.1.2.2: category 16 stands for 32768 alone, and no bits follow its code.
    if code is None or category in (0, TOP_CATEGORY):
        return code or ""
    # F.1.2.1.1: a negative difference is coded as the low bits of difference - 1.
    value = difference if difference > 0 else difference + (1 << category) - 1
    return f"{code}{value:0{category}b}"


def _differences(values: NDArray[Any], rows: int, scan: _Scan) -> list[int]:
    """Return the first differences of the probed rows, in the order of the scan (H.1.2)."""
    last_rows = values[rows - 1 :, :PROBED]
    last_rows = last_rows.reshape(*last_rows.shape[:2], -1) >> scan.point_transform
    last = last_rows.tolist()
    found: list[int] = []
    for above, row in pairwise(last):
        for column in range(len(row)):
            for sample, value in enumerate(row[column]):
                # A row's first sample is predicted from the one above it, whatever the predictor.
                if column == 0:
                    expected = above[0][sample]
                else:
                    a, b = row[column - 1][sample], above[column][sample]
                    expected = _predicted(scan.predictor, a, b, above[column - 1][sample])
                # Differences are taken modulo 65536; -32768 is coded as 32768.
                found.append((value - expected + 0x7FFF) % 0x10000 - 0x7FFF)
    return found[:PROBED]


def _predicted(predictor: int, a: int, b: int, c: int) -> int:
    """Return the prediction from the samples to the left, above, and above left (Table H.1)."""
    return (0, a, b, c, a + b - c, a + ((b - c) >> 1), b + ((a - c) >> 1), (a + b) >> 1)[predictor]


def _without_extra_bits(stream: bytes, header: JpegHeader, scan: _Scan) -> bytes | None:
    """Return the stream without the 16 bits that a known faulty encoder adds to category 16.

    None if a table has no such code, or the scan is not used up exactly without those bits.
    """
    if not any(TOP_CATEGORY in table for table in scan.tables):
        return None
    content = _unstuffed(stream, scan.start, scan.end)
    count = header.coded.rows * header.coded.columns
    walks = [_steps(content, table) for table in scan.tables]
    places = _walk([steps for steps, _ in walks], count * header.coded.samples, 8 * len(content))
    if places is None:
        return None
    bits = np.unpackbits(np.frombuffer(content, np.uint8))
    kept = np.ones(bits.size, np.bool_)
    for number, (_, is_top) in enumerate(walks):
        starts = places[number :: len(walks)]
        length = len(scan.tables[number].get(TOP_CATEGORY, ""))
        for start in starts[is_top[starts]] + length:
            kept[start : start + 16] = False
    left = bits[kept]
    # F.1.2.3: the last byte is filled up with ones.
    padded = np.concatenate((left, np.ones(-left.size % 8, np.uint8)))
    stuffed = np.packbits(padded).tobytes().replace(b"\xff", b"\xff\0")
    return b"".join((stream[: scan.start], stuffed, JPEG.end))


def _steps(content: bytes, table: Table) -> tuple[bytes, NDArray[np.bool_]]:
    """Return for every bit how long the code is that starts there, and if it is the top one."""
    lengths, tops = np.zeros(1 << 16, np.uint8), np.zeros(1 << 16, np.bool_)
    for category, code in table.items():
        first = int(code, 2) << (16 - len(code))
        span = slice(first, first + (1 << (16 - len(code))))
        lengths[span] = len(code) + category
        tops[span] = category == TOP_CATEGORY
    padded = np.frombuffer(content + b"\0\0", np.uint8).astype(np.uint32)
    # No code has more than 16 bits, so the 16 bits from a position on show which code it is.
    words = padded[:-2] << 16 | padded[1:-1] << 8 | padded[2:]
    starts = np.stack([words >> (8 - bit) & 0xFFFF for bit in range(8)], axis=1).ravel()
    return lengths[starts].tobytes(), tops[starts]


def _walk(steps: list[bytes], count: int, size: int) -> NDArray[np.intp] | None:
    """Return where each code starts; None if the codes do not use up the scan exactly."""
    places, position = [], 0
    turns = len(steps)
    for number in range(count):
        step = steps[number % turns][position] if position < size else 0
        if not step:
            return None
        places.append(position)
        position += step
    # Less than a byte of padding may be left.
    return np.array(places, np.intp) if 0 <= size - position < 8 else None
