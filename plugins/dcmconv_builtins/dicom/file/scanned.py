"""A dataset of which only the places are known; a value is cut out when it is asked for."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, KeysView
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from dcmconv_builtins.dicom.file.encoding import LONG_VRS, Encoding
from dcmconv_builtins.dicom.file.file_parts import UNDEFINED_LENGTH
from dcmconv_builtins.dicom.file.layout import Places

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

__all__ = ["Asked", "RawElement", "ScannedDataset"]

Result = TypeVar("Result")
Asked = tuple[tuple[int, bytes | None], ...]
"""Tags with the bytes of their whole elements, None for those that are absent."""

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
    places : Places
        Where its elements lie.
    """

    original_encoding = Encoding(is_implicit=False, is_little_endian=True)

    def __init__(self, content: bytes, start: int, places: Places) -> None:
        self._content = content
        self._start = start
        self._places = places
        self._asked: set[int] = set()
        self._asked_for_all = False

    def find(self, tag: int) -> RawElement | None:
        """Return an element, or None; of a sequence, its items as bytes."""
        self._asked.add(tag)
        place = self._places.get(tag)
        if place is None:
            return None
        vr, value_at, end = self._extent(place)
        return RawElement(tag, vr.decode("latin-1"), self._content[value_at:end])

    def keys(self) -> KeysView[int]:
        """Return the tags, in ascending order."""
        self._asked_for_all = True
        return self._places.keys()

    @property
    def end(self) -> int:
        """Where the dataset ends."""
        return len(self._content)

    @cached_property
    def whole(self) -> Dataset:
        """All of it, as pydicom reads it."""
        from dcmconv_builtins.dicom.file.elements import Notes
        from dcmconv_builtins.dicom.file.parser import parse_until_pixels

        self._asked_for_all = True
        stream = io.BytesIO(self._content)
        stream.seek(self._start)
        dataset, _ = parse_until_pixels(stream, self.original_encoding, Notes())
        return dataset

    def traced(self, make: Callable[[], Result]) -> tuple[Result, Asked | None]:
        """Return a result and the elements that were asked for on the way; None for all of them."""
        self._asked.clear()
        # What was parsed before may be asked for again, unseen.
        self._asked_for_all = "whole" in vars(self)
        result = make()
        asked = tuple((tag, self._bytes_of(tag)) for tag in self._asked)
        return result, None if self._asked_for_all else asked

    def agrees(self, asked: Asked) -> bool:
        """Say whether these elements are the same here, or absent as they were."""
        # Written out: this is asked of every file, for every element that was of interest.
        content, index, starts = self._content, self._places.index, self._places.starts
        for tag, element in asked:
            found = index.get(tag)
            if found is None or element is None:
                if found is not None or element is not None:
                    return False
            elif not content.startswith(element, starts[found[0]] + found[1]):
                return False
        return True

    def _bytes_of(self, tag: int) -> bytes | None:
        place = self._places.get(tag)
        return None if place is None else self._content[place : self._extent(place)[2]]

    def _extent(self, place: int) -> tuple[bytes, int, int]:
        """Return the VR of an element, and where its value begins and ends."""
        _, _, vr, length = _header(self._content, place)
        value_at = place + 8
        if vr in LONG_VRS:
            (length,) = _length(self._content, value_at)
            value_at += 4
        if length == UNDEFINED_LENGTH:
            # Before the delimiter, which stands before the next element.
            return vr, value_at, self._places.behind(place) - 8
        return vr, value_at, value_at + length
