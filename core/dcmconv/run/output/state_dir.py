"""The files of ``<out>/.dcmconv``: opened so that nothing that was put there leads elsewhere.

An output folder may be shared, copied or unpacked from an archive.  A link there would have us
write behind it, and a pipe would be waited for without end.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path

from dcmconv.errors import OutputError

__all__ = ["check_state_folder", "close_held", "hold", "open_state_file"]

_SAFELY = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


_held: set[int] = set()


def hold(descriptor: int) -> int:
    """Keep a descriptor from every fork of this process, and return it.

    A worker, or whatever a plugin starts, would hold the lock of a run that has ended.
    """
    _held.add(descriptor)
    return descriptor


def close_held(descriptor: int) -> None:
    """Close a descriptor that was held."""
    _held.discard(descriptor)
    os.close(descriptor)


def _let_go() -> None:
    for descriptor in _held:
        with suppress(OSError):
            os.close(descriptor)
    _held.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go)


def check_state_folder(path: Path) -> None:
    """See that a folder of ours is no link.

    Raises
    ------
    OutputError
        If it is one.
    """
    if path.is_symlink():
        raise _strange(path, "a link", "a folder")


def open_state_file(path: Path, flags: int) -> int:
    """Open a regular file that is no link, for its owner alone if it is new; return a descriptor.

    Raises
    ------
    OutputError
        If something else stands there.
    OSError
        If the system refuses.
    """
    try:
        descriptor = os.open(path, flags | _SAFELY, 0o600)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.EMLINK, errno.ENXIO, errno.EISDIR):
            raise _strange(path, _what(path), "a regular file") from error
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise _strange(path, _what(path), "a regular file")
    return descriptor


def _what(path: Path) -> str:
    if path.is_symlink():
        return "a link"
    return "a folder" if path.is_dir() else "a device, a pipe or a socket"


def _strange(path: Path, found: str, needed: str) -> OutputError:
    return OutputError(
        f"{path} is {found}, and dcmconv keeps its notes in {needed} there.",
        hint="Move it away, or choose another --out.",
    )
