"""Notes of what was tolerated in a file, and the errors that pydicom raises on a broken one."""

from __future__ import annotations

import re
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

__all__ = ["Notes", "parse_errors"]

_OTHER_VR = re.compile("Expected (ex|im)plicit VR, but found")


_QUOTED = re.compile(r"(?<!\w)b?'(?:\\.|[^'\\])*(?:'|$)|(?<!\w)b?\"(?:\\.|[^\"\\])*(?:\"|$)")
"""A quoted value, whatever quotes are escaped in it, and however early the line ends."""


class Notes:
    """What was decided or tolerated while reading: each thing once, in order, without values."""

    def __init__(self) -> None:
        self._lines: dict[str, None] = {}
        self.added = 0
        """How often something was noted, repetitions included."""

    def add(self, line: str) -> None:
        """Note one thing."""
        self.added += 1
        self._lines[line] = None

    def lines(self) -> tuple[str, ...]:
        """Return the notes so far."""
        return tuple(self._lines)

    @contextmanager
    def catching_warnings(self) -> Iterator[list[warnings.WarningMessage]]:
        """Turn the warnings of a block into notes, and yield them.

        Python shows a warning once per process, not once per file.  pydicom also logs each of them,
        with values, to whatever handler the program has set up; that is suppressed here.
        """
        from pydicom.config import logger

        logger.addFilter(_reject)
        try:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                yield caught
        finally:
            logger.removeFilter(_reject)
        for warning in caught:
            message = str(warning.message)
            # The caller notes this one in our words.
            if not _OTHER_VR.match(message):
                self.add(_without_values(message))


@cache
def parse_errors() -> tuple[type[Exception], ...]:
    """Return what pydicom raises on a damaged dataset; each was seen on a real file.

    A function, so that pydicom is only imported after something was raised.
    """
    from pydicom.errors import BytesLengthException, InvalidDicomError

    return (
        AttributeError,
        BytesLengthException,
        EOFError,
        InvalidDicomError,
        LookupError,
        NotImplementedError,
        OSError,  # "No tag to read"; the bytes are in memory, so it is never the disk
        OverflowError,
        RecursionError,
        TypeError,
        ValueError,
        struct.error,
    )


def _reject(record: object) -> bool:
    return False


def _without_values(message: str) -> str:
    # pydicom quotes values in its warnings; a journal must not hold what may identify a patient.
    first_line = message.strip().partition("\n")[0]
    return _QUOTED.sub("'...'", first_line)[:300]
