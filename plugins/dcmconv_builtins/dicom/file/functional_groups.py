"""Functional groups: attributes of all frames, and of one frame (PS3.3 C.7.6.16)."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from dcmconv_builtins.dicom.file.elements import Elements

__all__ = ["FrameGroups", "FunctionalGroups"]


class FrameGroups:
    """Finds attributes of one frame: in its own functional groups, the shared ones, the top level.

    In each of them the macro's sequence comes first, then the group itself, because some vendors
    leave out the sequence.
    """

    def __init__(self, top: Elements, groups: tuple[Elements, ...] = ()) -> None:
        self.top = top
        self.groups = groups

    def candidates(self, macro: str) -> Iterator[Elements]:
        """Yield the items that may have the attributes of a macro, the nearest first."""
        for group in (*self.groups, self.top):
            yield from group.items(macro)[:1]
            yield group

    def find(self, macro: str, *keywords: str) -> Elements | None:
        """Return the nearest item in which one of the attributes has a value."""
        for candidate in self.candidates(macro):
            if any(candidate.has_value(keyword) for keyword in keywords):
                return candidate
        return None


class FunctionalGroups:
    """The shared and per-frame functional groups of an Instance; empty for a classic one."""

    def __init__(self, top: Elements, *, are_there: bool = True) -> None:
        self._top = top
        self._shared = top.items("SharedFunctionalGroupsSequence")[:1] if are_there else ()
        self.per_frame = top.items("PerFrameFunctionalGroupsSequence") if are_there else ()
        self._none = FrameGroups(top)

    def have_any(self, tags: Collection[int]) -> bool:
        """Whether the groups of any frame, or the shared ones, have one of the elements."""
        return any(tag in group.tags for group in (*self._shared, *self.per_frame) for tag in tags)

    def of_frame(self, frame_index: int) -> FrameGroups:
        """Return the groups of one frame; ``frame_index`` counts from 0."""
        if not self._shared and not self.per_frame:
            return self._none
        own = self.per_frame[frame_index : frame_index + 1]
        if self.per_frame and not own:
            self._top.notes.add(
                "Per-frame Functional Groups Sequence (5200,9230) has fewer items than "
                "frames; using the shared groups."
            )
        return FrameGroups(self._top, (*own, *self._shared))
