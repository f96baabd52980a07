"""Reading made-up files through the DICOM reader."""

from __future__ import annotations

from pydicom.dataset import FileDataset

from dcmconv.plugin import Frame, InputFile, Instance
from dcmconv_builtins.readers.dicom import DicomReader
from support.dicom_files import as_bytes


def open_content(content: bytes | FileDataset) -> Instance:
    """Open a file's bytes, or a dataset as it would be written."""
    if isinstance(content, FileDataset):
        content = as_bytes(content)
    return DicomReader().open(InputFile("made-up", content=content))


def read_frames(content: bytes | FileDataset) -> list[Frame]:
    """Return every frame, and close the file."""
    instance = open_content(content)
    frames = list(instance.frames())
    instance.close()
    return frames


def read_frame(content: bytes | FileDataset) -> Frame:
    """Return the first frame, and close the file."""
    return read_frames(content)[0]
