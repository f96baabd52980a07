"""The rows of the conformance table that a real file tests, from its header."""

from __future__ import annotations

from collections.abc import Iterator

from pydicom.dataset import Dataset

from dcmconv_builtins.dicom.decoders import transfer_syntaxes
from oracle.files import header_of, transfer_syntax_of
from oracle.reference import Reference

PHOTOMETRIC = "PS3.3 C.7.6.3.1.2 Photometric Interpretation"
NAMES = {row.uid: row.name for row in transfer_syntaxes()}


def syntax_row(uid: str) -> str:
    """Return the row for a Transfer Syntax."""
    return f"{uid} {NAMES[uid]}"


def rows_of(name: str) -> list[str]:
    """Return the rows that are tested by reading and displaying a file."""
    dataset = header_of(name)
    rows = [syntax_row(transfer_syntax_of(dataset)), *_pixel_rows(dataset)]
    if dataset.get("SamplesPerPixel", 1) == 1:
        rows += _gray_rows(dataset)
    return sorted(set(rows))


def _pixel_rows(dataset: Dataset) -> Iterator[str]:
    photometric = dataset.get("PhotometricInterpretation", "MONOCHROME2")
    yield f"{PHOTOMETRIC} {photometric}"
    allocated = dataset.get("BitsAllocated", 0)
    stored, signed = dataset.get("BitsStored", allocated), dataset.get("PixelRepresentation")
    yield f"PS3.5 8.1.1 Bits Allocated {allocated}"
    if signed == 1:
        yield "PS3.5 8.1.1 Signed pixels"
    if stored < allocated:
        yield "PS3.5 8.1.1 Bits Stored below Bits Allocated"
    if dataset.get("PlanarConfiguration") == 1:
        yield "PS3.3 C.7.6.3.1.3 Planar Configuration 1"
    if photometric == "PALETTE COLOR":
        segmented = "SegmentedRedPaletteColorLookupTableData" in dataset
        kind = "C.7.9.2 Segmented" if segmented else "C.7.6.3.1.5 Plain"
        yield f"PS3.3 {kind} Palette Color Lookup Table"


def _gray_rows(dataset: Dataset) -> Iterator[str]:
    if (
        "PhotometricInterpretation" in dataset
        and dataset.PhotometricInterpretation == "PALETTE COLOR"
    ):
        return
    yield "PS3.3 C.11.2 Min-max without padding, if a file has no VOI"
    if "RescaleSlope" in dataset:
        yield "PS3.3 C.11.1 Rescale Slope and Intercept"
    if dataset.get("ModalityLUTSequence") and "LUTData" in dataset.ModalityLUTSequence[0]:
        yield "PS3.3 C.11.1.1 Modality LUT Sequence"
    if dataset.get("VOILUTSequence") and "LUTData" in dataset.VOILUTSequence[0]:
        yield "PS3.3 C.11.2.1.1 VOI LUT Sequence"
    yield from _window_rows(dataset)
    if dataset.get("PresentationLUTShape") == "INVERSE":
        yield "PS3.3 C.11.6.1.2 Presentation LUT Shape INVERSE"
    if "PixelPaddingValue" in dataset:
        yield "PS3.3 C.7.5.1.1.2 Pixel Padding Value"
    yield from _group_rows(dataset)


def _window_rows(dataset: Dataset) -> Iterator[str]:
    clause = {"SIGMOID": "3.1", "LINEAR_EXACT": "3.2"}
    windows = Reference(dataset, 0).windows()
    for _, width, function in windows:
        if width >= 1:
            yield f"PS3.3 C.11.2.1.{clause.get(function, '2.1')} {function}"
        else:
            yield "PS3.3 C.11.2.1.2 Unusable windows are skipped by auto"
    if len(windows) > 1:
        yield "PS3.3 C.11.2.1.2 Several windows"


def _group_rows(dataset: Dataset) -> Iterator[str]:
    shared = dataset.get("SharedFunctionalGroupsSequence") or []
    per_frame = dataset.get("PerFrameFunctionalGroupsSequence") or []
    for kind, groups in (("shared", shared), ("per frame", per_frame)):
        for group in groups[:1]:
            if "FrameVOILUTSequence" in group:
                yield f"PS3.3 C.7.6.16.2.10 Frame VOI LUT, {kind}"
            if "PixelValueTransformationSequence" in group:
                yield f"PS3.3 C.7.6.16.2.9 Pixel Value Transformation, {kind}"
