"""Rendering: from an opened input to the bytes of its pictures, in one process, writing nothing."""

from __future__ import annotations

from dcmconv.render.open_input import Converter, EncodedPicture, OpenInput

__all__ = ["Converter", "EncodedPicture", "OpenInput"]
