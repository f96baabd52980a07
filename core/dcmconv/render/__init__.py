"""Rendering: from a Frame to the bytes of a file, in one process, without touching the disk."""

from __future__ import annotations

from dcmconv.render.converter import Converter
from dcmconv.render.open_input import EncodedPicture, OpenInput

__all__ = ["Converter", "EncodedPicture", "OpenInput"]
