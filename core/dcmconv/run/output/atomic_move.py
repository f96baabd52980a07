"""Move a finished file to its final name, in one step and without replacing another file.

A hard link is used instead of a rename: link fails if the name is taken, rename replaces.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path

__all__ = ["move_new", "replace_by_link", "sync_folders"]

WITHOUT_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK, errno.EACCES})
"""Errors of file systems without hard links (FAT, some network shares), or with no link left."""
_BLOCK = 1 << 20


def move_new(part: str, target: str) -> None:
    """Link a file to a new name, with its folders; the part keeps its own name as well.

    Without hard links, or on another device, the file is renamed or copied.

    Raises
    ------
    FileExistsError
        If the name is taken.
    """
    # A folder is made only when a link fails without it: no check for every picture.
    for attempt in (1, 2):
        try:
            os.link(part, target)
            return
        except FileNotFoundError:
            # Without the part, the whole output folder is gone: it is not made again.
            if attempt == 2 or not os.path.lexists(part):
                raise
            _make_folder(Path(target).parent)
        except OSError as error:
            if error.errno == errno.EXDEV:
                _copy_new(part, Path(target))
                return
            if error.errno not in WITHOUT_LINKS:
                raise
            _rename_new(part, Path(target))
            return


def replace_by_link(part: str, target: str) -> None:
    """Replace a file by a hard link to the part, in one step; the part keeps its name as well."""
    # os.link cannot replace a file and os.replace can: hence another name in between.
    second_link = f"{part.removesuffix('.part')}-twin.part"
    os.link(part, second_link)
    os.replace(second_link, target)  # noqa: PTH105 - strings, as everywhere here


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        # The caller would read FileExistsError as "the picture's own name is taken".
        raise NotADirectoryError(errno.ENOTDIR, error.strerror, error.filename) from error


def _rename_new(part: str, target: Path) -> None:
    # Check, then rename, is not atomic; the lock on the output folder keeps other runs out of it.
    if os.path.lexists(target):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
    # Raises if the part is gone, before a folder is made for it.
    os.lstat(part)
    _make_folder(target.parent)
    os.rename(part, target)  # noqa: PTH104 - parts are strings


def _copy_new(part: str, target: Path) -> None:
    """Copy a file to a folder on another device, first under a temporary name there."""
    os.lstat(part)
    _make_folder(target.parent)
    near = target.with_name(Path(part).name)
    try:
        with Path(part).open("rb") as source, near.open("wb") as copy:
            while block := source.read(_BLOCK):
                copy.write(block)
        _rename_new(str(near), target)
    finally:
        near.unlink(missing_ok=True)


def sync_folders(targets: list[Path]) -> None:
    """Flush the folders of some files, so that their names survive a power failure as well."""
    if os.name == "nt":
        return  # folders cannot be opened there
    for folder in dict.fromkeys(target.parent for target in targets):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
