"""Where the elements of a header lie, remembered for the next file of the series.

Files of one series have the same elements, and most of them are as long as before.  So a header
that was walked once, element by element, is only compared with the next one: all tags, VRs and
lengths of a stretch at once.  Where a length differs, the stretch is cut in two behind that
element, and the length is read from then on.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, KeysView
from typing import NamedTuple

from dcmconv_builtins.dicom.file.encoding import LONG_VRS
from dcmconv_builtins.dicom.file.file_parts import UNDEFINED_LENGTH

__all__ = ["Layout", "Places"]

_short_length = struct.Struct("<H").unpack_from
_long_length = struct.Struct("<I").unpack_from
_TAG_AND_VR = 6
_MOST_STRETCHES = 48
"""Where more lengths differ, files have little in common: walking is cheaper than cutting."""

Index = dict[int, tuple[int, int]]
"""Tag to the number of a stretch, and how far behind its beginning the element lies."""

WalkSequence = Callable[[bytes, int], int]
"""From the bytes of a VR and the place behind an undefined length to the place behind the value."""


class Step(NamedTuple):
    """One element: its tag, its header as it stands in the file, and how long its value is."""

    tag: int
    header: bytes
    length: int


class _Stretch:
    """Elements that follow each other, all but the last as long as they were."""

    def __init__(self, steps: tuple[Step, ...]) -> None:
        self.steps = steps
        *firm, last = steps
        form = "".join(f"{len(step.header)}s{step.length}x" for step in firm)
        self.unpack = struct.Struct(f"<{form}{_TAG_AND_VR}s").unpack_from
        self.expected = (*(step.header for step in firm), last.header[:_TAG_AND_VR])
        self.size = sum(len(step.header) + step.length for step in firm) + len(last.header)
        self.last_vr = last.header[4:_TAG_AND_VR]
        self.is_long = self.last_vr in LONG_VRS

    def end(self, content: bytes, position: int, walk: WalkSequence) -> int:
        """Return where the last element ends, if the stretch begins at ``position``."""
        value_at = position + self.size
        if not self.is_long:
            return value_at + int(_short_length(content, value_at - 2)[0])
        (length,) = _long_length(content, value_at - 4)
        return walk(self.last_vr, value_at) if length == UNDEFINED_LENGTH else value_at + length

    def places(self) -> Iterator[tuple[int, int]]:
        """Yield each tag, and how far behind the beginning its element lies."""
        offset = 0
        for step in self.steps:
            yield step.tag, offset
            offset += len(step.header) + step.length

    def cut(self, found: tuple[bytes, ...]) -> int | None:
        """Return behind how many elements to cut, so that only a length differs; None for more."""
        for number, (was, now) in enumerate(zip(self.expected, found, strict=True)):
            if was != now:
                return number + 1 if was[:_TAG_AND_VR] == now[:_TAG_AND_VR] else None
        return None


class Layout:
    """The elements of a dataset, one after the other, up to one that is not part of it.

    Parameters
    ----------
    steps : tuple of Step
        In the order of the file; those of undefined length have the length that they were found
        with, delimiter included.
    following : bytes
        The tag of what stands behind: another one, and the dataset has more elements, or fewer.
    """

    def __init__(self, steps: tuple[Step, ...], following: bytes) -> None:
        self._stretches: list[_Stretch] = []
        self._following = following
        self._index: Index = {}
        start = 0
        for number, step in enumerate(steps, start=1):
            # What is of no fixed length is walked again in each file.
            if step.header[-4:] == b"\xff" * 4 or number == len(steps):
                self._stretches.append(_Stretch(steps[start:number]))
                start = number
        self._number()

    def match(self, content: bytes, start: int, walk: WalkSequence) -> Places | None:
        """Return where the elements lie in another file; None where it has other elements.

        Raises
        ------
        struct.error
            If the file ends before.
        """
        starts, position, number = [], start, 0
        while number < len(self._stretches):
            stretch = self._stretches[number]
            found = stretch.unpack(content, position)
            if found != stretch.expected:
                behind = stretch.cut(found)
                if behind is None or len(self._stretches) >= _MOST_STRETCHES:
                    return None
                self._cut(number, behind)
                continue
            starts.append(position)
            position = stretch.end(content, position, walk)
            number += 1
        is_whole = content.startswith(self._following, position)
        return Places(self._index, starts, position) if is_whole else None

    def _cut(self, number: int, behind: int) -> None:
        steps = self._stretches[number].steps
        self._stretches[number : number + 1] = [_Stretch(steps[:behind]), _Stretch(steps[behind:])]
        self._number()

    def _number(self) -> None:
        # A new table: the old one belongs to files that are still being read.
        self._index = {
            tag: (number, offset)
            for number, stretch in enumerate(self._stretches)
            for tag, offset in stretch.places()
        }


class Places:
    """Tag to the offset of its element, in the order of the file; ``end`` is behind the last.

    ``index`` says for each tag in which stretch it lies, and how far from its beginning, which
    ``starts`` holds.
    """

    def __init__(self, index: Index, starts: list[int], end: int) -> None:
        self.index = index
        self.starts = starts
        self.end = end

    def get(self, tag: int) -> int | None:
        """Return where an element lies, or None."""
        found = self.index.get(tag)
        return None if found is None else self.starts[found[0]] + found[1]

    def keys(self) -> KeysView[int]:
        """Return the tags."""
        return self.index.keys()

    def behind(self, place: int) -> int:
        """Return where the next element lies, or the end."""
        offsets = (self.starts[number] + offset for number, offset in self.index.values())
        return min((each for each in offsets if each > place), default=self.end)
