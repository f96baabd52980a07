"""One object from standard input: ``cat scan.dcm | dcmconv run -``."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from dcmconv.plugin import InputFile, Reference, Rejected, Source, UsageError

__all__ = ["StandardInput"]

CERTAIN = 100


@dataclass(frozen=True)
class _Piped(Reference):
    """Has the bytes with it: a worker process has no access to this process's standard input."""

    content: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, kw_only=True)
class StandardInput(Source):
    """One DICOM object from standard input, named ``-``; its picture is named ``stdin``.

    It is read into memory, and identified in the journal by its content.  For a file of the name
    ``-``, write ``./-``.
    """

    @classmethod
    def claims(cls, location: str) -> int:
        """Claim ``-``.

        Raises
        ------
        UsageError
            If standard input is a terminal: it would wait forever.
        """
        if location != "-":
            return 0
        if sys.stdin.isatty():
            raise UsageError(
                "- reads standard input, which is a terminal.",
                hint="Pipe a DICOM file into it, as in: cat scan.dcm | dcmconv run -",
            )
        return CERTAIN

    def walk(self, location: str, *, avoid: Sequence[Path]) -> Iterator[Reference | Rejected]:
        """Yield the one object."""
        content = _content()
        # Its content identifies it, so that the same object is not converted twice.
        locator = f"stdin:{hashlib.sha256(content).hexdigest()}"
        # The time is never different: for another object, the locator is.
        yield _Piped("stdin", locator, len(content), 0, content=content)

    def open(self, reference: Reference) -> InputFile:
        """Return the bytes that came with the reference."""
        content = reference.content if isinstance(reference, _Piped) else _content()
        return InputFile(reference.key, content=content)


@cache
def _content() -> bytes:
    """Read standard input; a second walk of the same run gets the same bytes."""
    return sys.stdin.buffer.read()
