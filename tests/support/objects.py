"""Builders of objects that are pictures in their own way: PET, segmentations, slides."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileDataset
from pydicom.uid import (
    PositronEmissionTomographyImageStorage,
    SegmentationStorage,
    VLWholeSlideMicroscopyImageStorage,
)

from support.dicom_files import changed, color, item, monochrome

SOURCE = "1.2.826.0.1.3680043.8.498.1.77"
"""The image that a segment was drawn on, but for its last number: 1000 and its height."""


def pet(stored_values: NDArray[Any], **attributes: Any) -> FileDataset:
    """Return a PET of 74 kg and 370 MBq, scanned one half-life after the injection at 10:00."""
    dataset = monochrome(
        stored_values,
        SOPClassUID=PositronEmissionTomographyImageStorage,
        Modality="PT",
        Units="BQML",
        CorrectedImage=["ATTN", "DECY"],
        DecayCorrection="START",
        RescaleSlope=2,
        RescaleIntercept=0,
        PatientWeight="74",
        SeriesDate="20260102",
        SeriesTime="110000",
        AcquisitionDate="20260102",
        AcquisitionTime="120000",
    )
    dataset.RadiopharmaceuticalInformationSequence = [
        item(
            RadionuclideTotalDose="370000000",
            RadionuclideHalfLife="3600",
            RadiopharmaceuticalStartTime="100000",
        )
    ]
    return changed(dataset, **attributes)


def segment(number: int, label: str, **attributes: Any) -> Dataset:
    """Return an item of the Segment Sequence."""
    liver = item(CodeValue="10200004", CodingSchemeDesignator="SCT", CodeMeaning="Liver")
    organ = item(CodeValue="123037004", CodingSchemeDesignator="SCT", CodeMeaning="Anatomy")
    made = item(
        SegmentNumber=number,
        SegmentLabel=label,
        SegmentedPropertyTypeCodeSequence=[liver],
        SegmentedPropertyCategoryCodeSequence=[organ],
    )
    for keyword, value in attributes.items():
        setattr(made, keyword, value)
    return made


def segmentation(
    frames: NDArray[np.uint8],
    of_frames: list[tuple[int, float]],
    *,
    segments: list[Dataset],
    kind: str = "BINARY",
    **attributes: Any,
) -> FileDataset:
    """Return a segmentation of 8-bit cells; each frame has its segment and its z in mm."""
    dataset = monochrome(
        frames,
        SOPClassUID=SegmentationStorage,
        Modality="SEG",
        SegmentationType=kind,
        SegmentSequence=segments,
        ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
    )
    dataset.PerFrameFunctionalGroupsSequence = [
        _groups_of_segment(number, height) for number, height in of_frames
    ]
    return changed(dataset, **attributes)


def _groups_of_segment(number: int, height: float) -> Dataset:
    source = item(ReferencedSOPInstanceUID=f"{SOURCE}.{1000 + round(height)}")
    return item(
        PlanePositionSequence=[item(ImagePositionPatient=[0, 0, height])],
        SegmentIdentificationSequence=[item(ReferencedSegmentNumber=number)],
        DerivationImageSequence=[item(SourceImageSequence=[source])],
    )


def slide(
    tiles: NDArray[Any],
    matrix: tuple[int, int],
    places: list[tuple[int, int]] | None = None,
    **attributes: Any,
) -> FileDataset:
    """Return a slide of RGB or gray tiles; ``places`` are (row, column) from 1 of a sparse one."""
    make = color if tiles.ndim == 4 else monochrome
    dataset = make(
        tiles,
        SOPClassUID=VLWholeSlideMicroscopyImageStorage,
        Modality="SM",
        TotalPixelMatrixRows=matrix[0],
        TotalPixelMatrixColumns=matrix[1],
        DimensionOrganizationType="TILED_SPARSE" if places else "TILED_FULL",
    )
    dataset.SharedFunctionalGroupsSequence = [
        item(PixelMeasuresSequence=[item(PixelSpacing=[0.25, 0.5])])
    ]
    if places:
        dataset.PerFrameFunctionalGroupsSequence = [
            item(
                PlanePositionSlideSequence=[
                    item(
                        RowPositionInTotalImagePixelMatrix=row,
                        ColumnPositionInTotalImagePixelMatrix=column,
                    )
                ]
            )
            for row, column in places
        ]
    return changed(dataset, **attributes)


def linear_rgb_profile() -> bytes:
    """Return an ICC profile with the primaries of sRGB and no gamma."""
    parts = {
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", 7) + b"linear\0" + b"\0" * 78,
        b"cprt": b"text\0\0\0\0none\0",
        b"wtpt": _xyz(0.96420, 1.0, 0.82491),
        b"rXYZ": _xyz(0.43607, 0.22249, 0.01392),
        b"gXYZ": _xyz(0.38515, 0.71687, 0.09708),
        b"bXYZ": _xyz(0.14307, 0.06061, 0.71410),
        b"rTRC": b"curv" + bytes(8),
        b"gTRC": b"curv" + bytes(8),
        b"bTRC": b"curv" + bytes(8),
    }
    table, data = b"", b""
    start = 128 + 4 + 12 * len(parts)
    for name, content in parts.items():
        table += name + struct.pack(">II", start + len(data), len(content))
        data += content + b"\0" * (-len(content) % 4)
    body = struct.pack(">I", len(parts)) + table + data
    header = struct.pack(">I4xI", 128 + len(body), 0x02100000) + b"mntrRGB XYZ "
    header += bytes(12) + b"acsp" + bytes(28) + struct.pack(">iii", 63190, 65536, 54061)
    return header.ljust(128, b"\0") + body


def _xyz(*numbers: float) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">iii", *(round(number * 65536) for number in numbers))
