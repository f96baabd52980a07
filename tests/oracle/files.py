"""The real files that the oracle uses: the corpus, and those in pydicom's wheel."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pydicom
from pydicom.data import get_testdata_file
from pydicom.dataset import FileDataset
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from support.corpus import corpus_path, expected

from dcmconv.plugin import DcmconvError, Frame, InputFile
from dcmconv_builtins.readers.dicom import DicomReader

WHEEL = "pydicom: "
"""Prefix of the name of a file from pydicom's wheel."""

DAMAGED = {
    # A Sequence Delimitation Item overwrites the size in its JPEG 2000 header.
    "JPEG2000-embedded-sequence-delimiter.dcm",
}


@cache
def wheel_files() -> tuple[str, ...]:
    """Return the files of pydicom's wheel whose pixels dcmconv can read."""
    folder = Path(pydicom.__file__).parent / "data" / "test_files"
    names = sorted({path.name for path in folder.iterdir() if path.suffix == ".dcm"} - DAMAGED)
    return tuple(f"{WHEEL}{name}" for name in names if _is_readable(folder / name))


@cache
def corpus_pictures() -> tuple[str, ...]:
    """Return the files of the corpus that have pixels; none without a corpus."""
    return tuple(sorted(name for name, file in expected().items() if file["class"] == "image"))


def real_files() -> tuple[str, ...]:
    """Return the names of all real files."""
    return (*wheel_files(), *corpus_pictures())


def path_of(name: str) -> Path:
    """Return the path of a file."""
    if name.startswith(WHEEL):
        return Path(str(get_testdata_file(name.removeprefix(WHEEL), download=False)))
    folder = corpus_path()
    assert folder is not None, f"{name} is in the corpus"
    return folder / "dicom" / name


@cache
def header_of(name: str) -> FileDataset:
    """Return the dataset of a file without its pixels; it is shared, so do not change it."""
    with _without_warnings():
        return pydicom.dcmread(path_of(name), force=True, stop_before_pixels=True)


def dataset_of(name: str) -> FileDataset:
    """Return the dataset of a file, pixels included."""
    with _without_warnings():
        return pydicom.dcmread(path_of(name), force=True)


def transfer_syntax_of(dataset: FileDataset) -> str:
    """Return the Transfer Syntax UID, or the one that pydicom guessed if it is missing."""
    stated = dataset.file_meta.get("TransferSyntaxUID")
    if stated:
        return str(stated)
    implicit, little_endian = dataset.original_encoding
    if not little_endian:
        return str(ExplicitVRBigEndian)
    return str(ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian)


def plain_reading() -> dict[str, Any]:
    """Return the keywords that ignore ICC profiles, because no other tool applies them."""
    return {"read": {"use": "dicom", "icc": "ignore"}}


def frames_of(name: str) -> Iterator[Frame]:
    """Yield every frame as dcmconv reads it."""
    opened = DicomReader(icc="ignore").open(InputFile(name, path_of(name)))
    yield from opened.frames()
    opened.close()


def _is_readable(path: Path) -> bool:
    try:
        DicomReader().open(InputFile(path.name, path)).close()
    except DcmconvError:
        return False
    return True


@contextmanager
def _without_warnings() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
