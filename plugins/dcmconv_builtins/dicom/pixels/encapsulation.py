"""Encapsulated pixel data: which fragments are which frame (PS3.5 A.4).

Only the place and length of each fragment is kept; bytes are read when a frame is asked for.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import BinaryIO, NamedTuple

from dcmconv.plugin import InputError
from dcmconv_builtins.dicom.decoders.syntaxes import SYNTAXES
from dcmconv_builtins.dicom.hints import COPY_AGAIN, DAMAGED
from dcmconv_builtins.dicom.pixels.fragment_reader import FragmentReader

__all__ = ["Encapsulated", "ExtendedOffsets", "Fragment", "frame_streams"]

ITEM = b"\xfe\xff\x00\xe0"
SEQUENCE_DELIMITER = b"\xfe\xff\xdd\xe0"
HEADER_BYTES = 8
UNDEFINED_LENGTH = 0xFFFFFFFF
_STARTS = tuple(
    dict.fromkeys(start for syntax in SYNTAXES.values() for start in syntax.codec.starts)
)
_ENDS = tuple({syntax.codec.end for syntax in SYNTAXES.values() if syntax.codec.end})
TAIL = 16


class Fragment(NamedTuple):
    """One item: ``offset`` of its tag in the source, and the length of its value."""

    offset: int
    length: int

    @property
    def value_offset(self) -> int:
        """Where the value starts in the source."""
        return self.offset + HEADER_BYTES


class ExtendedOffsets(NamedTuple):
    """Extended Offset Table (7FE0,0001) and its Lengths (7FE0,0002), as their raw bytes."""

    offsets: bytes
    lengths: bytes


class Encapsulated:
    """The frames of encapsulated pixel data, found by offset table or by their own markers.

    Parameters
    ----------
    source : binary file or bytes
        What holds the value of Pixel Data (7FE0,0010); read and moved about in, never closed.
    start : int
        Where the value starts: at the item tag of the Basic Offset Table.
    frame_count : int
        Number of Frames (0028,0008); 1 for video, which has one stream for all frames.
    extended : ExtendedOffsets, optional
        Where the file has them; they win over the Basic Offset Table.
    salvage : bool
        Be content with fewer frames, as many as can be told apart; ``frame_count`` then says so.

    Attributes
    ----------
    fragments : list of Fragment
        Every item after the Basic Offset Table.
    notes : list of str
        What was tolerated: a wrong table, a missing delimiter.

    Raises
    ------
    InputError
        If there is no item at ``start``, or the fragments cannot be told apart into frames.
    """

    def __init__(
        self,
        source: BinaryIO | bytes,
        start: int = 0,
        *,
        frame_count: int = 1,
        extended: ExtendedOffsets | None = None,
        salvage: bool = False,
    ) -> None:
        self._salvage = salvage
        self._source = io.BytesIO(source) if isinstance(source, bytes) else source
        self.frame_count = frame_count
        self.notes: list[str] = []
        self._has_strangers = False
        table = self._read_basic_offsets(start)
        self.fragments = list(self._walk(self._source.tell()))
        self._lengths: tuple[int, ...] = ()
        self._firsts = self._first_fragments(table, extended)

    def stream(self, frame_index: int) -> bytes:
        """Return the codestream of one frame, counted from 0: its fragments in one piece.

        Raises
        ------
        InputError
            If the source ends within the frame (``reason="truncated"``).
        """
        span = self._firsts[frame_index], self._firsts[frame_index + 1]
        pieces = [self._read(fragment) for fragment in self.fragments[slice(*span)]]
        stream = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        return stream[: self._lengths[frame_index]] if self._lengths else stream

    def open_stream(self) -> io.BufferedReader:
        """Return all fragments as one file, as video needs them (PS3.5 8.2.5)."""
        return io.BufferedReader(
            FragmentReader(
                self._source, [(part.value_offset, part.length) for part in self.fragments]
            )
        )

    def _read(self, fragment: Fragment) -> bytes:
        self._source.seek(fragment.value_offset)
        content = self._source.read(fragment.length)
        if len(content) < fragment.length:
            raise InputError(
                f"the file ends within a fragment of Pixel Data (7FE0,0010): {len(content)} bytes "
                f"of {fragment.length} are there.",
                hint=COPY_AGAIN,
                reason="truncated",
            )
        return content

    def _read_basic_offsets(self, start: int) -> tuple[int, ...]:
        self._source.seek(start)
        header = self._source.read(HEADER_BYTES)
        if header[:4] != ITEM or len(header) < HEADER_BYTES:
            raise InputError(
                f"Pixel Data (7FE0,0010) starts with {header[:4].hex(' ') or 'nothing'}; the item "
                "tag fe ff 00 e0 of a Basic Offset Table was needed.",
                hint="Check the Transfer Syntax UID (0002,0010): are the pixels encapsulated?",
            )
        table = self._source.read(struct.unpack("<I", header[4:])[0])
        if len(table) % 4:
            self.notes.append("the Basic Offset Table has a broken length and was not used")
            return ()
        return struct.unpack(f"<{len(table) // 4}I", table)

    def _walk(self, position: int) -> Iterator[Fragment]:
        end = self._source.seek(0, io.SEEK_END)
        while True:
            self._source.seek(position)
            header = self._source.read(HEADER_BYTES)
            if header[:4] == SEQUENCE_DELIMITER:
                return
            if len(header) < HEADER_BYTES or header[:4] != ITEM:
                self.notes.append("Pixel Data (7FE0,0010) has no Sequence Delimitation Item")
                self._has_strangers = len(header) == HEADER_BYTES
                return
            fragment = Fragment(position, struct.unpack("<I", header[4:])[0])
            if fragment.length == UNDEFINED_LENGTH:
                raise InputError(
                    "a fragment of Pixel Data (7FE0,0010) has no length.", hint=DAMAGED
                )
            yield fragment
            position = fragment.value_offset + fragment.length
            if position > end:
                self.notes.append("the file ends within the last fragment")
                return

    def _first_fragments(self, table: Sequence[int], extended: ExtendedOffsets | None) -> list[int]:
        """Return the index of each frame's first fragment, and one past the last."""
        if not self.fragments:
            raise InputError(
                "Pixel Data (7FE0,0010) holds no fragment.",
                hint=DAMAGED if self._has_strangers else COPY_AGAIN,
                reason="" if self._has_strangers else "truncated",
            )
        firsts = self._by_extended_table(extended) if extended else None
        if firsts is None and table:
            firsts = self._by_offsets(table, "Basic Offset Table")
        if firsts is None:
            firsts = self._by_content()
        self._note_surplus(firsts)
        return firsts[: self.frame_count + 1]

    def _by_extended_table(self, extended: ExtendedOffsets) -> list[int] | None:
        counts = len(extended.offsets) // 8, len(extended.lengths) // 8
        offsets = struct.unpack(f"<{counts[0]}Q", extended.offsets[: counts[0] * 8])
        lengths = struct.unpack(f"<{counts[1]}Q", extended.lengths[: counts[1] * 8])
        firsts = self._by_offsets(offsets, "Extended Offset Table")
        if firsts is not None and len(lengths) == len(offsets):
            # The true lengths, without the byte that makes a fragment even (C.7.6.3.1.9).
            self._lengths = lengths
        return firsts

    def _by_offsets(self, offsets: Sequence[int], name: str) -> list[int] | None:
        index = {part.offset: number for number, part in enumerate(self.fragments)}
        base = self.fragments[0].offset
        firsts = [index.get(base + offset, -1) for offset in offsets]
        is_right = (
            len(firsts) >= self.frame_count
            and firsts[0] == 0
            and all(first < following for first, following in pairwise(firsts))
        )
        if is_right:
            return [*firsts, len(self.fragments)]
        self.notes.append(f"the {name} is wrong; frames were found by their own markers")
        return None

    def _by_content(self) -> list[int]:
        count = len(self.fragments)
        if count == self.frame_count:
            return list(range(count + 1))
        if count < self.frame_count and self._salvage:
            # PS3.5 A.4.2: RLE, which has no marker, has one fragment a frame.
            firsts = self._by_start_markers() or list(range(count))
            self.frame_count = len(firsts)
            return [*firsts, count]
        if count < self.frame_count:
            raise InputError(
                f"Pixel Data (7FE0,0010) holds {count} fragments; Number of Frames (0028,0008) is "
                f"{self.frame_count}.",
                hint=COPY_AGAIN,
                reason="truncated",
            )
        if self.frame_count == 1 and not self._start_marker():
            return [0, count]
        by_start, by_end = self._by_start_markers(), self._by_end_markers()
        for firsts in (by_start, by_end):
            if len(firsts) == self.frame_count:
                return [*firsts, count]
        if len(by_start) > self.frame_count:
            return [*by_start, count]
        raise InputError(
            f"the {count} fragments of Pixel Data (7FE0,0010) cannot be told apart into "
            f"{self.frame_count} frames.",
            hint=DAMAGED,
        )

    def _start_marker(self) -> bytes:
        """Return what the first fragment starts with; empty if it is the start of no codec."""
        head = self._peek(self.fragments[0].value_offset, TAIL)
        return next((marker for marker in _STARTS if head.startswith(marker)), b"")

    def _by_start_markers(self) -> list[int]:
        # The same marker as the first: ff 0a may well stand within another codec's data.
        marker = self._start_marker()
        if not marker:
            return []
        return [
            number
            for number, part in enumerate(self.fragments)
            if self._peek(part.value_offset, len(marker)) == marker
        ]

    def _by_end_markers(self) -> list[int]:
        ends = [number for number, part in enumerate(self.fragments) if self._ends_stream(part)]
        return [0, *(number + 1 for number in ends if number + 1 < len(self.fragments))]

    def _ends_stream(self, fragment: Fragment) -> bool:
        length = min(fragment.length, TAIL)
        end = fragment.value_offset + fragment.length
        return self._peek(end - length, length).rstrip(b"\0\xff").endswith(_ENDS)

    def _peek(self, offset: int, length: int) -> bytes:
        self._source.seek(offset)
        return self._source.read(length)

    def _note_surplus(self, firsts: Sequence[int]) -> None:
        surplus = len(firsts) - 1 - self.frame_count
        if surplus > 0:
            self.notes.append(f"{surplus} frames beyond Number of Frames (0028,0008) were left out")


def frame_streams(
    source: BinaryIO | bytes,
    start: int = 0,
    *,
    frame_count: int = 1,
    extended: ExtendedOffsets | None = None,
) -> Iterator[bytes]:
    """Yield the codestream of each frame; nothing of an earlier one is kept.

    Raises
    ------
    InputError
        As ``Encapsulated``.
    """
    frames = Encapsulated(source, start, frame_count=frame_count, extended=extended)
    for frame_index in range(frame_count):
        yield frames.stream(frame_index)
