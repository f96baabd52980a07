"""The folder ``<out>/.dcmconv``: its files are opened safely, and one run at a time locks it.

An output folder may be shared, copied or unpacked from an archive: a link in it could make us
write somewhere else, and opening a named pipe could block forever.
"""

from __future__ import annotations

import errno
import os
import socket
import stat
from contextlib import suppress
from pathlib import Path

from dcmconv.errors import OutputError

__all__ = ["Lock", "check_state_folder", "close_held", "hold", "open_state_file"]

_SAFELY = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


_held: set[int] = set()


def hold(descriptor: int) -> int:
    """Close a descriptor in every fork of this process; return it.

    Otherwise a worker, or a program that a plugin starts, would keep the lock after the run.
    """
    _held.add(descriptor)
    return descriptor


def close_held(descriptor: int) -> None:
    """Close a descriptor that was passed to ``hold``."""
    _held.discard(descriptor)
    os.close(descriptor)


def _close_all() -> None:
    for descriptor in _held:
        with suppress(OSError):
            os.close(descriptor)
    _held.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_close_all)


def check_state_folder(path: Path) -> None:
    """Check that a folder is not a link.

    Raises
    ------
    OutputError
        If it is a link.
    """
    if path.is_symlink():
        raise _wrong_type(path, "a link", "a folder")


def open_state_file(path: Path, flags: int) -> int:
    """Open a regular file, not a link, and return a descriptor; a new file is private to its owner.

    Raises
    ------
    OutputError
        If it is not a regular file.
    OSError
        If it cannot be opened.
    """
    try:
        descriptor = os.open(path, flags | _SAFELY, 0o600)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.EMLINK, errno.ENXIO, errno.EISDIR):
            raise _wrong_type(path, _what(path), "a regular file") from error
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise _wrong_type(path, _what(path), "a regular file")
    return descriptor


def _what(path: Path) -> str:
    if path.is_symlink():
        return "a link"
    return "a folder" if path.is_dir() else "a device, a pipe or a socket"


def _wrong_type(path: Path, found: str, expected: str) -> OutputError:
    return OutputError(
        f"{path} is {found}; expected {expected}.",
        hint="Move it, or choose another --out.",
    )


try:
    import fcntl
except ImportError:  # Windows has no flock
    fcntl = None  # type: ignore[assignment]

__all__ = ["Lock"]


class Lock:
    """An advisory lock that the system releases when the process ends, even by a crash."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take the lock and write this process into the file.

        Raises
        ------
        OutputError
            If another run holds it, or the file is not a regular one.
        """
        descriptor = open_state_file(self.path, os.O_RDWR | os.O_CREAT)
        try:
            if fcntl is not None:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 200, 0).decode("utf-8", "replace").strip()
            os.close(descriptor)
            raise OutputError(
                f"{self.path.parent.parent} is in use by another run ({holder}).",
                hint="Wait until that run ends, or choose another --out.",
                reason="in-use",
            ) from None
        os.truncate(descriptor, 0)
        os.write(descriptor, f"process {os.getpid()} on {socket.gethostname()}\n".encode())
        self._descriptor = hold(descriptor)

    def release(self) -> None:
        """Release the lock.

        The file is never deleted: one run could otherwise lock the deleted file, another a new one.
        """
        if self._descriptor is not None:
            # On a disk that has become read-only the text stays, but the lock is released.
            with suppress(OSError):
                os.truncate(self._descriptor, 0)
            close_held(self._descriptor)
            self._descriptor = None
