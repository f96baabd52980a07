"""Printing: results to stdout, everything else to stderr, never control characters of a file."""

from __future__ import annotations

import errno
import io
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout, suppress
from typing import TYPE_CHECKING, Any, TextIO

from dcmconv.errors import OutputError

if TYPE_CHECKING:
    from dcmconv.model.components import Row

__all__ = [
    "ask",
    "harmless",
    "is_interactive",
    "is_plain",
    "only_results_on_stdout",
    "print_bytes",
    "print_json",
    "print_result",
    "print_rows",
    "say",
    "stdout_closed",
    "stdout_error",
    "stdout_is_terminal",
]

# C0 and C1 controls, DEL, line separators, and the controls that reorder text (CVE-2021-42574).
STEERING = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")

# Without EPIPE: when the reader of a pipe ends early, such as head, nothing is wrong.
_STREAM_ERRORS = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF, errno.EACCES}
)


_results: TextIO | None = None
"""Where results go while ``only_results_on_stdout`` keeps everything else away from stdout."""


class _Aside(io.TextIOBase):
    """Writes to stderr, and never fails: a plugin that prints must not fail for it."""

    def write(self, text: str) -> int:
        with suppress(OSError):
            sys.stderr.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            sys.stderr.flush()


@contextmanager
def only_results_on_stdout() -> Iterator[None]:
    """Send to stderr what plugins print, and what native code writes to the descriptor of stdout.

    ``print_result`` and ``print_json`` still reach stdout.
    """
    global _results  # noqa: PLW0603 - a process has one stdout
    # Within another such block, nothing is left to do.
    if _results is not None or sys.stdout is None:
        yield
        return
    with ExitStack() as stack:
        _results = _own_stdout(stack)
        stack.enter_context(redirect_stdout(_Aside()))
        try:
            yield
        finally:
            _results = None


def _own_stdout(stack: ExitStack) -> TextIO:
    """Return a stream to stdout, and point the descriptor of stdout to stderr until the end."""
    try:
        if sys.stdout.fileno() != 1:
            return sys.stdout
        # Buffered text has to reach the present descriptor before it is replaced.
        sys.stdout.flush()
        own = os.dup(1)
        # Native libraries write to descriptor 1, whatever sys.stdout is.
        os.dup2(2, 1)
    except (OSError, ValueError):  # a stream set by a test has no descriptor; stderr is closed
        return sys.stdout
    results = open(own, "w", encoding=sys.stdout.encoding, newline="\n")  # noqa: PTH123, SIM115
    stack.callback(_restore_stdout, results)
    return results


def _restore_stdout(results: TextIO) -> None:
    if "ctypes" in sys.modules:
        # What a library has printed may still be in the buffer of the C library.
        sys.modules["ctypes"].CDLL(None).fflush(None)
    os.dup2(results.fileno(), 1)
    with suppress(OSError):  # the code that wrote it has had the error already
        results.close()


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


def ask(question: str) -> bool:
    """Ask a question on stderr and return whether the answer on stdin is yes."""
    lines, _, last = _lines(question).rpartition("\n")
    if lines:
        say(lines)
    sys.stderr.write(f"{last.rstrip()} ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


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


def print_bytes(content: bytes) -> None:
    """Write the bytes of a picture to stdout."""
    _to_stdout(lambda stream: (stream.buffer.write(content), stream.flush()))


def stdout_is_terminal() -> bool:
    """Say whether stdout is a terminal, which bytes of a picture would confuse."""
    stream = _results or sys.stdout
    return stream is not None and stream.isatty()


def print_rows(rows: Iterable[Row], *, as_json: bool) -> int:
    """Print the rows that a command yields and return its exit code.

    A table is printed as soon as it is complete; JSON is one value at the end.
    """
    return _print_values(rows) if as_json else _print_tables(rows)


def _print_tables(rows: Iterable[Row]) -> int:
    from dcmconv.model.components import Ending, Heading

    table: list[Row] = []
    is_first = True
    for row in rows:
        if not isinstance(row, Heading | Ending):
            table.append(row)
            continue
        _print_table(table)
        table = []
        if not is_first:
            print_result("")
        is_first = False
        if isinstance(row, Ending):
            print_result(str(row.get("text", "")))
            return int(row.get("code", 0))
        print_result(str(row.get("title", "")))
    _print_table(table)
    return 0


def _print_values(rows: Iterable[Row]) -> int:
    from dcmconv.model.components import Ending, Heading

    tables: list[dict[str, Any]] = []
    ending: Row = Ending(text="", code=0)
    for row in rows:
        if isinstance(row, Ending):
            ending = row
        elif isinstance(row, Heading):
            tables.append({**row, "rows": []})
        else:
            if not tables:
                tables.append({"title": "", "rows": []})
            tables[-1]["rows"].append(dict(row))
    print_json({"tables": tables, **ending})
    return int(ending.get("code", 0))


def _print_table(rows: list[Row]) -> None:
    columns = list(dict.fromkeys(column for row in rows for column in row))
    cells = [[_cell(row.get(column)) for column in columns] for row in rows]
    if len(columns) > 1:
        cells = [[column.replace("_", " ") for column in columns], *cells]
    widths = [max(_width(line[index]) for line in cells) for index in range(len(columns))]
    for line in cells:
        padded = [text + " " * (widths[at] - _width(text)) for at, text in enumerate(line)]
        print_result(("  " + "  ".join(padded)).rstrip())


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple | list):
        return ", ".join(_cell(part) for part in value)
    return harmless(str(value))


def _width(text: str) -> int:
    """Columns of a terminal: Chinese characters take two, combining marks none."""
    import unicodedata

    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    marks = sum(unicodedata.combining(letter) != 0 for letter in text)
    return len(text) + wide - marks


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
    _to_stdout(lambda stream: _write(stream, text))


def _to_stdout(write: Callable[[TextIO], object]) -> None:
    if sys.stdout is None:
        raise stdout_closed()
    try:
        write(_results or sys.stdout)
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
    # A terminal that is not UTF-8 cannot show every name: it gets escape sequences, not an error.
    encoding = stream.encoding or "utf-8"
    stream.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")
    stream.flush()


def _as_escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
