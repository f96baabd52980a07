"""What an operating system error means when an output cannot be written."""

from __future__ import annotations

import errno

from dcmconv.errors import OutputError

__all__ = ["ENDS_THE_RUN", "output_error"]

_FREE_SPACE = "Free some space, then run again: finished pictures are kept."
_SHORTER = "Use a shorter --name, or an --out with a shorter path."
_PERMISSIONS = "Check write permissions, or choose another --out."

_MEANINGS: dict[int, tuple[str, str, str]] = {
    errno.ENOSPC: ("disk-full", "No space left on device", _FREE_SPACE),
    errno.EDQUOT: ("disk-full", "your disk quota is used up", _FREE_SPACE),
    errno.EROFS: (
        "read-only",
        "the file system is read-only",
        "Remount it writable or choose another --out, then run again: finished pictures are kept.",
    ),
    errno.ENOENT: (
        "vanished",
        "the output folder no longer exists, or its .dcmconv folder is gone",
        "Restore it or choose another --out, then run again.",
    ),
    errno.EFBIG: (
        "too-large",
        "the file exceeds the size limit of the file system or of ulimit -f",
        "Raise the limit, or make the picture smaller with --step resize.",
    ),
    errno.ENAMETOOLONG: ("name-too-long", "the name is too long for the file system", _SHORTER),
    errno.EACCES: ("no-permission", "permission denied", _PERMISSIONS),
    errno.EPERM: ("no-permission", "the system does not permit it", _PERMISSIONS),
    errno.ENOTDIR: (
        "output",
        "a file exists where a folder is needed",
        "Move that file, or choose another --out or --name.",
    ),
    errno.EIO: (
        "io-error",
        "the device reported an I/O error",
        "Check the system log for disk errors, then run again.",
    ),
}
# From NFS: the folder was deleted on the server.
_MEANINGS[errno.ESTALE] = _MEANINGS[errno.ENOENT]
# From mkdir: the name of a folder is taken by a file.
_MEANINGS[errno.EEXIST] = _MEANINGS[errno.ENOTDIR]

ENDS_THE_RUN = frozenset({"disk-full", "read-only", "vanished"})
"""Reasons for which every further input would fail as well."""


def output_error(subject: str, error: OSError) -> OutputError:
    """Return the error to report for something that could not be written.

    Parameters
    ----------
    subject : str
        The subject of the sentence, such as ``"a/IM1.png"``.
    error : OSError
        What the system raised.
    """
    text = error.strerror or type(error).__name__
    unknown = ("output", text, "Choose another --out, or another --name.")
    reason, meaning, hint = _MEANINGS.get(error.errno or 0, unknown)
    return OutputError(f"{subject} cannot be written: {meaning}.", hint, reason)
