"""The reason, message and hint of a failed input, without values from the file."""

from __future__ import annotations

import re
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from dcmconv.errors import DcmconvError
from dcmconv.model.outcome import Failed, Skipped

if TYPE_CHECKING:
    from dcmconv.model.executor import Lost
    from dcmconv.model.inputs import Reference, Rejected

__all__ = [
    "Failure",
    "failure_of",
    "failure_of_lost",
    "outcome_of_rejected",
    "without_values",
]

_QUOTED = re.compile(
    r"(?<!\w)b?'(?:\\.|[^'\\])*(?:'|$)|(?<!\w)b?\"(?:\\.|[^\"\\])*(?:\"|$)", re.DOTALL
)
"""A quoted value, whatever quotes are escaped in it, and however early the message is cut."""

LONGEST = 300
"""Characters of a library's message."""

HINTS = {
    "crash": "A decoder or a plugin has a bug. The other inputs are not affected.",
    "timeout": "Try again with a higher limit: --retry-failed --timeout SECONDS",
    "memory": "Try again with a higher limit: --retry-failed --workers 1 --memory MIB",
}


class Failure(NamedTuple):
    """Why an input failed; the fields are those of ``Failed``."""

    reason: str
    message: str
    hint: str


def failure_of(error: BaseException) -> Failure:
    """Return the failure for an exception."""
    if isinstance(error, DcmconvError):
        return Failure(error.reason, error.message, error.hint)
    # Not str(error), which repeats the path.
    if isinstance(error, OSError) and error.errno is not None:
        return Failure(
            "unreadable",
            f"The file cannot be read: {error.strerror}.",
            "Check that the file exists and that you have permission to read it.",
        )
    # The innermost line tells whose bug it is.
    last = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(last.filename).name}, line {last.lineno} in {last.name}"
    # What an ImportError quotes is a module's name, not a value of the file.
    text = str(error) if isinstance(error, ImportError) else without_values(str(error))
    return Failure(
        "internal",
        f"{type(error).__name__}: {text}",
        f"This is a bug in a plugin or in dcmconv ({where}); please report it.",
    )


def outcome_of_rejected(rejected: Rejected) -> Failed | Skipped:
    """Return the outcome of an input that its source rejected."""
    kind = Failed if rejected.failed else Skipped
    return kind.of(rejected, reason=rejected.reason, message=rejected.message, hint=rejected.hint)


def failure_of_lost(
    reference: Reference | Rejected, lost: Lost, *, seconds: float | None
) -> Failed:
    """Return the outcome of an input whose task got no answer; ``seconds`` was its time limit."""
    message = {
        "crash": f"The worker crashed twice while reading it: {lost.message}.",
        "timeout": f"It took longer than {seconds or 0:g} seconds.",
    }.get(lost.reason, lost.message)
    unknown = "This is a bug in a plugin or in dcmconv; please report it."
    return Failed.of(
        reference,
        reason=lost.reason if lost.reason in HINTS else "internal",
        message=message,
        hint=HINTS.get(lost.reason, unknown),
    )


def without_values(text: str) -> str:
    """Return a library's message as one line, with everything that it quotes left out.

    Libraries quote the value that they complain about, and it may be a patient's name.

    >>> without_values("Invalid value for VR PN: 'Doe^Jane'")
    "Invalid value for VR PN: '...'"
    """
    return " ".join(_QUOTED.sub("'...'", text).split())[:LONGEST]
