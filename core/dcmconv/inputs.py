"""What a source finds and a reader opens."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

from dcmconv.frame import Attributes, Frame

__all__ = ["HEAD_BYTES", "InputFile", "Instance", "Reference", "Refusal"]

HEAD_BYTES = 512
"""How much of an input a reader sees when it is asked whether it knows the format."""


@dataclass(frozen=True)
class Reference:
    """One input that a source found; small, and sent to workers.

    Parameters
    ----------
    key : str
        Relative path with forward slashes: the name that messages and output paths start from.
    locator : str
        What the source needs to open it again, and what the journal knows it by: for files the
        absolute path.
    size, mtime_ns : int, optional
        The fingerprint, where the source knows it.
    """

    key: str
    locator: str
    size: int | None = None
    mtime_ns: int | None = None


@dataclass(frozen=True)
class Refusal:
    """Something that a source met and cannot hand over: a folder it may not read, a device.

    ``failed`` tells an input that should have been readable from one that is rightly left out.
    """

    key: str
    locator: str
    message: str
    hint: str = ""
    reason: str = "unreadable"
    failed: bool = True


@dataclass(frozen=True)
class InputFile:
    """The bytes of one input: a file on disk, or bytes that a source fetched."""

    key: str
    path: Path | None = None
    content: bytes | None = None

    @cached_property
    def head(self) -> bytes:
        """The first ``HEAD_BYTES`` bytes, or all if there are fewer."""
        if self.content is not None:
            return self.content[:HEAD_BYTES]
        # No buffer: it would read 8 KiB, and every input is looked at.
        with self._path.open("rb", buffering=0) as stream:
            return stream.read(HEAD_BYTES)

    def open(self) -> BinaryIO:
        """Open the bytes for reading."""
        if self.content is not None:
            return io.BytesIO(self.content)
        return self._path.open("rb")

    @property
    def _path(self) -> Path:
        if self.path is None:
            raise ValueError(f"{self.key}: an input needs a path or its content")
        return self.path


@dataclass(frozen=True, kw_only=True)
class Instance:
    """What a reader makes of one input: its attributes, and its frames one at a time.

    Parameters
    ----------
    frame_count : int
        How many frames there are, at least 1.
    read_frame : callable
        ``read_frame(frame_index) -> Frame``, counted from 0; nothing of an earlier frame is kept.
    attributes : mapping
        The attributes of the whole instance: what rules, names and tables ask for.
    transfer_syntax, decoder : str
        For the outcome; empty where the format knows no such thing.
    salvaged : str
        Which frames are missing, in words; empty if they all are there.  See ``Frame.salvaged``.
    close : callable
        Called once, whatever happened.
    """

    frame_count: int
    read_frame: Callable[[int], Frame]
    attributes: Attributes = field(default_factory=dict, repr=False)
    transfer_syntax: str = ""
    decoder: str = ""
    salvaged: str = ""
    close: Callable[[], None] = lambda: None

    def frames(self) -> Iterator[Frame]:
        """Yield every frame in order."""
        for frame_index in range(self.frame_count):
            yield self.read_frame(frame_index)
