"""The folder ``<out>/.dcmconv``: its files are opened safely.

An output folder may be shared, copied or unpacked from an archive: a link in it could make us
write somewhere else, and opening a named pipe could block forever.  Parts that killed runs
left here, or next to a single output file, are cleaned up.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import field
from pathlib import Path

from dcmconv.errors import OutputError
from dcmconv.model.records import record
from dcmconv.run.messages import PART_PREFIX

__all__ = [
    "UnjournaledPictures",
    "check_state_folder",
    "close_held",
    "hold",
    "is_alive",
    "open_state_file",
    "remove_dead_parts",
    "remove_unfinished_parts",
]

# Opening a pipe does not wait, a link is an error, and Windows does not translate line breaks.
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
        # A link is ELOOP, on FreeBSD EMLINK; ENXIO is a socket, or a pipe that nobody reads.
        if error.errno in (errno.ELOOP, errno.EMLINK, errno.ENXIO, errno.EISDIR):
            raise _wrong_type(path, _what(path), "a regular file") from error
        raise
    # O_NOFOLLOW lets devices and pipes through.
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


SECONDS_UNTIL_DEAD = 3600.0
"""Age after which an unfinished file of a process that no longer exists is removed."""


@record(frozen=True)
class UnjournaledPictures:
    """Pictures that a killed run published before it wrote their journal line.

    Such a picture has a second hard link: its part, which is removed after the line is written.
    """

    parts: Mapping[tuple[int, int], Path] = field(default_factory=dict)
    """Device and inode of each picture → its part."""

    def __contains__(self, picture: str) -> bool:
        if not self.parts:
            return False
        status = os.lstat(picture)
        return (status.st_dev, status.st_ino) in self.parts

    def remove_parts(self) -> None:
        """Remove the parts, once every input has its journal line."""
        with suppress(OSError):
            for path in self.parts.values():
                path.unlink(missing_ok=True)


def remove_unfinished_parts(folder: Path) -> UnjournaledPictures:
    """Remove the unfinished files of killed runs; return the pictures that they published."""
    kept = {}
    for path in folder.glob(f"{PART_PREFIX}*.part"):
        status = path.lstat()
        if status.st_nlink > 1:
            # A worker that opened a part of this name again would write into the published picture.
            renamed = path.with_name(f"{PART_PREFIX}half-{status.st_ino}.part")
            kept[status.st_dev, status.st_ino] = renamed
            if path != renamed:
                path.rename(renamed)
                # POSIX: renaming one of two links to the same file to the other does nothing.
                path.unlink(missing_ok=True)
        else:
            path.unlink(missing_ok=True)
    return UnjournaledPictures(kept)


def remove_dead_parts(folder: Path, name: str = "*") -> None:
    """Remove unfinished files next to one named output, if they are old and their process is gone.

    No lock protects such a folder, and the process may run on another machine: hence the age.
    """
    for path in folder.glob(f"{PART_PREFIX}{name}.part"):
        process = re.match(r"\d+", path.name.removeprefix(PART_PREFIX))
        with suppress(OSError):
            is_old = time.time() - path.stat().st_mtime > SECONDS_UNTIL_DEAD
            if process and is_old and not is_alive(int(process[0])):
                path.unlink()


def is_alive(process: int) -> bool:
    """Return whether a process of this machine exists; True if the system does not say."""
    if os.name == "nt":
        return True  # on Windows, os.kill with signal 0 ends the process
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True
