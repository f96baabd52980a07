"""Every deliberate error: who must act decides the class.

An error has two lines: what was found and what was expected, then what to type next.  Its
``reason`` is one stable word for the journal and for scripts.
"""

from __future__ import annotations

import errno
from typing import ClassVar

__all__ = [
    "ChainError",
    "DcmconvError",
    "InputError",
    "InputNotFoundError",
    "LimitError",
    "OutputError",
    "PluginError",
    "SkipInput",
    "UnsupportedError",
    "UsageError",
]


class DcmconvError(Exception):
    """An error that dcmconv can explain; anything else is a bug and shows a traceback.

    Parameters
    ----------
    message : str
        Line one: where, what was found, what was expected.
    hint : str, optional
        Line two: what to type now.
    reason : str, optional
        One word for the journal; the class's ``default_reason`` if left out.
    """

    exit_code: ClassVar[int] = 1
    default_reason: ClassVar[str] = "error"

    def __init__(self, message: str, hint: str = "", reason: str = "") -> None:
        # All three are in args, so that every subclass survives pickling without its own code.
        # Not super(): a subclass may also be an OSError, which takes them for an errno and a file.
        Exception.__init__(self, message, hint, reason or self.default_reason)

    @property
    def message(self) -> str:
        """What was found and what was expected."""
        return str(self.args[0])

    @property
    def hint(self) -> str:
        """What to type now; may be empty."""
        return str(self.args[1])

    @property
    def reason(self) -> str:
        """One stable word, such as ``truncated``."""
        return str(self.args[2])

    def __str__(self) -> str:
        return f"{self.message}\n  {self.hint}" if self.hint else self.message


class UsageError(DcmconvError):
    """The command, an option or a Python call must change."""

    exit_code = 2
    default_reason = "usage"


class InputNotFoundError(UsageError, FileNotFoundError):
    """No file or folder has this name; also a ``FileNotFoundError``."""

    errno = errno.ENOENT


class ChainError(UsageError):
    """The chain must change: an unknown key, component or option, or a wrong value."""

    default_reason = "chain"


class InputError(DcmconvError):
    """The file is damaged, or contradicts itself or the standard."""

    default_reason = "damaged"


class UnsupportedError(DcmconvError):
    """A package or plugin is missing, or dcmconv does not support this input."""

    exit_code = 4
    default_reason = "unsupported"


class PluginError(UnsupportedError):
    """A plugin is broken, or did not keep its contract."""

    default_reason = "plugin"


class LimitError(DcmconvError):
    """A limit was exceeded; raise the limit or exclude the file."""

    default_reason = "limit"


class OutputError(DcmconvError):
    """The destination cannot be written: full, read-only or in use."""

    exit_code = 5
    default_reason = "output"


class SkipInput(DcmconvError):  # noqa: N818 - not an error: nothing is wrong with the input
    """The input has no picture, and nothing is wrong with it."""

    exit_code = 0
    default_reason = "no-pixels"
