"""The frames of encapsulated pixel data: which fragments belong to which frame (PS3.5 A.4).

A frame may have one fragment or several.  The offset tables say where each frame begins; where they
are missing or wrong, frames are found by the markers that codestreams start and end with.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from itertools import pairwise
from typing import BinaryIO, NamedTuple

from dcmconv.plugin import InputError
from dcmconv_builtins.dicom.decoders.syntaxes import SYNTAXES
from dcmconv_builtins.dicom.hints import COPY_AGAIN, DAMAGED
from dcmconv_builtins.dicom.pixels.fragments import Fragment, Fragments

__all__ = ["Encapsulated", "ExtendedOffsets"]

_STARTS = tuple(
    dict.fromkeys(start for syntax in SYNTAXES.values() for start in syntax.codec.starts)
)
_ENDS = tuple({syntax.codec.end for syntax in SYNTAXES.values() if syntax.codec.end})
_MARKER_BYTES = 16
"""Enough for the longest start, and for an end marker with padding after it."""


_RLE_HEADER_BYTES = 64
"""PS3.5 G.5: the number of segments, and 15 offsets."""


class ExtendedOffsets(NamedTuple):
    """Extended Offset Table (7FE0,0001) and its Lengths (7FE0,0002), as their raw bytes."""

    offsets: bytes
    lengths: bytes


class Encapsulated:
    """The codestreams of encapsulated pixel data, one for each frame.

    Parameters
    ----------
    source : binary file or bytes
        Contains the value of Pixel Data (7FE0,0010).  Its position is changed; it is never closed.
    start : int
        Where the value starts: at the item tag of the Basic Offset Table.
    frame_count : int, optional
        Number of Frames (0028,0008); 1 for video, which has one stream for all frames.  None if the
        file does not say it: the attribute then counts those that the tables or the content show.
    extended : ExtendedOffsets, optional
        If the file has them; they take precedence over the Basic Offset Table.
    salvage : bool
        Accept fewer frames, as many as can be found; ``frame_count`` then says how many.

    Attributes
    ----------
    notes : list of str
        What was tolerated: a wrong table, a missing delimiter.

    Raises
    ------
    InputError
        If there are no fragments, or they cannot be assigned to frames.
    """

    def __init__(
        self,
        source: BinaryIO | bytes,
        start: int = 0,
        *,
        frame_count: int | None = 1,
        extended: ExtendedOffsets | None = None,
        salvage: bool = False,
    ) -> None:
        self._salvage = salvage
        source = io.BytesIO(source) if isinstance(source, bytes) else source
        self._fragments = Fragments(source, start)
        self.notes = self._fragments.notes
        self._lengths: tuple[int, ...] = ()
        self.frame_count = self._count_frames(extended) if frame_count is None else frame_count
        self._firsts = self._find_first_fragments(extended)

    def stream(self, frame_index: int) -> bytes:
        """Return the codestream of one frame, counted from 0: its fragments in one piece.

        Raises
        ------
        InputError
            If the source ends within the frame (``reason="truncated"``).
        """
        first, end = self._firsts[frame_index : frame_index + 2]
        pieces = [self._fragments.read(part) for part in self._fragments.items[first:end]]
        stream = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        return stream[: self._lengths[frame_index]] if self._lengths else stream

    def open_stream(self) -> io.BufferedReader:
        """Return all fragments as one file, as video needs them (PS3.5 8.2.5)."""
        return self._fragments.open_stream()

    @property
    def end(self) -> int:
        """Where the value of Pixel Data ends in the source, its delimiter included."""
        return self._fragments.end

    def _count_frames(self, extended: ExtendedOffsets | None) -> int:
        """Return how many frames tables and content show: whichever of them shows most."""
        in_tables = max(
            len(self._fragments.offset_table), len(extended.offsets) // 8 if extended else 0
        )
        by_content = len(self._by_start_markers())
        if self._are_rle_frames():
            by_content = len(self._fragments.items)
        # Each frame begins with a fragment of its own: a longer table is wrong.
        return max(1, min(in_tables, len(self._fragments.items)), by_content)

    def _are_rle_frames(self) -> bool:
        """Whether each fragment is a frame in RLE, which has no other fragment (PS3.5 A.4.2)."""
        return all(map(self._is_rle, self._fragments.items))

    def _is_rle(self, fragment: Fragment) -> bool:
        """Whether a fragment starts with an RLE header: 1 to 15 segments, the first at byte 64."""
        header = self._fragments.peek(fragment.value_offset, 8)
        if len(header) < 8 or fragment.length < _RLE_HEADER_BYTES:
            return False
        segments, first = struct.unpack("<II", header)
        return bool(1 <= segments <= 15 and first == _RLE_HEADER_BYTES)

    def _find_first_fragments(self, extended: ExtendedOffsets | None) -> list[int]:
        """Return the index of each frame's first fragment, and one past the last fragment."""
        firsts = self._by_extended_table(extended) if extended else None
        if firsts is None and self._fragments.offset_table:
            firsts = self._by_offsets(self._fragments.offset_table, "Basic Offset Table")
        if firsts is None:
            firsts = self._by_content()
        found = len(firsts) - 1
        if found > self.frame_count:
            self.notes.append(
                f"Number of Frames (0028,0008) is {self.frame_count}, but Pixel Data (7FE0,0010) "
                f"holds {found}; ignored the rest"
            )
        return firsts[: self.frame_count + 1]

    def _by_extended_table(self, extended: ExtendedOffsets) -> list[int] | None:
        counts = len(extended.offsets) // 8, len(extended.lengths) // 8
        offsets = struct.unpack(f"<{counts[0]}Q", extended.offsets[: counts[0] * 8])
        lengths = struct.unpack(f"<{counts[1]}Q", extended.lengths[: counts[1] * 8])
        firsts = self._by_offsets(offsets, "Extended Offset Table")
        if firsts is not None and len(lengths) == len(offsets):
            # The true lengths, without the byte that pads a fragment (PS3.3 C.7.6.3.1.9).
            self._lengths = lengths
        return firsts

    def _by_offsets(self, offsets: Sequence[int], name: str) -> list[int] | None:
        items = self._fragments.items
        index = {part.offset: number for number, part in enumerate(items)}
        # PS3.5 A.4: offsets count from the tag of the first item after the Basic Offset Table.
        base = items[0].offset
        firsts = [index.get(base + offset, -1) for offset in offsets]
        is_valid = (
            len(firsts) >= self.frame_count
            and firsts[0] == 0  # no fragment before the first frame
            and all(first < following for first, following in pairwise(firsts))
        )
        if is_valid:
            return [*firsts, len(items)]
        self.notes.append(f"the {name} is wrong; found the frames by their markers")
        return None

    def _by_content(self) -> list[int]:
        count = len(self._fragments.items)
        if count == self.frame_count or (count > self.frame_count and self._are_rle_frames()):
            return list(range(count + 1))
        if count < self.frame_count and self._salvage:
            # PS3.5 A.4.2: RLE, which has no markers, has one fragment for each frame.
            firsts = self._by_start_markers() or list(range(count))
            self.frame_count = len(firsts)
            return [*firsts, count]
        if count < self.frame_count:
            raise InputError(
                f"Pixel Data (7FE0,0010) holds {count} fragments; Number of Frames (0028,0008) is "
                f"{self.frame_count}.",
                hint=COPY_AGAIN if self._fragments.is_cut else DAMAGED,
                reason="truncated" if self._fragments.is_cut else "mismatch",
            )
        if self.frame_count == 1 and not self._start_marker():
            return [0, count]
        by_start, by_end = self._by_start_markers(), self._by_end_markers()
        for firsts in (by_start, by_end):
            if len(firsts) == self.frame_count:
                return [*firsts, count]
        if len(by_start) > self.frame_count:
            return [*by_start, count]
        raise InputError(
            f"the {count} fragments of Pixel Data (7FE0,0010) cannot be assigned to "
            f"{self.frame_count} frames.",
            hint=DAMAGED,
        )

    def _start_marker(self) -> bytes:
        """Return what the first fragment starts with; empty if no codec starts so."""
        head = self._fragments.peek(self._fragments.items[0].value_offset, _MARKER_BYTES)
        return next((marker for marker in _STARTS if head.startswith(marker)), b"")

    def _by_start_markers(self) -> list[int]:
        # Only the marker of the first fragment: ff 0a can occur within the data of other codecs.
        marker = self._start_marker()
        if not marker:
            return []
        return [
            number
            for number, part in enumerate(self._fragments.items)
            if self._fragments.peek(part.value_offset, len(marker)) == marker
        ]

    def _by_end_markers(self) -> list[int]:
        items = self._fragments.items
        ends = [number for number, part in enumerate(items) if self._ends_stream(part)]
        return [0, *(number + 1 for number in ends if number + 1 < len(items))]

    def _ends_stream(self, fragment: Fragment) -> bool:
        length = min(fragment.length, _MARKER_BYTES)
        end = fragment.value_offset + fragment.length
        # Padding after the end marker makes the length of a fragment even (PS3.5 A.4).
        return self._fragments.peek(end - length, length).rstrip(b"\0\xff").endswith(_ENDS)
