"""Reading made-up files through the DICOM reader."""

from __future__ import annotations

import io
import struct
from typing import Any

import pydicom
from pydicom.dataset import FileDataset
from pydicom.uid import ExplicitVRBigEndian, ImplicitVRLittleEndian

from dcmconv.plugin import Frame, InputFile, Instance
from dcmconv_builtins.readers.dicom import DicomReader
from support.dicom_files import as_bytes


def open_content(content: bytes | FileDataset, **options: Any) -> Instance:
    """Open a file's bytes, or a dataset as it would be written, with options of the reader."""
    if isinstance(content, FileDataset):
        content = as_bytes(content)
    return DicomReader(**options).open(InputFile("made-up", content=content))


def read_frames(content: bytes | FileDataset, **options: Any) -> list[Frame]:
    """Return every frame, and close the file."""
    instance = open_content(content, **options)
    frames = list(instance.frames())
    instance.close()
    return frames


def read_frame(content: bytes | FileDataset, **options: Any) -> Frame:
    """Return the first frame, and close the file."""
    return read_frames(content, **options)[0]


def recoded(dataset: FileDataset, transfer_syntax: str, *, with_meta: bool = True) -> bytes:
    """Return the file in another uncompressed syntax, or its bare dataset."""
    stream = io.BytesIO()
    dataset.file_meta.TransferSyntaxUID = transfer_syntax
    if with_meta:
        pydicom.dcmwrite(stream, dataset, enforce_file_format=True)
        return stream.getvalue()
    implicit = transfer_syntax == ImplicitVRLittleEndian
    little_endian = transfer_syntax != ExplicitVRBigEndian
    del dataset.file_meta
    del dataset.preamble
    pydicom.dcmwrite(stream, dataset, implicit_vr=implicit, little_endian=little_endian)
    return stream.getvalue()


def with_bytes(content: bytes, old: bytes, new: bytes) -> bytes:
    """Return the bytes with a part replaced, which must occur."""
    assert old in content
    return content.replace(old, new)


def explicit_element(group: int, number: int, vr: bytes, value: bytes) -> bytes:
    """Return an element in Explicit VR Little Endian, with a short length."""
    return struct.pack("<HH2sH", group, number, vr, len(value)) + value
