"""Whether a picture is still the one that the journal describes."""

from __future__ import annotations

import hashlib
import os
import stat
from enum import Enum
from pathlib import Path

from dcmconv.model.outcome import OutputFile

__all__ = ["PictureState", "holds_dicom", "is_same", "picture_state"]

TIME_MARGIN = 0.002
"""Seconds; times in the journal are cut to milliseconds."""


class PictureState(Enum):
    """What happened to a picture since it was published."""

    WHOLE = "whole"
    MISSING = "missing"
    ALTERED = "altered"


def picture_state(folder: Path, output: OutputFile, *, written: float) -> PictureState:
    """Compare one picture with its journal line.

    Parameters
    ----------
    folder : Path
        The output folder.
    output : OutputFile
        The picture as the journal describes it.
    written : float
        When that line was written, in seconds since 1970.  A file that is newer is hashed, because
        copying the folder changes the times and not the bytes; minus infinity hashes every file.
    """
    try:
        # lstat: a link to an equal file is not the picture.
        status = os.lstat(folder / output.path)
    except OSError:
        return PictureState.MISSING
    if not stat.S_ISREG(status.st_mode) or status.st_size != output.size:
        return PictureState.ALTERED
    if status.st_mtime <= written + TIME_MARGIN:
        return PictureState.WHOLE
    return PictureState.WHOLE if is_same(folder / output.path, output) else PictureState.ALTERED


def is_same(path: Path, output: OutputFile) -> bool:
    """Return whether a file is regular and has exactly the bytes of a picture."""
    try:
        if path.is_symlink() or path.stat().st_size != output.size:
            return False
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest() == output.sha256
    except OSError:
        return False


def holds_dicom(path: Path) -> bool:
    """Return whether a file has the DICOM prefix after its preamble (PS3.10 7.1)."""
    try:
        with path.open("rb") as stream:
            return stream.read(132)[128:] == b"DICM"
    except OSError:
        return False
