"""Whatever was raised, as reason, message and hint, and without the values of the file."""

from __future__ import annotations

import re
import traceback
from pathlib import Path

from dcmconv.errors import DcmconvError

__all__ = ["explained", "is_explicable", "without_values"]

_QUOTED = re.compile(r"b?'[^']*'|b?\"[^\"]*\"")
LONGEST = 300


def explained(error: BaseException) -> tuple[str, str, str]:
    """Return reason, message and hint for an exception."""
    if isinstance(error, DcmconvError):
        return error.reason, error.message, error.hint
    if isinstance(error, OSError) and error.errno is not None:
        return (
            "unreadable",
            f"It cannot be read: {error.strerror}.",
            "Check that it is still there and that you may read it.",
        )
    place = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(place.filename).name}, line {place.lineno} in {place.name}"
    # The name of a module is no value of the file.
    said = str(error) if isinstance(error, ImportError) else without_values(str(error))
    return (
        "internal",
        f"{type(error).__name__}: {said}",
        f"This is a fault in a plugin or in dcmconv ({where}); please report it.",
    )


def is_explicable(error: BaseException) -> bool:
    """Say whether the reason is known, so that a traceback would tell nothing more."""
    return explained(error)[0] != "internal"


def without_values(text: str) -> str:
    """Return one line of a library's message without what it quotes.

    Libraries quote the value that they complain of, and a value may be a patient's name.

    >>> without_values("Invalid value for VR PN: 'Doe^Jane'")
    "Invalid value for VR PN: '...'"
    """
    return " ".join(_QUOTED.sub("'...'", text).split())[:LONGEST]
