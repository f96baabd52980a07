"""What had to be decided or tolerated while reading."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["Notes"]


class Notes:
    """What had to be decided or tolerated: each thing once, in order, without the file's values."""

    def __init__(self) -> None:
        self._lines: dict[str, None] = {}
        self.added = 0
        """How often something was noted, repetitions included."""

    def add(self, line: str) -> None:
        """Note one thing."""
        self.added += 1
        self._lines[line] = None

    def lines(self) -> tuple[str, ...]:
        """Return what was noted so far."""
        return tuple(self._lines)

    @contextmanager
    def catching_warnings(self) -> Iterator[list[warnings.WarningMessage]]:
        """Turn the warnings of the block into notes; a warning would be shown once per process.

        pydicom also logs them, values included, to whatever the program around us has set up.
        """
        from pydicom.config import logger

        logger.addFilter(_nothing)
        try:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                yield caught
        finally:
            logger.removeFilter(_nothing)
        for warning in caught:
            self.add(_without_values(str(warning.message)))


def _nothing(record: object) -> bool:
    return False


def _without_values(message: str) -> str:
    # pydicom quotes values in its warnings; a journal must not hold what may name a patient.
    first_line = message.strip().partition("\n")[0]
    return re.sub(r"'[^']*'|\"[^\"]*\"", "'...'", first_line)[:300]
