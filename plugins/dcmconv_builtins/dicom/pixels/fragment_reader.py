"""Several stretches of a file, read as one."""

from __future__ import annotations

import io
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import Any, BinaryIO

__all__ = ["FragmentReader"]


class FragmentReader(io.RawIOBase):
    """A read-only file made of stretches of another; wrap it in ``io.BufferedReader``.

    Parameters
    ----------
    source : binary file
        Moved about in, never closed.
    stretches : sequence of (offset, length)
        In order.
    """

    def __init__(self, source: BinaryIO, stretches: Sequence[tuple[int, int]]) -> None:
        self._source = source
        self._stretches = list(stretches)
        self._ends = list(accumulate(length for _, length in stretches))
        self._position = 0

    def readable(self) -> bool:
        """Say yes."""
        return True

    def seekable(self) -> bool:
        """Say yes."""
        return True

    def tell(self) -> int:
        """Return the position in the joined stretches."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move, and return the new position."""
        total = self._ends[-1] if self._ends else 0
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: total}[whence]
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer from one stretch; 0 at the end."""
        view = memoryview(buffer)
        number = bisect_right(self._ends, self._position)
        if number == len(self._ends):
            return 0
        offset, length = self._stretches[number]
        within = self._position - (self._ends[number] - length)
        self._source.seek(offset + within)
        content = self._source.read(min(len(view), length - within))
        view[: len(content)] = content
        self._position += len(content)
        return len(content)
