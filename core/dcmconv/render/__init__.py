"""Rendering: from a Frame to the bytes of a file, in one process, without touching the disk."""

from __future__ import annotations

from dcmconv.render.converter import Converter
from dcmconv.render.opened import EncodedPicture, Opened

__all__ = ["Converter", "EncodedPicture", "Opened"]
