"""Moving a finished file to a name that nothing has: by a link, which never replaces."""

from __future__ import annotations

import errno
import os
from pathlib import Path

__all__ = ["move_new", "renew", "sync_folders"]

WITHOUT_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK, errno.EACCES})
"""What file systems without hard links say (FAT, some network shares), and folders full of them."""
_BLOCK = 1 << 20


def move_new(part: str, target: str) -> None:
    """Move a file to a name that nothing has; unlike a rename, a link never replaces."""
    for attempt in (1, 2):
        try:
            os.link(part, target)
            return
        except FileNotFoundError:
            if attempt == 2:
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


def renew(part: str, target: str) -> None:
    """Put a file in the place of another, and leave it its own name as well, as a link does."""
    twin = f"{part.removesuffix('.part')}-twin.part"
    os.link(part, twin)
    os.replace(twin, target)  # noqa: PTH105 - strings, as everywhere here


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        # The name of the picture is free; it is a folder that cannot be.
        raise NotADirectoryError(errno.ENOTDIR, error.strerror, error.filename) from error


def _rename_new(part: str, target: Path) -> None:
    # The folder is ours by its lock: nobody who minds that comes between the look and the rename.
    if os.path.lexists(target):
        raise FileExistsError(errno.EEXIST, "it is there already", str(target))
    _make_folder(target.parent)
    os.rename(part, target)  # noqa: PTH104 - parts are strings


def _copy_new(part: str, target: Path) -> None:
    """Move a file into a folder that lies on another device."""
    near = target.with_name(Path(part).name)
    try:
        with Path(part).open("rb") as source, near.open("wb") as copy:
            while block := source.read(_BLOCK):
                copy.write(block)
        _rename_new(str(near), target)
    finally:
        near.unlink(missing_ok=True)


def sync_folders(targets: list[Path]) -> None:
    """Have the names on the disk, not only the bytes."""
    if os.name == "nt":
        return  # folders cannot be opened there
    for folder in dict.fromkeys(target.parent for target in targets):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
