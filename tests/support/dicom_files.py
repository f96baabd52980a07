"""Builders of tiny DICOM files; all are made up, without patient data.

>>> from support.dicom_files import as_bytes, monochrome
>>> content = as_bytes(monochrome(np.arange(12, dtype=np.int16).reshape(3, 4), RescaleSlope=2))
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate, encapsulate_extended
from pydicom.uid import (
    UID,
    CTImageStorage,
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    JPEG2000Lossless,
    MultiFrameGrayscaleWordSecondaryCaptureImageStorage,
    MultiFrameTrueColorSecondaryCaptureImageStorage,
    SecondaryCaptureImageStorage,
)

ROOT = "1.2.826.0.1.3680043.8.498.1"
"""pydicom's UID root; the UIDs below are made from it and are the same in every run."""


def instance(
    sop_class: str = CTImageStorage,
    *,
    transfer_syntax: str = ExplicitVRLittleEndian,
    number: int = 1,
) -> FileDataset:
    """Return an Instance without pixels, with the attributes that every image has."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID(sop_class)
    meta.MediaStorageSOPInstanceUID = UID(f"{ROOT}.{number}")
    meta.TransferSyntaxUID = UID(transfer_syntax)
    dataset = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.SOPClassUID = meta.MediaStorageSOPClassUID
    dataset.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    dataset.StudyInstanceUID = f"{ROOT}.9.1"
    dataset.SeriesInstanceUID = f"{ROOT}.9.2"
    dataset.PatientID = "NOBODY-1"
    dataset.PatientName = "Nobody^Test"
    dataset.Modality = "CT" if sop_class == CTImageStorage else "OT"
    dataset.SeriesNumber = 1
    dataset.InstanceNumber = number
    return dataset


def monochrome(stored_values: NDArray[Any], **attributes: Any) -> FileDataset:
    """Return a monochrome Instance: (rows, columns), or (frames, rows, columns) for several.

    The dtype decides Bits Allocated and Pixel Representation; float arrays become Float or Double
    Float Pixel Data.  Further attributes replace existing ones; None removes one.
    """
    several = stored_values.ndim == 3
    kind = MultiFrameGrayscaleWordSecondaryCaptureImageStorage if several else CTImageStorage
    dataset = instance(kind)
    if several:
        dataset.NumberOfFrames = len(stored_values)
    _describe(dataset, stored_values.dtype, stored_values.shape[-2:], "MONOCHROME2")
    _set_pixels(dataset, stored_values)
    return changed(dataset, **attributes)


def color(stored_values: NDArray[Any], **attributes: Any) -> FileDataset:
    """Return an RGB Instance: (rows, columns, 3), or (frames, rows, columns, 3) for several."""
    several = stored_values.ndim == 4
    kind = MultiFrameTrueColorSecondaryCaptureImageStorage
    dataset = instance(kind if several else SecondaryCaptureImageStorage)
    if several:
        dataset.NumberOfFrames = len(stored_values)
    _describe(dataset, stored_values.dtype, stored_values.shape[-3:-1], "RGB")
    dataset.SamplesPerPixel = 3
    dataset.PlanarConfiguration = 0
    _set_pixels(dataset, stored_values)
    return changed(dataset, **attributes)


def palette_color(
    indices: NDArray[Any], table: NDArray[np.uint16], *, first: int = 0, **attributes: Any
) -> FileDataset:
    """Return a PALETTE COLOR Instance; ``table`` has shape (n, 3) and 16-bit entries."""
    dataset = instance(SecondaryCaptureImageStorage)
    _describe(dataset, indices.dtype, indices.shape, "PALETTE COLOR")
    for name, entries in zip(("Red", "Green", "Blue"), table.T, strict=True):
        # A descriptor's number of entries is 0 where there are 65536 (PS3.3 C.7.6.3.1.5).
        descriptor = [len(entries) % 65536, first, 16]
        setattr(dataset, f"{name}PaletteColorLookupTableDescriptor", descriptor)
        words = entries.astype("<u2").tobytes()
        setattr(dataset, f"{name}PaletteColorLookupTableData", words)
    _set_pixels(dataset, indices)
    return changed(dataset, **attributes)


def encapsulated(
    dataset: FileDataset, transfer_syntax: str, streams: list[bytes], *, offsets: str = "basic"
) -> FileDataset:
    """Replace the pixels by codestreams, one fragment a frame.

    ``offsets`` is ``basic``, ``extended`` or ``empty``: which offset table the file carries.
    """
    dataset.file_meta.TransferSyntaxUID = UID(transfer_syntax)
    if offsets == "extended":
        parts = encapsulate_extended(streams)
        dataset.PixelData, dataset.ExtendedOffsetTable, dataset.ExtendedOffsetTableLengths = parts
    else:
        dataset.PixelData = encapsulate(streams, has_bot=offsets == "basic")
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    return dataset


def compressed(dataset: FileDataset, transfer_syntax: str) -> FileDataset:
    """Return the dataset in RLE or a JPEG-LS or JPEG 2000 syntax that pydicom can encode."""
    dataset.compress(UID(transfer_syntax), generate_instance_uid=False)
    return dataset


def changed(dataset: FileDataset, **attributes: Any) -> FileDataset:
    """Set attributes by keyword; None removes one."""
    for keyword, value in attributes.items():
        if value is None:
            delattr(dataset, keyword)
        else:
            setattr(dataset, keyword, value)
    return dataset


def item(**attributes: Any) -> Dataset:
    """Return a sequence item."""
    made = Dataset()
    for keyword, value in attributes.items():
        setattr(made, keyword, value)
    return made


def as_bytes(dataset: FileDataset) -> bytes:
    """Return the file's bytes, preamble and meta information included.

    A Transfer Syntax newer than pydicom is written as one that it knows, then put in its place.
    """
    syntax = dataset.file_meta.TransferSyntaxUID
    stand_in = syntax if syntax.is_transfer_syntax else _encapsulated_uid_of_length(len(syntax))
    dataset.file_meta.TransferSyntaxUID = stand_in
    stream = io.BytesIO()
    pydicom.dcmwrite(stream, dataset, enforce_file_format=True)
    dataset.file_meta.TransferSyntaxUID = syntax
    return stream.getvalue().replace(_padded(stand_in), _padded(syntax), 1)


def _encapsulated_uid_of_length(length: int) -> UID:
    return next(
        uid for uid in (JPEG2000Lossless, HTJ2KLossless) if -(-len(uid) // 2) == -(-length // 2)
    )


def _padded(uid: str) -> bytes:
    return uid.encode() + b"\0" * (len(uid) % 2)


def save(dataset: FileDataset, path: Path) -> Path:
    """Write the file, folders included, and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(as_bytes(dataset))
    return path


def _describe(dataset: Dataset, dtype: np.dtype[Any], shape: tuple[int, ...], meaning: str) -> None:
    bits = dtype.itemsize * 8
    dataset.Rows, dataset.Columns = (int(extent) for extent in shape)
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = meaning
    dataset.BitsAllocated = bits
    if dtype.kind != "f":
        dataset.BitsStored = bits
        dataset.HighBit = bits - 1
        dataset.PixelRepresentation = int(dtype.kind == "i")


def _set_pixels(dataset: Dataset, values: NDArray[Any]) -> None:
    content = values.astype(values.dtype.newbyteorder("<")).tobytes()
    content += b"\0" * (len(content) % 2)
    if values.dtype.kind == "f":
        keyword = "FloatPixelData" if values.itemsize == 4 else "DoubleFloatPixelData"
        setattr(dataset, keyword, content)
        return
    dataset.PixelData = content
    dataset["PixelData"].VR = "OB" if values.itemsize == 1 else "OW"
