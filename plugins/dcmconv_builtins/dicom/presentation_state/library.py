"""The presentation states of a file or a folder, found once per process by their content."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path

from pydicom.dataset import Dataset

from dcmconv.plugin import InputError, LimitError, UsageError
from dcmconv_builtins.dicom.file.bounded_stream import open_bounded
from dcmconv_builtins.dicom.file.elements import Elements, Notes
from dcmconv_builtins.dicom.file.part10 import read_part10
from dcmconv_builtins.dicom.file.sop_classes import name_of
from dcmconv_builtins.dicom.presentation_state.references import (
    Target,
    nested_references,
    series_references,
)

__all__ = ["Match", "PresentationState", "StateLibrary", "fingerprint_of", "open_library"]

_CLASS_ROOT = "1.2.840.10008.5.1.4.1.1.11."
"""What the SOP Class UID of every presentation state begins with."""

GRAYSCALE, COLOR, PSEUDO_COLOR = (f"{_CLASS_ROOT}{number}" for number in (1, 2, 3))
VARIABLE_MODALITY_LUT = f"{_CLASS_ROOT}12"
_APPLIED = frozenset({GRAYSCALE, COLOR, PSEUDO_COLOR, VARIABLE_MODALITY_LUT})
_INFLATE_LIMIT = 64 << 20


@dataclass(frozen=True, eq=False)
class PresentationState:
    """One state; its elements are read when an image is shown by it."""

    dataset: Dataset
    sop_class: str
    label: str
    """Content Label (0070,0080)."""
    created: str
    """Presentation Creation Date and Time, in an order that sorts."""
    targets: dict[str, frozenset[int]]
    """SOP Instance UID of an image to its frame numbers; none means all."""

    @property
    def is_applied(self) -> bool:
        """Whether its class is one that is drawn here."""
        return self.sop_class in _APPLIED

    @property
    def name(self) -> str:
        """What messages call it."""
        return f"Presentation state {self.label or 'without label'}"

    def is_for(self, target: Target) -> bool:
        """Say whether it refers to a frame."""
        frames = self.targets.get(target.instance_uid)
        return frames is not None and (not frames or target.frame_number in frames)


@dataclass(frozen=True)
class Match:
    """The state that a frame is shown by, if there is one, and what is to be said about others."""

    state: PresentationState | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class StateLibrary:
    """The states that were found, by the images that they refer to."""

    states: tuple[PresentationState, ...]
    unreadable: int = 0
    _by_image: dict[str, list[PresentationState]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # The latest first; among states of one moment the order of their paths decides.
        for state in sorted(self.states, key=lambda state: state.created, reverse=True):
            for uid in state.targets:
                self._by_image.setdefault(uid, []).append(state)

    def find(self, target: Target) -> Match:
        """Return the latest state for a frame, with notes that name the others."""
        found = [x for x in self._by_image.get(target.instance_uid, ()) if x.is_for(target)]
        applied = [state for state in found if state.is_applied]
        notes = [
            f"{state.name} is a {name_of(state.sop_class).removesuffix(' Storage')}, which is not "
            "drawn here; it was left out."
            for state in found
            if not state.is_applied
        ]
        if len(applied) > 1:
            others = ", ".join(state.label or "without label" for state in applied[1:])
            notes.append(
                f"{applied[0].name} is the latest of {len(applied)} that refer to the image; "
                f"left out: {others}."
            )
        if not found:
            notes.append(f"None of {len(self.states)} presentation states refers to the image.")
        return Match(applied[0] if applied else None, (*notes, *self._complaint))

    @cached_property
    def _complaint(self) -> tuple[str, ...]:
        if not self.unreadable:
            return ()
        count = self.unreadable
        return (f"{count} presentation state{'s' * (count > 1)} cannot be read; left out.",)


def open_library(path: str) -> StateLibrary:
    """Read a state, or every state below a folder, whatever the names of the files.

    Files are read once per process, and again after one was changed, added or taken away.

    Raises
    ------
    UsageError
        If there is no such file or folder, or no presentation state in it.
    """
    return _read_library(path, _stamps_of(path))


@lru_cache(maxsize=8)
def _read_library(path: str, stamps: tuple[_Stamp, ...]) -> StateLibrary:
    # The stamps are part of the key alone.
    states, unreadable = [], 0
    for candidate in _state_files(path):
        try:
            state = _read_state(candidate)
        except (InputError, LimitError, OSError):
            unreadable += 1
            continue
        if state is not None:
            states.append(state)
    if not states:
        raise _no_states(path)
    return StateLibrary(tuple(states), unreadable)


def _read_state(file: Path) -> PresentationState | None:
    with open_bounded(file.open("rb")) as stream:
        part10 = read_part10(stream, Notes(), inflate_limit=_INFLATE_LIMIT)
    if part10.is_cut:
        raise InputError("the presentation state ends in the middle of an element.")
    top = part10.top
    sop_class = top.text("SOPClassUID")
    if not sop_class.startswith(_CLASS_ROOT):
        return None
    moments = (top.text("PresentationCreationDate"), top.text("PresentationCreationTime"))
    return PresentationState(
        dataset=top.dataset,
        sop_class=sop_class,
        label=top.text("ContentLabel"),
        created=".".join("".join(filter(str.isdigit, moment)) for moment in moments),
        targets=_targets(top, sop_class),
    )


def _targets(top: Elements, sop_class: str) -> dict[str, frozenset[int]]:
    if sop_class not in _APPLIED:
        # Blending and volume states keep their references in sequences of their own.
        return dict.fromkeys(nested_references(top), frozenset())
    targets: dict[str, frozenset[int]] = {}
    for uid, frames in series_references(top):
        known = targets.get(uid, frames)
        targets[uid] = known | frames if known and frames else frozenset()
    return targets


_Stamp = tuple[str, int, int]
"""Path of a file, when it was changed in nanoseconds, and its size."""

_HEAD = 2048
"""The class of an Instance stands in its first elements, twice."""


def _state_files(path: str) -> tuple[Path, ...]:
    """Return the files that may be presentation states: the file, or those below a folder.

    Raises
    ------
    UsageError
        If there is no such file or folder, or nothing like a presentation state in it.
    """
    place = Path(path)
    if not place.exists():
        raise UsageError(
            f"The presentation state {path} is neither a file nor a folder.",
            hint="Give the path of a presentation state, or of a folder that holds some.",
        )
    files: Iterable[Path] = _files_below(place) if place.is_dir() else (place,)
    found = tuple(file for file in files if _may_be_a_state(file))
    if not found:
        raise _no_states(path)
    return found


def _stamps_of(path: str) -> tuple[_Stamp, ...]:
    """Return what changes with the file, or with those below a folder; nothing is read."""
    place = Path(path)
    stamps = []
    for file in _files_below(place) if place.is_dir() else (place,):
        try:
            stat = file.stat()
        except OSError:
            # What is gone again, or may not be looked at, is no state.
            continue
        stamps.append((str(file), stat.st_mtime_ns, stat.st_size))
    return tuple(stamps)


def _no_states(path: str) -> UsageError:
    """Return the error for a place without presentation states."""
    return UsageError(
        f"{path} holds no presentation state that can be read.",
        hint="Give a file whose Modality (0008,0060) is PR, or a folder with such files.",
    )


def fingerprint_of(path: str) -> str:
    """Return a hash of the states' bytes; raises ``UsageError`` if there are none."""
    digest = hashlib.sha256()
    for file in _state_files(path):
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _files_below(folder: Path) -> Iterator[Path]:
    for root, folders, names in os.walk(folder):
        folders.sort()
        yield from (Path(root, name) for name in sorted(names))


def _may_be_a_state(file: Path) -> bool:
    try:
        if not file.is_file():
            return False
        with file.open("rb") as stream:
            return _CLASS_ROOT.encode() in stream.read(_HEAD)
    except OSError:
        # What may not be read is no state that could be asked for.
        return False
