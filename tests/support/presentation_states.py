"""Builders of presentation states, and of images shown by them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileDataset

from dcmconv.plugin import Frame, InputFile, Instance, Picture
from dcmconv.render import OpenInput
from dcmconv.render.lane import LoadedLane
from dcmconv_builtins.readers.dicom import DicomReader
from support.dicom_files import as_bytes, changed, instance, item, save
from support.plans import lane, registry

GRAYSCALE = "1.2.840.10008.5.1.4.1.1.11.1"
COLOR = "1.2.840.10008.5.1.4.1.1.11.2"
PSEUDO_COLOR = "1.2.840.10008.5.1.4.1.1.11.3"
BLENDING = "1.2.840.10008.5.1.4.1.1.11.4"


def references(image: Dataset, frames: list[int] | None = None) -> list[Dataset]:
    """Return a Referenced Image Sequence with one item, for some frames or for all."""
    reference = item(
        ReferencedSOPClassUID=image.SOPClassUID, ReferencedSOPInstanceUID=image.SOPInstanceUID
    )
    if frames is not None:
        reference.ReferencedFrameNumber = frames
    return [reference]


def state_for(
    image: Dataset,
    *,
    frames: list[int] | None = None,
    sop_class: str = GRAYSCALE,
    number: int = 1001,
    **attributes: Any,
) -> FileDataset:
    """Return a presentation state that refers to an image and says nothing else by itself."""
    state = instance(sop_class, number=number)
    state.Modality = "PR"
    state.ContentLabel = "STATE"
    state.PresentationCreationDate = "20200101"
    state.PresentationCreationTime = "120000"
    state.PresentationLUTShape = "IDENTITY"
    series = item(SeriesInstanceUID=image.SeriesInstanceUID)
    series.ReferencedImageSequence = references(image, frames)
    state.ReferencedSeriesSequence = [series]
    return changed(state, **attributes)


def with_overlay(
    dataset: FileDataset,
    bits: NDArray[np.bool_],
    *,
    group: int = 0x6000,
    origin: tuple[int, int] = (1, 1),
    **more: tuple[str, Any],
) -> FileDataset:
    """Add an overlay plane: ``bits`` of shape (rows, columns) or (frames, rows, columns).

    ``more`` maps an element's number in hexadecimal digits, after an ``e``, to its VR and value.
    """
    rows, columns = bits.shape[-2:]
    packed = np.packbits(bits.ravel(), bitorder="little").tobytes()
    packed += b"\0" * (len(packed) % 2)
    elements: dict[int, tuple[str, Any]] = {
        0x0010: ("US", rows),
        0x0011: ("US", columns),
        0x0040: ("CS", "G"),
        0x0050: ("SS", list(origin)),
        0x0100: ("US", 1),
        0x0102: ("US", 0),
        0x3000: ("OW", packed),
    }
    elements |= {int(name[1:], 16): element for name, element in more.items()}
    for number, (vr, value) in sorted(elements.items()):
        dataset.add_new(group << 16 | number, vr, value)
    return dataset


def shown(
    image: FileDataset, state: FileDataset | Path, folder: Path, *, frame_index: int = 0
) -> Frame:
    """Return a frame of the image as its state shows it."""
    place = state if isinstance(state, Path) else save(state, folder / "state.dcm")
    opened = DicomReader(presentation_states=str(place)).open(
        InputFile("made-up", content=as_bytes(image))
    )
    frame = opened.read_frame(frame_index)
    opened.close()
    return frame


def picture_of(frame: Frame, *, aspect: str = "keep") -> Picture:
    """Return the picture that the engine makes of a frame with ``auto``, before it is encoded."""
    auto = registry().ref("normalizer", "auto")
    made = replace(lane("png"), normalizer=auto, aspect=aspect)
    holder = Instance(frame_count=1, read_frame=lambda frame_index: frame)
    opened = OpenInput(holder, (LoadedLane(made),), frame_numbers=(1,))
    [(picture, _)] = opened.finished_pictures()
    return picture
