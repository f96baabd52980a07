"""Whether a picture still is what the journal says of it."""

from __future__ import annotations

import hashlib
import os
import stat
from enum import Enum
from pathlib import Path

from dcmconv.model.outcome import OutputFile

__all__ = ["Standing", "holds_dicom", "is_same", "state_of"]

MARGIN = 0.002
"""Seconds; the journal's times are cut to milliseconds."""


class Standing(Enum):
    """What became of a picture since it was published."""

    WHOLE = "whole"
    MISSING = "missing"
    ALTERED = "altered"


def state_of(folder: Path, output: OutputFile, *, written: float) -> Standing:
    """Look at one picture.

    Parameters
    ----------
    folder : Path
        The output folder.
    output : OutputFile
        As the journal has it.
    written : float
        When that line was written, in seconds since 1970.  A file that was changed later is hashed,
        because a copy of the folder has new times and the same bytes; minus infinity hashes always.
    """
    try:
        status = os.lstat(folder / output.path)
    except OSError:
        return Standing.MISSING
    if not stat.S_ISREG(status.st_mode) or status.st_size != output.size:
        return Standing.ALTERED
    if status.st_mtime <= written + MARGIN:
        return Standing.WHOLE
    return Standing.WHOLE if is_same(folder / output.path, output) else Standing.ALTERED


def is_same(path: Path, output: OutputFile) -> bool:
    """Say whether a file is regular and holds the very bytes of a picture."""
    try:
        if path.is_symlink() or path.stat().st_size != output.size:
            return False
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest() == output.sha256
    except OSError:
        return False


def holds_dicom(path: Path) -> bool:
    """Say whether a file is DICOM by its preamble (PS3.10 7.1)."""
    try:
        with path.open("rb") as stream:
            return stream.read(132)[128:] == b"DICM"
    except OSError:
        return False
