"""Functional groups: what is true of every frame, and of one (PS3.3 C.7.6.16)."""

from __future__ import annotations

from collections.abc import Iterator

from dcmconv_builtins.dicom.file.elements import Elements

__all__ = ["FrameGroups", "FunctionalGroups"]


class FrameGroups:
    """Where an attribute of one frame may stand, the nearest place first.

    The order is: the frame's own functional groups, the shared ones, the top level.  In each of
    them the macro's sequence comes first; then the place itself, because vendors forget the
    sequence.
    """

    def __init__(self, top: Elements, groups: tuple[Elements, ...] = ()) -> None:
        self.top = top
        self.groups = groups

    def places(self, macro: str) -> Iterator[Elements]:
        """Yield the items that may hold the attributes of a macro's sequence."""
        for group in (*self.groups, self.top):
            yield from group.items(macro)[:1]
            yield group

    def find(self, macro: str, *keywords: str) -> Elements | None:
        """Return the nearest item in which one of the attributes has a value."""
        for place in self.places(macro):
            if any(place.has_value(keyword) for keyword in keywords):
                return place
        return None


class FunctionalGroups:
    """The shared and per-frame functional groups of an Instance; empty for a classic one."""

    def __init__(self, top: Elements) -> None:
        self._top = top
        self._shared = top.items("SharedFunctionalGroupsSequence")[:1]
        self._per_frame = top.items("PerFrameFunctionalGroupsSequence")

    def of_frame(self, frame_index: int) -> FrameGroups:
        """Return the places for one frame; ``frame_index`` counts from 0."""
        if not self._shared and not self._per_frame:
            return FrameGroups(self._top)
        own = self._per_frame[frame_index : frame_index + 1]
        if self._per_frame and not own:
            self._top.notes.add(
                "Per-frame Functional Groups Sequence (5200,9230) has fewer items than there are "
                "frames; the shared groups were used."
            )
        return FrameGroups(self._top, (*own, *self._shared))
