"""The presentation states of a file or folder, read once per process."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path

from pydicom.dataset import Dataset

from dcmconv.plugin import InputError, InputFile, LimitError
from dcmconv_builtins.dicom.file.bounded_stream import open_bounded
from dcmconv_builtins.dicom.file.elements import Elements, Notes
from dcmconv_builtins.dicom.file.part10 import read_part10
from dcmconv_builtins.dicom.file.sop_classes import name_of
from dcmconv_builtins.dicom.objects.overlay import overlay_groups
from dcmconv_builtins.dicom.presentation_state.references import (
    Target,
    limited_items,
    nested_references,
    refers_to,
    series_references,
)
from dcmconv_builtins.dicom.presentation_state.state_files import (
    CLASS_ROOT,
    Stamp,
    find_state_files,
    no_states,
    stamps_of,
)

__all__ = ["Match", "PresentationState", "StateLibrary", "open_library"]

GRAYSCALE, COLOR, PSEUDO_COLOR = (f"{CLASS_ROOT}{number}" for number in (1, 2, 3))
VARIABLE_MODALITY_LUT = f"{CLASS_ROOT}12"
_APPLIED = frozenset({GRAYSCALE, COLOR, PSEUDO_COLOR, VARIABLE_MODALITY_LUT})
# States have no pixels: even a large one is far below 64 MiB.
_INFLATE_LIMIT = 64 << 20


@dataclass(frozen=True, eq=False)
class PresentationState:
    """One state; its elements are read when it is applied to an image."""

    dataset: Dataset
    sop_class: str
    label: str
    """Content Label (0070,0080)."""
    created: str
    """Presentation Creation Date and Time, as sortable text."""
    targets: dict[str, frozenset[int]]
    """SOP Instance UID of each image, and its frame numbers (empty for all)."""

    @property
    def is_applied(self) -> bool:
        """Whether dcmconv can apply states of its class."""
        return self.sop_class in _APPLIED

    @property
    def name(self) -> str:
        """The name of the state in messages."""
        return f"Presentation state {self.label or 'without label'}"

    @cached_property
    def has_overlays(self) -> bool:
        """Whether it has overlay planes of its own."""
        return bool(overlay_groups(Elements(self.dataset, Notes())))

    @cached_property
    def _limited_items(self) -> tuple[Elements, ...]:
        """The items of its sequences that apply to some frames only."""
        return tuple(limited_items(Elements(self.dataset, Notes())))

    def applying_to(self, target: Target) -> tuple[bool, ...]:
        """Return which of these items apply to a frame; it is changed as others with the same."""
        return tuple(refers_to(item, target) for item in self._limited_items)

    def is_for(self, target: Target) -> bool:
        """Whether it refers to a frame."""
        frames = self.targets.get(target.instance_uid)
        return frames is not None and (not frames or target.frame_number in frames)


@dataclass(frozen=True)
class Match:
    """The state to apply to a frame, if there is one, and notes about the others."""

    state: PresentationState | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class StateLibrary:
    """The states that were found, indexed by the images that they refer to."""

    states: tuple[PresentationState, ...]
    unreadable: int = 0
    _by_image: dict[str, list[PresentationState]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # The latest first; the sort is stable, so states of the same time stay in path order.
        for state in sorted(self.states, key=lambda state: state.created, reverse=True):
            for uid in state.targets:
                self._by_image.setdefault(uid, []).append(state)

    def find(self, target: Target) -> Match:
        """Return the latest state for a frame, with notes that name the others."""
        found = [x for x in self._by_image.get(target.instance_uid, ()) if x.is_for(target)]
        applied = [state for state in found if state.is_applied]
        notes = [
            f"{state.name} is a {name_of(state.sop_class).removesuffix(' Storage')}, which dcmconv "
            "cannot apply; ignored it."
            for state in found
            if not state.is_applied
        ]
        if len(applied) > 1:
            others = ", ".join(state.label or "without label" for state in applied[1:])
            notes.append(
                f"{applied[0].name} is the latest of {len(applied)} that refer to the image; "
                f"ignored {others}."
            )
        if not found:
            notes.append(f"None of {len(self.states)} presentation states refers to the image.")
        return Match(applied[0] if applied else None, (*notes, *self._unreadable_note))

    @cached_property
    def _unreadable_note(self) -> tuple[str, ...]:
        if not self.unreadable:
            return ()
        count = self.unreadable
        return (f"{count} presentation state{'s' * (count > 1)} cannot be read; ignored.",)


def open_library(path: str) -> StateLibrary:
    """Read a state, or every state below a folder, whatever the file names.

    Files are read once per process, and again after one has been changed, added or removed.

    Raises
    ------
    UsageError
        If there is no such file or folder, or no presentation state in it.
    """
    return _read_library(path, stamps_of(path))


@lru_cache(maxsize=8)
def _read_library(path: str, stamps: tuple[Stamp, ...]) -> StateLibrary:
    # The stamps only make the cache key change with the files.
    states, unreadable = [], 0
    for candidate in find_state_files(path):
        try:
            state = _read_state(candidate)
        except (InputError, LimitError, OSError):
            unreadable += 1
            continue
        if state is not None:
            states.append(state)
    if not states:
        raise no_states(path)
    return StateLibrary(tuple(states), unreadable)


def _read_state(file: Path) -> PresentationState | None:
    with open_bounded(InputFile(file.name, file)) as stream:
        part10 = read_part10(stream, Notes(), inflate_limit=_INFLATE_LIMIT)
    # Half a state would show an image with some of its annotations missing.
    if part10.is_cut:
        raise InputError("the presentation state ends in the middle of an element.")
    top = part10.top
    sop_class = top.text("SOPClassUID")
    if not sop_class.startswith(CLASS_ROOT):
        return None
    moments = (top.text("PresentationCreationDate"), top.text("PresentationCreationTime"))
    return PresentationState(
        dataset=top.dataset,
        sop_class=sop_class,
        label=top.text("ContentLabel"),
        # Only digits sort alike: ACR-NEMA wrote 2026.01.31 and 12:30:00 (PS3.5 6.2).
        created=".".join("".join(filter(str.isdigit, moment)) for moment in moments),
        targets=_targets(top, sop_class),
    )


def _targets(top: Elements, sop_class: str) -> dict[str, frozenset[int]]:
    if sop_class not in _APPLIED:
        # Blending and volume states keep their references in other sequences.
        return dict.fromkeys(nested_references(top), frozenset())
    targets: dict[str, frozenset[int]] = {}
    for uid, frames in series_references(top):
        known = targets.get(uid, frames)
        # An empty set means all frames, so a union with it must stay empty.
        targets[uid] = known | frames if known and frames else frozenset()
    return targets
