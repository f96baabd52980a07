"""Printing: results on stdout, everything else on stderr, and nothing that steers a terminal."""

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
    "no_stdout",
    "print_json",
    "print_result",
    "say",
    "stdout_refusal",
]

# C0 and C1 controls, DEL, line separators, and the controls that reorder text (CVE-2021-42574).
STEERING = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")

_STREAM_ERRORS = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF, errno.EACCES}
)


def harmless(text: str) -> str:
    r"""Return one line of text with every character that steers a terminal written as an escape.

    >>> harmless("CT\x1b[2J.dcm")
    'CT\\x1b[2J.dcm'
    """
    return STEERING.sub(_as_escape, text)


def is_plain() -> bool:
    """Say whether the user asked for no colors and no boxes: ``NO_COLOR``, ``TERM=dumb``."""
    return bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"


def is_interactive() -> bool:
    """Say whether a person watches stderr on a terminal that can move its cursor."""
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


def say(text: str, *, emphasis: str = "") -> None:
    """Write lines for a person to stderr; ``emphasis`` is the start of the text to color red."""
    safe = _lines(text)
    if emphasis and safe.startswith(emphasis) and sys.stderr.isatty() and not is_plain():
        safe = f"\x1b[1;31m{emphasis}\x1b[0m{safe[len(emphasis) :]}"
    with suppress(OSError):  # a full or closed stderr is no reason to lose the work
        _write(sys.stderr, safe)


def print_result(text: str) -> None:
    """Write lines of a result to stdout."""
    _write_result(_lines(text))


def print_json(value: Any) -> None:
    """Write one value to stdout as one line of JSON, pure ASCII where the text is not valid."""
    import json

    from dcmconv.model.outcome import finite

    # Escapes lone surrogates, which file names may hold, and controls; letters stay readable.
    text = json.dumps(finite(value), ensure_ascii=False, default=str)
    _write_result(STEERING.sub(lambda match: f"\\u{ord(match[0]):04x}", text))


def no_stdout() -> OutputError:
    """Return the error for a program whose stdout is closed."""
    return OutputError(
        "Standard output is closed; there is nowhere to print to.",
        hint="Leave '>&-' out, or send it to a file: > FILE",
    )


def stdout_refusal(error: OSError) -> OutputError | None:
    """Return what an error means that comes from stdout; None where it comes from elsewhere.

    What stdout did not take is thrown away, so that Python does not complain again at its end.
    """
    # A file is refused under its own name; typer and rich write to nothing but streams.
    if error.filename is not None or error.errno not in _STREAM_ERRORS:
        return None
    _throw_away_stdout()
    return OutputError(
        f"Standard output cannot be written: {error.strerror or error}.",
        hint="Make room, or send it elsewhere: > FILE",
    )


def _write_result(text: str) -> None:
    if sys.stdout is None:
        raise no_stdout()
    try:
        _write(sys.stdout, text)
    except OSError as error:
        refusal = stdout_refusal(error)
        if refusal is None:
            raise
        raise refusal from error


def _throw_away_stdout() -> None:
    with suppress(OSError, ValueError):  # a stream that a test put there has no descriptor
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
