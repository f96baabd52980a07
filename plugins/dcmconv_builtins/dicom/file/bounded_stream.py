"""Streams that never allocate more than the file has, and never copy a frame twice."""

from __future__ import annotations

import io
from typing import BinaryIO, cast

from dcmconv.plugin import InputFile

__all__ = ["open_bounded", "read_span"]


class HeldBytes(io.BytesIO):
    """A whole file in memory; spans of it are views, not copies."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self.content = content


class BoundedReader(io.BufferedIOBase):
    """A file whose ``read`` never allocates more bytes than are left.

    A value length of 4 GiB in a small file would otherwise allocate 4 GiB.
    """

    def __init__(self, stream: BinaryIO, size: int) -> None:
        self._stream = stream
        self.size = size

    def read(self, size: int | None = -1, /) -> bytes:
        """Read up to ``size`` bytes."""
        left = max(self.size - self._stream.tell(), 0)
        return self._stream.read(left if size is None or size < 0 else min(size, left))

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Move, and return the new position."""
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        """Return the position."""
        return self._stream.tell()

    def close(self) -> None:
        """Close the file."""
        self._stream.close()
        super().close()


def open_bounded(source: InputFile) -> BinaryIO:
    """Open an input; closing the result closes its file."""
    if source.held is not None:
        return HeldBytes(source.held)
    stream = source.open()
    size = stream.seek(0, io.SEEK_END)
    stream.seek(0)
    return cast("BinaryIO", BoundedReader(stream, size))


def read_span(stream: BinaryIO, start: int, length: int) -> bytes:
    """Return ``length`` bytes from ``start``, fewer at the end; a view of them if possible."""
    if isinstance(stream, HeldBytes):
        # Callers only read, so a memoryview will do, and saves a copy of the frame.
        return memoryview(stream.content)[start : start + length]  # type: ignore[return-value]
    stream.seek(start)
    return stream.read(length)
