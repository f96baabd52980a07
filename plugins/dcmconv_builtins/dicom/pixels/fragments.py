"""The items of encapsulated pixel data: the Basic Offset Table, then fragments (PS3.5 A.4).

Only the offset and length of each fragment is kept; bytes are read on demand.
"""

from __future__ import annotations

import io
import struct
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Any, BinaryIO, NamedTuple

from dcmconv.plugin import InputError
from dcmconv_builtins.dicom.file.encoding import UNDEFINED_LENGTH
from dcmconv_builtins.dicom.hints import COPY_AGAIN, DAMAGED

__all__ = ["ITEM", "Fragment", "FragmentReader", "Fragments"]

ITEM = b"\xfe\xff\x00\xe0"
_SEQUENCE_DELIMITER = b"\xfe\xff\xdd\xe0"
_HEADER_BYTES = 8
_CHECK_SYNTAX = "Check the Transfer Syntax UID (0002,0010): are the pixels encapsulated?"


class Fragment(NamedTuple):
    """One item: ``offset`` of its tag in the source, and the length of its value."""

    offset: int
    length: int

    @property
    def value_offset(self) -> int:
        """Where the value starts in the source."""
        return self.offset + _HEADER_BYTES


class Fragments:
    """All items after the Basic Offset Table.

    Parameters
    ----------
    source : binary file
        Contains the value of Pixel Data (7FE0,0010).  Its position is changed; it is never closed.
    start : int
        Where the value starts: at the item tag of the Basic Offset Table.

    Attributes
    ----------
    items : tuple of Fragment
        At least one.
    offset_table : tuple of int
        The values of the Basic Offset Table; empty if it has none.
    end : int
        Where the value ends, its delimiter included.
    notes : list of str
        What was tolerated: a broken length, a missing delimiter.

    Raises
    ------
    InputError
        If there is no item at ``start``, or there are no fragments.
    """

    def __init__(self, source: BinaryIO, start: int) -> None:
        self._source = source
        self.notes: list[str] = []
        self.end = start
        self.is_cut = False
        """The file ends before the fragments do."""
        self.offset_table = self._read_offset_table(start)
        self.items = tuple(self._walk(source.tell()))
        if not self.items:
            raise InputError(
                "Pixel Data (7FE0,0010) holds no fragment.",
                hint=COPY_AGAIN if self.is_cut else DAMAGED,
                reason="truncated" if self.is_cut else "",
            )

    def read(self, fragment: Fragment) -> bytes:
        """Return the value of a fragment.

        Raises
        ------
        InputError
            If the source ends within it (``reason="truncated"``).
        """
        content = self.peek(fragment.value_offset, fragment.length)
        if len(content) < fragment.length:
            raise InputError(
                f"the file ends within a fragment of Pixel Data (7FE0,0010): {len(content)} bytes "
                f"of {fragment.length} are there.",
                hint=COPY_AGAIN,
                reason="truncated",
            )
        return content

    def peek(self, offset: int, length: int) -> bytes:
        """Return bytes of the source; fewer at its end."""
        self._source.seek(offset)
        return self._source.read(length)

    def open_stream(self) -> io.BufferedReader:
        """Return all fragments as one file, as video needs them (PS3.5 8.2.5)."""
        spans = [(fragment.value_offset, fragment.length) for fragment in self.items]
        return io.BufferedReader(FragmentReader(self._source, spans))

    def _read_offset_table(self, start: int) -> tuple[int, ...]:
        header = self.peek(start, _HEADER_BYTES)
        if header[:4] != ITEM:
            raise InputError(
                f"Pixel Data (7FE0,0010) starts with {header[:4].hex(' ') or 'nothing'}; expected "
                "fe ff 00 e0, the item tag of a Basic Offset Table.",
                hint=_CHECK_SYNTAX,
            )
        if len(header) < _HEADER_BYTES:
            raise InputError(
                "Pixel Data (7FE0,0010) ends within the first item header.", hint=_CHECK_SYNTAX
            )
        table = self._source.read(struct.unpack("<I", header[4:])[0])
        if len(table) % 4:
            self.notes.append("the Basic Offset Table has a broken length; ignored it")
            return ()
        # Always little endian: no encapsulated Transfer Syntax is big endian (PS3.5 A.4).
        return struct.unpack(f"<{len(table) // 4}I", table)

    def _walk(self, position: int) -> Iterator[Fragment]:
        end = self._source.seek(0, io.SEEK_END)
        while True:
            header = self.peek(position, _HEADER_BYTES)
            self.end = position + len(header)
            if header[:4] == _SEQUENCE_DELIMITER:
                return
            if len(header) < _HEADER_BYTES or header[:4] != ITEM:
                self.notes.append("Pixel Data (7FE0,0010) has no Sequence Delimitation Item")
                self.is_cut = len(header) < _HEADER_BYTES
                return
            fragment = Fragment(position, struct.unpack("<I", header[4:])[0])
            # PS3.5 A.4: every fragment has an explicit length.
            if fragment.length == UNDEFINED_LENGTH:
                raise InputError(
                    "a fragment of Pixel Data (7FE0,0010) has no length.", hint=DAMAGED
                )
            yield fragment
            position = fragment.value_offset + fragment.length
            if position > end:
                self.is_cut = True
                self.notes.append("the file ends within the last fragment")
                return


class FragmentReader(io.RawIOBase):
    """A read-only file that joins spans of another; wrap it in ``io.BufferedReader``.

    Parameters
    ----------
    source : binary file
        Its position is changed; it is never closed.
    spans : sequence of (offset, length)
        In the order in which they are joined.
    """

    def __init__(self, source: BinaryIO, spans: Sequence[tuple[int, int]]) -> None:
        self._source = source
        self._spans = list(spans)
        self._ends = list(accumulate(length for _, length in spans))
        self._position = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the position in the joined spans."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move, and return the new position."""
        total = self._ends[-1] if self._ends else 0
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: total}[whence]
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer from one span; return 0 at the end."""
        view = memoryview(buffer)
        # bisect_right, not bisect_left: the end of a span is the start of the next; empty ones
        # are skipped.
        number = bisect_right(self._ends, self._position)
        if number == len(self._ends):
            return 0
        offset, length = self._spans[number]
        within = self._position - (self._ends[number] - length)
        self._source.seek(offset + within)
        # Up to the end of this span only; BufferedReader asks again for the rest.
        content = self._source.read(min(len(view), length - within))
        view[: len(content)] = content
        self._position += len(content)
        return len(content)
