"""A dataset of which only the places are known; a value is cut out when it is asked for."""

from __future__ import annotations

import io
import struct
from collections.abc import KeysView
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from dcmconv_builtins.dicom.encoding import LONG_VRS, Encoding
from dcmconv_builtins.dicom.file_parts import UNDEFINED_LENGTH

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

__all__ = ["RawElement", "ScannedDataset"]

_header = struct.Struct("<HH2sH").unpack_from
_length = struct.Struct("<I").unpack_from


class RawElement(NamedTuple):
    """An element as it stands in the file; fields are named as in pydicom's RawDataElement."""

    tag: int
    VR: str
    value: bytes
    is_little_endian: bool = True
    is_raw: bool = True


class ScannedDataset:
    """The top level of an explicit little endian dataset whose form has been checked.

    Parameters
    ----------
    content : bytes
        The file up to its pixels.
    start : int
        Where the dataset begins.
    places : dict
        Tag to the offset of its element, in the order of the file.
    """

    original_encoding = Encoding(is_implicit=False, is_little_endian=True)

    def __init__(self, content: bytes, start: int, places: dict[int, int]) -> None:
        self._content = content
        self._start = start
        self._places = places

    def find(self, tag: int) -> RawElement | None:
        """Return an element, or None; of a sequence, its items as bytes."""
        place = self._places.get(tag)
        if place is None:
            return None
        _, _, vr, length = _header(self._content, place)
        value_at = place + 8
        if vr in LONG_VRS:
            (length,) = _length(self._content, value_at)
            value_at += 4
        if length == UNDEFINED_LENGTH:
            length = self._end(place) - 8 - value_at
        return RawElement(tag, vr.decode("latin-1"), self._content[value_at : value_at + length])

    def keys(self) -> KeysView[int]:
        """Return the tags, in ascending order."""
        return self._places.keys()

    @property
    def end(self) -> int:
        """Where the dataset ends."""
        return len(self._content)

    @cached_property
    def whole(self) -> Dataset:
        """All of it, as pydicom reads it."""
        from dcmconv_builtins.dicom.elements import Notes
        from dcmconv_builtins.dicom.parser import parse_until_pixels

        stream = io.BytesIO(self._content)
        stream.seek(self._start)
        dataset, _ = parse_until_pixels(stream, self.original_encoding, Notes())
        return dataset

    def _end(self, place: int) -> int:
        """Return where an element is over: where the next one begins."""
        return min((each for each in self._places.values() if each > place), default=self.end)
