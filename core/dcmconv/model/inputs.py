"""One input on its way from the source to the frames.

1. A source finds it, and yields a ``Reference`` (small, sent to workers), or ``Rejected`` if it
   cannot be handed over.
2. In the worker, the source turns the reference into an ``InputFile``: the bytes.
3. A reader opens the bytes, and returns an ``Instance``: the attributes, and the frames on demand.
4. A frame is decoded to a ``Frame``.  If the file holds it as an ordinary picture that a writer may
   copy, the instance offers it as an ``EncodedFrame`` as well.
5. A decoder gets the codestream of a frame and its ``FrameDescription``, and returns a
   ``DecodedFrame``.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, ClassVar, cast

from numpy.typing import NDArray

from dcmconv.model.frame import Attributes, Frame
from dcmconv.model.frame_parts import Spacing

__all__ = [
    "HEAD_BYTES",
    "DecodedFrame",
    "EncodedFrame",
    "FrameDescription",
    "InputFile",
    "Instance",
    "JoinedBuffers",
    "Reference",
    "Rejected",
]

HEAD_BYTES = 512
"""How much of an input ``Reader.sniff`` sees."""

HELD_BYTES = 8 << 20
"""Files up to this size are read at once: fewer system calls than reading element by element."""

O_BINARY = getattr(os, "O_BINARY", 0)
"""Only Windows distinguishes text and binary mode here."""


@dataclass(frozen=True)
class Reference:
    """One input that a source found; small, because it is sent to workers.

    Parameters
    ----------
    key : str
        Relative path with forward slashes: used in messages, and for the output path.
    locator : str
        What the source opens it by, and what identifies it in the journal: the absolute path of
        a file.
    size, mtime_ns : int, optional
        The fingerprint, if the source knows it.
    """

    key: str
    locator: str
    size: int | None = None
    mtime_ns: int | None = None


@dataclass(frozen=True)
class Rejected:
    """Something that a source found but cannot hand over: an unreadable folder, a device.

    ``failed`` is True where it should have been readable, False where leaving it out is right.
    """

    size: ClassVar[None] = None
    mtime_ns: ClassVar[None] = None

    key: str
    locator: str
    message: str
    hint: str = ""
    reason: str = "unreadable"
    failed: bool = True


class InputFile:
    """The bytes of one input: a file on disk, or bytes that a source fetched.

    A small file is read once, as a whole, when its bytes are first needed.

    Parameters
    ----------
    key : str
        As in the reference.
    path : str or Path, optional
        Of a file on disk.
    content : bytes, optional
        What a source fetched.
    stream : binary file, optional
        Seekable, and read from its start; it stays open.
    value : object, optional
        A Python object instead of bytes; only for a reader whose ``accepts_object`` is True of it.
    """

    def __init__(
        self,
        key: str,
        path: str | os.PathLike[str] | None = None,
        content: bytes | None = None,
        *,
        stream: BinaryIO | None = None,
        value: object = None,
    ) -> None:
        self.key = key
        self.location = None if path is None else os.fspath(path)
        self.content = content
        self.value = value
        self._stream = stream
        self._held: tuple[bytes | None] | None = None

    @cached_property
    def path(self) -> Path | None:
        """The path of a file on disk; None for bytes."""
        # Made on demand: a Path takes 15 calls, and most readers need none.
        return None if self.location is None else Path(self.location)

    @property
    def head(self) -> bytes:
        """The first ``HEAD_BYTES`` bytes, or all if there are fewer."""
        held = self.held
        if held is not None:
            return held[:HEAD_BYTES]
        if self._stream is not None:
            self._stream.seek(0)
            return self._stream.read(HEAD_BYTES)
        with open(self._location, "rb", buffering=0) as stream:  # noqa: PTH123 - a str
            return stream.read(HEAD_BYTES)

    def open(self) -> BinaryIO:
        """Open the bytes for reading."""
        held = self.held
        if held is not None:
            return io.BytesIO(held)
        if self._stream is not None:
            return cast("BinaryIO", _KeptOpen(self._stream))
        return open(self._location, "rb")  # noqa: PTH123 - a str, closed by the caller

    @property
    def held(self) -> bytes | None:
        """All bytes of a small file; None for a larger one."""
        if self.content is not None:
            return self.content
        # Not cached_property, whose lock takes four calls a file.
        if self._held is None:
            self._held = (self._read(),)
        return self._held[0]

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 of all bytes, in hexadecimal: the same wherever the input is."""
        with self.open() as stream:
            # Every binary stream has readinto(); only its type does not say so.
            return hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]

    def _read(self) -> bytes | None:
        if self._stream is not None:
            return self._held_stream(self._stream)
        # Without O_BINARY, Windows would translate the ends of lines.
        descriptor = os.open(self._location, os.O_RDONLY | O_BINARY)
        try:
            size = os.fstat(descriptor).st_size
            if size > HELD_BYTES:
                return None
            # One byte more than the size: a short read then proves the end of the file.
            content = os.read(descriptor, size + 1)
            if len(content) == size:
                return content
            parts = [content]
            while len(parts[-1]) > 0 and sum(map(len, parts)) != size:
                parts.append(os.read(descriptor, HELD_BYTES))
            return b"".join(parts)
        finally:
            os.close(descriptor)

    @staticmethod
    def _held_stream(stream: BinaryIO) -> bytes | None:
        size = stream.seek(0, io.SEEK_END)
        stream.seek(0)
        return None if size > HELD_BYTES else stream.read()

    @property
    def _location(self) -> str:
        if self.location is None:
            raise ValueError(f"{self.key}: an input needs a path or its content")
        return self.location


class _KeptOpen(io.BufferedIOBase):
    """A file of the caller: closing this one leaves it open."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def read(self, size: int | None = -1, /) -> bytes:
        return self._stream.read(-1 if size is None else size)

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()


class JoinedBuffers(io.BufferedIOBase):
    """Buffers read one after the other as a file, which is not copied into memory.

    >>> JoinedBuffers(b"head", bytearray(b"pixels")).read(6)
    b'headpi'
    """

    def __init__(self, *buffers: bytes | bytearray | memoryview) -> None:
        self._views = [memoryview(buffer).cast("B") for buffer in buffers]
        self._size = sum(map(len, self._views))
        self._position = 0

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Move, and return the new position."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = base + offset
        return self._position

    def tell(self) -> int:
        """Return the position."""
        return self._position

    def read(self, size: int | None = -1, /) -> bytes:
        """Read up to ``size`` bytes."""
        wanted = self._size if size is None or size < 0 else size
        first, last = self._position, min(self._position + wanted, self._size)
        parts, start = [], 0
        for view in self._views:
            parts.append(view[max(first - start, 0) : max(last - start, 0)])
            start += len(view)
        self._position = max(first, last)
        return b"".join(parts)


@dataclass(frozen=True, kw_only=True)
class EncodedFrame:
    """A frame that the file holds as a picture in an ordinary format, with the right colors.

    A reader offers it if nothing in the file is drawn over the pixels or changes them.  A writer
    may copy it, so that no pixel is decoded and no quality is lost.

    Parameters
    ----------
    media_type : str
        Such as ``image/jpeg``.
    data : bytes
        Its stream, checked as far as possible without decoding it.
    rows, columns : int
        Of the picture.
    spacing : Spacing, optional
        Physical size of a pixel.
    aspect : float
        Height of a pixel over its width.
    attributes : mapping
        The attributes of the frame.
    notes : tuple of str
        What the reader had to decide or tolerate.
    """

    media_type: str
    data: bytes = field(repr=False)
    rows: int
    columns: int
    spacing: Spacing | None = None
    aspect: float = 1.0
    attributes: Attributes = field(default_factory=dict, repr=False)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Instance:
    """One opened input: its attributes, and its frames one at a time.

    Parameters
    ----------
    frame_count : int
        How many frames there are, at least 1.
    read_frame : callable
        ``read_frame(frame_index) -> Frame``, counted from 0; earlier frames are not kept.
    attributes : mapping
        The attributes of the whole instance: what rules use.
    transfer_syntax, decoder : str
        For the outcome; empty if the format has no such concept.
    salvaged : str
        A description of the missing frames; empty if there are none.  See ``Frame.salvaged``.
    close : callable
        Called exactly once, also after an error.
    read_encoded : callable, optional
        ``read_encoded(frame_index) -> EncodedFrame | None``: the frame as an ordinary picture, if
        the file holds it as one; raises like ``read_frame``.
    read_attributes : callable, optional
        ``read_attributes(frame_index) -> Attributes``: those of one frame, for tag tables, without
        decoding its pixels; by default the attributes of the instance.
    notes : callable, optional
        Returns every note so far, once all pictures have been made: names and titles may ask for
        attributes after a frame was read, and those may be doubtful too.
    frames_are_independent : bool
        A frame can be read without those before it, so that workers may share the frames.
    """

    frame_count: int
    read_frame: Callable[[int], Frame]
    attributes: Attributes = field(default_factory=dict, repr=False)
    transfer_syntax: str = ""
    decoder: str = ""
    salvaged: str = ""
    close: Callable[[], None] = lambda: None
    read_encoded: Callable[[int], EncodedFrame | None] = lambda frame_index: None
    read_attributes: Callable[[int], Attributes] | None = None
    notes: Callable[[], Sequence[str]] = tuple
    frames_are_independent: bool = False

    def attributes_of(self, frame_number: int) -> Attributes:
        """Return the attributes of a frame, counted from 1."""
        read = self.read_attributes
        return self.attributes if read is None else read(frame_number - 1)

    def frames(self) -> Iterator[Frame]:
        """Yield every frame in order."""
        for frame_index in range(self.frame_count):
            yield self.read_frame(frame_index)


@dataclass(frozen=True, kw_only=True)
class FrameDescription:
    """What a file's header says of its encoded frames; a codestream may say otherwise.

    Parameters
    ----------
    rows, columns, samples_per_pixel : int
        Size of a frame, each at least 1.
    bits_allocated, bits_stored : int
        Bits of the cell of one sample, and how many of them hold its value.
    is_signed : bool
        Pixel Representation is 1: values are two's complement.
    photometric_interpretation : str
        Such as ``MONOCHROME2`` or ``YBR_FULL_422``, as the header says it.
    planar_configuration : int
        0 by pixel, 1 by plane; only uncompressed samples follow it.
    """

    rows: int
    columns: int
    samples_per_pixel: int = 1
    bits_allocated: int = 16
    bits_stored: int = 16
    is_signed: bool = False
    photometric_interpretation: str = "MONOCHROME2"
    planar_configuration: int = 0

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of a decoded frame: (rows, columns), or (rows, columns, samples)."""
        if self.samples_per_pixel == 1:
            return self.rows, self.columns
        return self.rows, self.columns, self.samples_per_pixel


@dataclass(frozen=True, kw_only=True, eq=False)
class DecodedFrame:
    """One frame as its codestream holds it.

    Parameters
    ----------
    values : integer or float array, shape (rows, columns) or (rows, columns, samples)
        As coded.  Integers without the sign that the header gives them are read as two's complement
        of Bits Stored.  May be read-only.
    photometric_interpretation : str
        What the values mean after decoding: ``RGB`` if the codec undid a color transform.
    is_masked : bool
        The values are already those of the stored bits, sign included: lossy codestreams know
        their own precision, and masking would wrap their overshoot (4170 of 12 bits to 74).
        Otherwise the reader masks to Bits Stored and extends the sign.
    notes : tuple of str
        What was tolerated.
    decoder : str
        What decoded it, if the decoder chooses between libraries; empty for its own name.
    salvaged : str
        Why the values may be wrong; empty if they are not.  Only ``Decoder.salvage`` gives it.
    missing : bool array, shape (rows, columns), optional
        Where the stream has no pixels; only ``Decoder.salvage`` gives it.
    """

    values: NDArray[Any]
    photometric_interpretation: str
    is_masked: bool = False
    notes: tuple[str, ...] = ()
    decoder: str = ""
    salvaged: str = ""
    missing: NDArray[Any] | None = None
