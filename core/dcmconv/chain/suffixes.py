"""The writer that a picture's name asks for."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

__all__ = ["writer_of"]

_SAME = {"jpeg": "jpg", "jpe": "jpg", "tif": "tiff", "tiff": "tif"}
"""Suffixes that mean the same format."""


def writer_of(path: Path, writers: Collection[str]) -> str:
    """Return the writer, among those there are, that a file's suffix names; empty if none does.

    >>> writer_of(Path("head.JPEG"), ["jpg", "png"])
    'jpg'
    """
    suffix = path.suffix.lower().removeprefix(".")
    return next((name for name in (suffix, _SAME.get(suffix, "")) if name in writers), "")
