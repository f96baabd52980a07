"""Printing: results to stdout, everything else to stderr, never control characters of a file."""

from __future__ import annotations

import errno
import os
import re
import sys
from contextlib import suppress
from typing import Any, TextIO

from dcmconv.errors import OutputError

__all__ = [
    "harmless",
    "is_interactive",
    "is_plain",
    "print_json",
    "print_result",
    "say",
    "stdout_closed",
    "stdout_error",
]

# C0 and C1 controls, DEL, line separators, and the controls that reorder text (CVE-2021-42574).
STEERING = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")

_STREAM_ERRORS = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF, errno.EACCES}
)


def harmless(text: str) -> str:
    r"""Return one line of text with every character that controls a terminal as an escape sequence.

    >>> harmless("CT\x1b[2J.dcm")
    'CT\\x1b[2J.dcm'
    """
    return STEERING.sub(_as_escape, text)


def is_plain() -> bool:
    """Say whether output must be plain, without colors and boxes: ``NO_COLOR``, ``TERM=dumb``."""
    return bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"


def is_interactive() -> bool:
    """Say whether stderr is a terminal that can move its cursor."""
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


def say(text: str, *, emphasis: str = "") -> None:
    """Write lines for people to stderr; ``emphasis`` is the start of the text to color red."""
    safe = _lines(text)
    if emphasis and safe.startswith(emphasis) and sys.stderr.isatty() and not is_plain():
        safe = f"\x1b[1;31m{emphasis}\x1b[0m{safe[len(emphasis) :]}"
    with suppress(OSError):  # a full or closed stderr must not stop the work
        _write(sys.stderr, safe)


def print_result(text: str) -> None:
    """Write lines of a result to stdout."""
    _write_result(_lines(text))


def print_json(value: Any) -> None:
    """Write one value to stdout as one line of JSON; invalid text is escaped."""
    import json

    from dcmconv.model.outcome import finite

    # Escapes control characters and lone surrogates, which occur in file names; not letters.
    text = json.dumps(finite(value), ensure_ascii=False, default=str)
    _write_result(STEERING.sub(lambda match: f"\\u{ord(match[0]):04x}", text))


def stdout_closed() -> OutputError:
    """Return the error for a closed stdout."""
    return OutputError(
        "Standard output is closed.",
        hint="Remove '>&-', or redirect the output to a file: > FILE",
    )


def stdout_error(error: OSError) -> OutputError | None:
    """Return the explanation of an error of stdout; None if the error has another cause.

    What could not be written is dropped, so that Python does not report it again at exit.
    """
    # Errors of files carry a file name; typer and rich only write to streams.
    if error.filename is not None or error.errno not in _STREAM_ERRORS:
        return None
    _discard_stdout()
    return OutputError(
        f"Cannot write to standard output: {error.strerror or error}.",
        hint="Free some space, or redirect the output: > FILE",
    )


def _write_result(text: str) -> None:
    if sys.stdout is None:
        raise stdout_closed()
    try:
        _write(sys.stdout, text)
    except OSError as error:
        explained = stdout_error(error)
        if explained is None:
            raise
        raise explained from error


def _discard_stdout() -> None:
    with suppress(OSError, ValueError):  # a stream set by a test has no descriptor
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)


def _lines(text: str) -> str:
    return "\n".join(harmless(line) for line in text.split("\n"))


def _write(stream: TextIO, text: str) -> None:
    encoding = stream.encoding or "utf-8"
    stream.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")
    stream.flush()


def _as_escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
