"""Find the presentation states of a file or folder by content, and read them once per process."""

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
_HEAD = 2048
"""The SOP Class UID is among the first elements of a file, twice."""

_Stamp = tuple[str, int, int]
"""Path of a file, its modification time in nanoseconds, and its size."""


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
    return _read_library(path, _stamps_of(path))


@lru_cache(maxsize=8)
def _read_library(path: str, stamps: tuple[_Stamp, ...]) -> StateLibrary:
    # The stamps only make the cache key change with the files.
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
        # Blending and volume states keep their references in other sequences.
        return dict.fromkeys(nested_references(top), frozenset())
    targets: dict[str, frozenset[int]] = {}
    for uid, frames in series_references(top):
        known = targets.get(uid, frames)
        targets[uid] = known | frames if known and frames else frozenset()
    return targets


def _state_files(path: str) -> tuple[Path, ...]:
    """Return the files that may be presentation states: the file, or those below a folder.

    Raises
    ------
    UsageError
        If there is no such file or folder, or no file in it looks like a presentation state.
    """
    root = Path(path)
    if not root.exists():
        raise UsageError(
            f"There is no presentation state file or folder {path}.",
            hint="Give the path of a presentation state, or of a folder with presentation states.",
        )
    files: Iterable[Path] = _files_below(root) if root.is_dir() else (root,)
    found = tuple(file for file in files if _may_be_a_state(file))
    if not found:
        raise _no_states(path)
    return found


def _stamps_of(path: str) -> tuple[_Stamp, ...]:
    """Return path, time and size of the file, or of those below a folder, without reading them."""
    root = Path(path)
    stamps = []
    for file in _files_below(root) if root.is_dir() else (root,):
        try:
            stat = file.stat()
        except OSError:
            # A file that was removed or is not accessible cannot be a state.
            continue
        stamps.append((str(file), stat.st_mtime_ns, stat.st_size))
    return tuple(stamps)


def _no_states(path: str) -> UsageError:
    """Return the error for a path without presentation states."""
    return UsageError(
        f"{path} contains no readable presentation state.",
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
        # A file that cannot be read cannot be used as a state.
        return False
