"""Where presentation states are: files told by their first bytes, whatever their names."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from dcmconv.plugin import UsageError

__all__ = ["CLASS_ROOT", "Stamp", "fingerprint_of", "no_states", "stamps_of", "state_files"]

Stamp = tuple[str, int, int]
"""Path of a file, when it was changed in nanoseconds, and its size."""

CLASS_ROOT = "1.2.840.10008.5.1.4.1.1.11."
"""What the SOP Class UID of every presentation state begins with."""

_HEAD = 2048
"""The class of an Instance stands in its first elements, twice."""


def state_files(path: str) -> tuple[Path, ...]:
    """Return the files that may be presentation states: the file, or those below a folder.

    Raises
    ------
    UsageError
        If there is no such file or folder, or nothing like a presentation state in it.
    """
    place = Path(path)
    if not place.exists():
        raise UsageError(
            f"The presentation state {path} is neither a file nor a folder.",
            hint="Give the path of a presentation state, or of a folder that holds some.",
        )
    files: Iterable[Path] = _files_below(place) if place.is_dir() else (place,)
    found = tuple(file for file in files if _may_be_a_state(file))
    if not found:
        raise no_states(path)
    return found


def stamps_of(path: str) -> tuple[Stamp, ...]:
    """Return what changes with the file, or with those below a folder; nothing is read."""
    place = Path(path)
    stamps = []
    for file in _files_below(place) if place.is_dir() else (place,):
        try:
            stat = file.stat()
        except OSError:
            # What is gone again, or may not be looked at, is no state.
            continue
        stamps.append((str(file), stat.st_mtime_ns, stat.st_size))
    return tuple(stamps)


def no_states(path: str) -> UsageError:
    """Return the error for a place without presentation states."""
    return UsageError(
        f"{path} holds no presentation state that can be read.",
        hint="Give a file whose Modality (0008,0060) is PR, or a folder with such files.",
    )


def fingerprint_of(path: str) -> str:
    """Return a hash of the states' bytes; raises ``UsageError`` if there are none."""
    digest = hashlib.sha256()
    for file in state_files(path):
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _files_below(folder: Path) -> Iterator[Path]:
    for root, folders, names in os.walk(folder):
        folders.sort()
        yield from (Path(root, name) for name in sorted(names))


def _may_be_a_state(file: Path) -> bool:
    try:
        if not file.is_file():
            return False
        with file.open("rb") as stream:
            return CLASS_ROOT.encode() in stream.read(_HEAD)
    except OSError:
        # What may not be read is no state that could be asked for.
        return False
