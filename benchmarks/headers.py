"""Headers like those of real scanners: CT with 260 and with 80 elements, CR, cine, enhanced."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

__all__ = [
    "ROOT",
    "WINDOWS",
    "cr_header",
    "enhanced_header",
    "ge_header",
    "plain_header",
    "segmentation_header",
    "state_header",
    "us_header",
]

ROOT = "1.2.826.0.1.3680043.10.1338.20"
WINDOWS = {"ct": (40, 400), "cr": (2048, 4096)}
"""Center and width in the files, and the window that every tool is asked for."""


@lru_cache(maxsize=1)
def _ge_template() -> Dataset:
    folder = Path(pydicom.__file__).parent / "data" / "test_files"
    dataset = pydicom.dcmread(folder / "CT_small.dcm")
    del dataset.PixelData
    if "DataSetTrailingPadding" in dataset:
        del dataset.DataSetTrailingPadding
    return dataset


def ge_header(number: int) -> Dataset:
    """CT, signed 16 bits, padding outside the circle: the elements of pydicom's CT_small."""
    import copy

    dataset = copy.copy(_ge_template())
    dataset.file_meta = _meta("1.2.840.10008.5.1.4.1.1.2", number)
    _identify(dataset, "CT", number)
    _describe(dataset, (512, 512), stored=16, signed=True)
    dataset.RescaleIntercept, dataset.RescaleSlope = "-1024", "1"
    dataset.PixelSpacing = ["0.661468", "0.661468"]
    _window(dataset, "ct")
    return dataset


def plain_header(number: int, shape: Sequence[int] = (512, 512)) -> Dataset:
    """CT, unsigned 12 bits in 16, about 80 elements."""
    dataset = _study("1.2.840.10008.5.1.4.1.1.2", "CT", number)
    for keyword, value in _CT_VALUES.items():
        setattr(dataset, keyword, value)
    dataset.ImagePositionPatient = ["-200", "-200", f"{number * 0.5:.1f}"]
    dataset.SliceLocation = f"{number * 0.5:.1f}"
    _describe(dataset, shape, stored=12)
    dataset.RescaleIntercept, dataset.RescaleSlope, dataset.RescaleType = "-1024", "1", "HU"
    dataset.PixelSpacing = ["0.78125", "0.78125"]
    _window(dataset, "ct")
    return dataset


def cr_header(number: int) -> Dataset:
    """CR, 12 bits in 16; every second one is MONOCHROME1."""
    dataset = _study("1.2.840.10008.5.1.4.1.1.1", "CR", number)
    dataset.BodyPartExamined, dataset.ViewPosition, dataset.KVP = "CHEST", "PA", "120"
    dataset.PlateType, dataset.Sensitivity, dataset.CassetteOrientation = "ST-VI", "200", "PORTRAIT"
    dataset.ImagerPixelSpacing = ["0.168", "0.168"]
    _describe(dataset, (2500, 2048), stored=12)
    dataset.PhotometricInterpretation = f"MONOCHROME{1 + number % 2}"
    _window(dataset, "cr")
    return dataset


def enhanced_header(frame_count: int) -> Dataset:
    """Enhanced CT: window and rescale in the shared groups, the position in per-frame groups."""
    dataset = _study("1.2.840.10008.5.1.4.1.1.2.1", "CT", 0)
    _describe(dataset, (512, 512), stored=12)
    dataset.NumberOfFrames = frame_count
    shared, window, rescale, measures = (Dataset() for _ in range(4))
    _window(window, "ct")
    rescale.RescaleIntercept, rescale.RescaleSlope, rescale.RescaleType = "-1024", "1", "HU"
    measures.PixelSpacing, measures.SliceThickness = ["0.78125", "0.78125"], "1"
    shared.FrameVOILUTSequence = [window]
    shared.PixelValueTransformationSequence = [rescale]
    shared.PixelMeasuresSequence = [measures]
    dataset.SharedFunctionalGroupsSequence = [shared]
    dataset.PerFrameFunctionalGroupsSequence = [_positioned(i) for i in range(frame_count)]
    return dataset


def state_header(image: Dataset) -> Dataset:
    """A grayscale presentation state of the study of an image."""
    state = _study("1.2.840.10008.5.1.4.1.1.11.1", "PR", 0)
    state.StudyInstanceUID = image.StudyInstanceUID
    # Its own series and instance, not those of the image.
    state.SeriesInstanceUID, state.SOPInstanceUID = f"{ROOT}.2.0", f"{ROOT}.3.0"
    state.file_meta.MediaStorageSOPInstanceUID = state.SOPInstanceUID
    state.ContentLabel, state.PresentationLUTShape = "MARKED", "IDENTITY"
    state.PresentationCreationDate, state.PresentationCreationTime = "20200101", "120000"
    return state


def segmentation_header(number: int, frame_count: int) -> Dataset:
    """A binary segmentation with one segment."""
    dataset = _study("1.2.840.10008.5.1.4.1.1.66.4", "SEG", number)
    _describe(dataset, (512, 512), stored=1)
    dataset.BitsAllocated = 1
    dataset.NumberOfFrames, dataset.SegmentationType = frame_count, "BINARY"
    segment, kind, category = Dataset(), Dataset(), Dataset()
    kind.CodeValue, kind.CodingSchemeDesignator, kind.CodeMeaning = "10200004", "SCT", "Liver"
    category.CodeValue, category.CodingSchemeDesignator = "123037004", "SCT"
    category.CodeMeaning = "Anatomical Structure"
    segment.SegmentNumber, segment.SegmentLabel = 1, "Liver"
    segment.SegmentAlgorithmType = "MANUAL"
    segment.SegmentedPropertyTypeCodeSequence = [kind]
    segment.SegmentedPropertyCategoryCodeSequence = [category]
    dataset.SegmentSequence = [segment]
    dataset.PerFrameFunctionalGroupsSequence = [_segmented(i) for i in range(frame_count)]
    return dataset


def us_header(number: int, frame_count: int) -> Dataset:
    """A color ultrasound cine in JPEG baseline, 4:2:2."""
    dataset = _study("1.2.840.10008.5.1.4.1.1.3.1", "US", number)
    _describe(dataset, (480, 640), stored=8)
    dataset.SamplesPerPixel, dataset.PlanarConfiguration = 3, 0
    dataset.PhotometricInterpretation = "YBR_FULL_422"
    dataset.NumberOfFrames, dataset.FrameTime = frame_count, "33.3"
    dataset.FrameIncrementPointer = 0x00181063
    return dataset


def _positioned(frame_index: int) -> Dataset:
    group, plane, content = Dataset(), Dataset(), Dataset()
    plane.ImagePositionPatient = ["-200", "-200", f"{frame_index:.1f}"]
    content.StackID, content.InStackPositionNumber = "1", frame_index + 1
    content.DimensionIndexValues = [1, frame_index + 1]
    group.PlanePositionSequence, group.FrameContentSequence = [plane], [content]
    return group


def _segmented(frame_index: int) -> Dataset:
    group, identification = _positioned(frame_index), Dataset()
    identification.ReferencedSegmentNumber = 1
    group.SegmentIdentificationSequence = [identification]
    return group


def _meta(sop_class: str, number: int) -> FileMetaDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = sop_class
    meta.MediaStorageSOPInstanceUID = f"{ROOT}.3.{number + 1}"
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = f"{ROOT}.0.1"
    return meta


def _identify(dataset: Dataset, modality: str, number: int) -> None:
    dataset.SOPInstanceUID = f"{ROOT}.3.{number + 1}"
    dataset.StudyInstanceUID = f"{ROOT}.1.{1 + number // 800}"
    dataset.SeriesInstanceUID = f"{ROOT}.2.{1 + number // 200}"
    dataset.PatientName, dataset.PatientID = "Benchmark^Referee", f"BENCH-{1 + number // 800}"
    dataset.Modality, dataset.InstanceNumber = modality, str(1 + number % 200)
    dataset.SeriesNumber = str(1 + number // 200)


def _study(sop_class: str, modality: str, number: int) -> Dataset:
    dataset = Dataset()
    dataset.file_meta = _meta(sop_class, number)
    dataset.SOPClassUID = sop_class
    for keyword, value in _STUDY_VALUES.items():
        setattr(dataset, keyword, value)
    _identify(dataset, modality, number)
    return dataset


def _describe(dataset: Dataset, shape: Sequence[int], *, stored: int, signed: bool = False) -> None:
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.Rows, dataset.Columns = shape
    dataset.BitsAllocated = 8 if stored <= 8 else 16
    dataset.BitsStored, dataset.HighBit = stored, stored - 1
    dataset.PixelRepresentation = int(signed)


def _window(dataset: Dataset, corpus: str) -> None:
    center, width = WINDOWS[corpus]
    dataset.WindowCenter, dataset.WindowWidth = str(center), str(width)


_STUDY_VALUES: dict[str, Any] = {
    "SpecificCharacterSet": "ISO_IR 100",
    "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
    "InstanceCreationDate": "20200101",
    "InstanceCreationTime": "120000",
    "StudyDate": "20200101",
    "SeriesDate": "20200101",
    "AcquisitionDate": "20200101",
    "ContentDate": "20200101",
    "StudyTime": "120000.000",
    "SeriesTime": "120100.000",
    "AcquisitionTime": "120200.000",
    "ContentTime": "120300.000",
    "AccessionNumber": "BENCH",
    "Manufacturer": "Referee",
    "InstitutionName": "Benchmark Hospital",
    "ReferringPhysicianName": "",
    "StationName": "BENCH1",
    "StudyDescription": "Benchmark study",
    "SeriesDescription": "Benchmark series, 1 mm",
    "ManufacturerModelName": "Referee 2000",
    "PatientBirthDate": "19700101",
    "PatientSex": "O",
    "PatientAge": "050Y",
    "PatientWeight": "70",
    "StudyID": "1",
    "AcquisitionNumber": "1",
    "LossyImageCompression": "00",
}

_CT_VALUES: dict[str, Any] = {
    "BodyPartExamined": "ABDOMEN",
    "ScanOptions": "HELIX",
    "SliceThickness": "1",
    "KVP": "120",
    "SpacingBetweenSlices": "0.5",
    "DataCollectionDiameter": "500",
    "DeviceSerialNumber": "1234",
    "SoftwareVersions": "4.1",
    "ProtocolName": "Abdomen routine",
    "ReconstructionDiameter": "400",
    "GantryDetectorTilt": "0",
    "TableHeight": "120",
    "RotationDirection": "CW",
    "ExposureTime": "500",
    "XRayTubeCurrent": "200",
    "Exposure": "100",
    "FilterType": "B",
    "ConvolutionKernel": "B",
    "PatientPosition": "FFS",
    "ImageOrientationPatient": ["1", "0", "0", "0", "1", "0"],
    "FrameOfReferenceUID": f"{ROOT}.4.1",
    "PositionReferenceIndicator": "",
    "ImageComments": "",
    "RequestingPhysician": "",
    "RequestedProcedureDescription": "CT Abdomen",
    "PerformedProcedureStepStartDate": "20200101",
    "PerformedProcedureStepStartTime": "120000",
    "PerformedProcedureStepID": "77",
    "PerformedProcedureStepDescription": "CT Abdomen",
}
