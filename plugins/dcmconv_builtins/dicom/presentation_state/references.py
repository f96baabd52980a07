"""The images and frames that a presentation state refers to (PS3.3 C.11.11)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pydicom.datadict import dictionary_has_tag, dictionary_VR
from pydicom.tag import BaseTag

from dcmconv_builtins.dicom.file.elements import Elements

__all__ = ["Target", "limited_items", "nested_references", "refers_to", "series_references"]


_REFERENCED_SERIES = 0x00081115
"""Which images the state as a whole is for."""


@dataclass(frozen=True)
class Target:
    """One frame of one image; ``frame_number`` counts from 1."""

    instance_uid: str
    frame_number: int = 1


def refers_to(item: Elements, target: Target) -> bool:
    """Whether an item of a state applies to a frame; without references it applies to all."""
    references = item.items("ReferencedImageSequence")
    return not references or any(_names(reference, target) for reference in references)


def limited_items(top: Elements) -> Iterator[Elements]:
    """Yield the items of a state's sequences that have references, and so do not apply to all."""
    for tag in list(top.dataset.keys()):
        if tag != _REFERENCED_SERIES and _is_sequence(top, tag):
            for item in top.items(f"{tag >> 16:04X},{tag & 0xFFFF:04X}"):
                if item.items("ReferencedImageSequence"):
                    yield item


def series_references(top: Elements) -> Iterator[tuple[str, frozenset[int]]]:
    """Yield SOP Instance UID and frame numbers (empty for all) of each image of a state."""
    for series in top.items("ReferencedSeriesSequence"):
        for reference in series.items("ReferencedImageSequence"):
            uid = reference.text("ReferencedSOPInstanceUID")
            if uid:
                yield uid, _frames(reference)


def nested_references(elements: Elements) -> Iterator[str]:
    """Yield every Referenced SOP Instance UID of a dataset, at any depth."""
    uid = elements.text("ReferencedSOPInstanceUID")
    if uid:
        yield uid
    for tag in list(elements.dataset.keys()):
        if _is_sequence(elements, tag):
            for item in elements.items(f"{tag >> 16:04X},{tag & 0xFFFF:04X}"):
                yield from nested_references(item)


def _is_sequence(elements: Elements, tag: BaseTag) -> bool:
    # In implicit VR only the dictionary knows.
    vr = elements.dataset.get_item(tag).VR
    return vr == "SQ" or (vr is None and dictionary_has_tag(tag) and dictionary_VR(tag) == "SQ")


def _names(reference: Elements, target: Target) -> bool:
    if reference.text("ReferencedSOPInstanceUID") != target.instance_uid:
        return False
    frames = _frames(reference)
    return not frames or target.frame_number in frames


def _frames(reference: Elements) -> frozenset[int]:
    return frozenset(reference.integers("ReferencedFrameNumber"))
