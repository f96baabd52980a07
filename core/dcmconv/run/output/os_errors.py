"""What a destination's refusals mean: in words, and whether the run can go on after them."""

from __future__ import annotations

import errno

from dcmconv.errors import OutputError

__all__ = ["ENDS_THE_RUN", "refused"]

_ROOM = "Make room, then run again: what is finished stays."
_SHORTER = "Use a shorter --name, or an --out nearer to the root."
_ALLOWED = "Ask for the right to write there, or choose another --out."

_REFUSALS: dict[int, tuple[str, str, str]] = {
    errno.ENOSPC: ("disk-full", "No space left on device", _ROOM),
    errno.EDQUOT: ("disk-full", "your quota on that file system is used up", _ROOM),
    errno.EROFS: (
        "read-only",
        "the file system is read-only",
        "Mount it for writing or choose another --out, then run again: what is finished stays.",
    ),
    errno.ENOENT: (
        "vanished",
        "the output folder is gone",
        "Bring it back or choose another --out, then run again.",
    ),
    errno.EFBIG: (
        "too-large",
        "it is larger than the file system, or the shell's ulimit -f, lets a file be",
        "Raise the limit, or make it smaller with --step resize.",
    ),
    errno.ENAMETOOLONG: ("name-too-long", "its name is longer than a path may be", _SHORTER),
    errno.EACCES: ("no-permission", "you may not write there", _ALLOWED),
    errno.EPERM: ("no-permission", "the system does not let you write there", _ALLOWED),
    errno.ENOTDIR: (
        "output",
        "a file stands where a folder is needed",
        "Move that file, or choose another --out or --name.",
    ),
    errno.EIO: (
        "io-error",
        "the device failed",
        "See what the system's log says of the disk, then run again.",
    ),
}
_REFUSALS[errno.ESTALE] = _REFUSALS[errno.ENOENT]
_REFUSALS[errno.EEXIST] = _REFUSALS[errno.ENOTDIR]

ENDS_THE_RUN = frozenset({"disk-full", "read-only", "vanished"})
"""Reasons that every further input would fail for as well."""


def refused(what: str, error: OSError) -> OutputError:
    """Return the error for something that could not be written.

    Parameters
    ----------
    what : str
        The subject of the sentence, such as ``"a/IM1.png"``.
    error : OSError
        What the system said.
    """
    said = error.strerror or type(error).__name__
    unknown = ("output", said, "Choose another --out, or another --name.")
    reason, meaning, hint = _REFUSALS.get(error.errno or 0, unknown)
    return OutputError(f"{what} cannot be written: {meaning}.", hint, reason)
