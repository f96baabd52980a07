"""What killed runs left behind: unfinished files, and pictures that have no journal line yet."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from dcmconv.run.messages import PART_PREFIX

__all__ = ["UnjournaledPictures", "remove_dead_parts", "remove_unfinished_parts"]

SECONDS_UNTIL_DEAD = 3600.0
"""Age after which an unfinished file of a process that no longer exists is removed."""


@dataclass(frozen=True)
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
            if process and is_old and not _is_alive(int(process[0])):
                path.unlink()


def _is_alive(process: int) -> bool:
    if os.name == "nt":
        return True  # on Windows, os.kill with signal 0 ends the process
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True
