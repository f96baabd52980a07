"""Find presentation state files by content, and fingerprint them, without importing pydicom."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from dcmconv.plugin import UsageError

__all__ = ["CLASS_ROOT", "Stamp", "find_state_files", "fingerprint_of", "no_states", "stamps_of"]

CLASS_ROOT = "1.2.840.10008.5.1.4.1.1.11."
"""What the SOP Class UID of every presentation state begins with."""

Stamp = tuple[str, int, int]
"""Path of a file, its modification time in nanoseconds, and its size."""

# The SOP Class UID is in File Meta Information and again among the first elements of the dataset.
_HEAD = 2048


def find_state_files(path: str) -> tuple[Path, ...]:
    """Return the files that may be presentation states: the file, or those below a folder.

    Raises
    ------
    UsageError
        If there is no such file or folder, or no file in it looks like a presentation state.
    """
    root = Path(path)
    if not root.exists():
        raise UsageError(
            f"There is no presentation state file or folder {path}.",
            hint="Give the path of a presentation state, or of a folder with presentation states.",
        )
    files: Iterable[Path] = _files_below(root) if root.is_dir() else (root,)
    found = tuple(file for file in files if _may_be_a_state(file))
    if not found:
        raise no_states(path)
    return found


def stamps_of(path: str) -> tuple[Stamp, ...]:
    """Return path, time and size of the file, or of those below a folder, without reading them."""
    root = Path(path)
    stamps = []
    for file in _files_below(root) if root.is_dir() else (root,):
        try:
            stat = file.stat()
        except OSError:
            # A file that was removed or is not accessible cannot be a state.
            continue
        stamps.append((str(file), stat.st_mtime_ns, stat.st_size))
    return tuple(stamps)


def no_states(path: str) -> UsageError:
    """Return the error for a path without presentation states."""
    return UsageError(
        f"{path} contains no readable presentation state.",
        hint="Give a file whose Modality (0008,0060) is PR, or a folder with such files.",
    )


def fingerprint_of(path: str) -> str:
    """Return a hash of the states' bytes; raises ``UsageError`` if there are none."""
    digest = hashlib.sha256()
    for file in find_state_files(path):
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _files_below(folder: Path) -> Iterator[Path]:
    for root, folders, names in os.walk(folder):
        # A fixed order, because the fingerprint depends on it.
        folders.sort()
        yield from (Path(root, name) for name in sorted(names))


def _may_be_a_state(file: Path) -> bool:
    try:
        if not file.is_file():
            return False
        with file.open("rb") as stream:
            # File Meta Information is never deflated, so deflated states are found too.
            return CLASS_ROOT.encode() in stream.read(_HEAD)
    except OSError:
        # A file that cannot be read cannot be used as a state.
        return False
