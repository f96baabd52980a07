"""Lists of inputs in a file: ``--from-file LIST``, read as the run proceeds."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from threading import Lock
from typing import IO

from dcmconv.errors import UsageError
from dcmconv.model.records import record

__all__ = ["InputList"]

CHUNK = 1 << 16
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""Of UTF-8; some editors of Windows write it at the start of a file."""

_reading = Lock()


@record(frozen=True)
class InputList:
    """A file with one input a line: paths, relative to the current folder, or patterns.

    Parameters
    ----------
    path : str
        ``-`` is standard input.
    ends_with_zero : bool
        A zero character ends each input instead of a line end, as in ``find -print0``.
    """

    path: str
    ends_with_zero: bool = False

    @property
    def name(self) -> str:
        """What the list is called in messages."""
        return "standard input" if self.path == "-" else self.path

    def check(self) -> None:
        """Check that the list can be read and has the separator that it should have.

        Raises
        ------
        UsageError
            If it cannot be read, is a terminal, or separates its inputs otherwise.
        """
        if self.path == "-" and sys.stdin.isatty():
            raise UsageError(
                "--from-file - reads the list from standard input, which is a terminal.",
                hint="Pipe the list into it, as in: find scans -name '*.dcm' | dcmconv run "
                "--from-file -",
            )
        try:
            first = next(self._chunks(), b"")
        except OSError as error:
            raise UsageError(
                f"The list {self.name} cannot be read: {error.strerror}.",
                hint="Check the path after --from-file.",
            ) from error
        if b"\0" in first and not self.ends_with_zero:
            raise UsageError(
                f"The list {self.name} has zero characters; expected one path a line.",
                hint="Add --from0 if it was made by find -print0; name DICOM files as INPUT.",
            )
        if self.ends_with_zero and first and b"\0" not in first:
            raise UsageError(
                f"The list {self.name} has no zero characters, which --from0 expects after each "
                "path.",
                hint="Omit --from0 for a list with one path a line.",
            )

    def locations(self) -> Iterator[str]:
        """Yield the inputs, in the order of the list; empty lines are ignored."""
        separator = b"\0" if self.ends_with_zero else b"\n"
        rest, is_start = b"", True
        for chunk in self._chunks():
            *whole, rest = (rest + chunk).split(separator)
            for line in whole:
                yield from self._location(line, is_start=is_start)
                is_start = False
        yield from self._location(rest, is_start=is_start)

    def _location(self, line: bytes, *, is_start: bool) -> Iterator[str]:
        if not self.ends_with_zero:
            line = line.removesuffix(b"\r")
        if is_start:
            line = line.removeprefix(BYTE_ORDER_MARK)
        if line:
            # As Python decodes file names: bytes that are not text stay what they are.
            yield os.fsdecode(line)

    def _chunks(self) -> Iterator[bytes]:
        if self.path != "-":
            with Path(self.path).open("rb") as stream:
                while chunk := stream.read(CHUNK):
                    yield chunk
            return
        kept, start = _kept_stdin(), 0
        while True:
            # Each reader has its own position: the walk may be repeated, or counted ahead.
            with _reading:
                kept.seek(start)
                chunk = kept.read(CHUNK)
            if not chunk:
                return
            start += len(chunk)
            yield chunk


@cache
def _kept_stdin() -> IO[bytes]:
    """Return a copy of standard input, which can be read only once, in a file without a name."""
    # Only here: a run without such a list need not import them.
    import shutil
    import tempfile

    kept = tempfile.TemporaryFile()  # noqa: SIM115 - until the process ends
    shutil.copyfileobj(sys.stdin.buffer, kept)
    return kept
