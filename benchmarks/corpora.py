"""The corpora: created once, in a folder, each with the requested number of files."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID

from benchmarks import anatomy, annotated, headers

__all__ = ["CORPORA", "FRAMES", "STATE", "Corpora"]

STATE = "state.dcm"
"""The presentation state of the corpus ``gsps``, next to the folders of all corpora."""

FRAMES = {"enhanced": 300, "us": 120, "seg": annotated.SEGMENT_FRAMES}
"""Frames per file, if more than one."""

MADE = {"cr": 60, "enhanced": 1, "us": 10, "gsps": 200, "overlay": 200, "seg": 2}
"""Number of different files; 2,000 for other corpora."""


def _jpeg_lossless(values: NDArray[np.uint16]) -> bytes:
    import imagecodecs

    # The Transfer Syntax requires selection value 1.
    return bytes(imagecodecs.jpeg8_encode(values, lossless=True, predictor=1))


def _jpeg_ls(values: NDArray[np.uint16]) -> bytes:
    import imagecodecs

    return bytes(imagecodecs.jpegls_encode(values))


def _jpeg_2000(values: NDArray[np.uint16]) -> bytes:
    import imagecodecs

    return bytes(imagecodecs.jpeg2k_encode(values, reversible=True, codecformat="j2k"))


def _htj2k(values: NDArray[np.uint16]) -> bytes:
    import imagecodecs

    return bytes(imagecodecs.htj2k_encode(values, reversible=True))


def _rle(values: NDArray[np.uint16]) -> bytes:
    from rle.utils import encode_pixel_data

    rows, columns = values.shape
    cells = {"rows": rows, "columns": columns, "samples_per_pixel": 1, "bits_allocated": 16}
    return bytes(encode_pixel_data(values.astype("<u2").tobytes(), byteorder="<", **cells))


@dataclass(frozen=True)
class Coding:
    """A Transfer Syntax and its encoder."""

    uid: str
    encode: Callable[[NDArray[np.uint16]], bytes]


CODINGS = {
    "ct-jll": Coding("1.2.840.10008.1.2.4.70", _jpeg_lossless),
    "ct-jls": Coding("1.2.840.10008.1.2.4.80", _jpeg_ls),
    "ct-j2k": Coding("1.2.840.10008.1.2.4.90", _jpeg_2000),
    "ct-htj2k": Coding("1.2.840.10008.1.2.4.201", _htj2k),
    "ct-rle": Coding("1.2.840.10008.1.2.5", _rle),
}
CORPORA = ("ct", "cr", *CODINGS, "enhanced", "us", "overlay", "gsps", "seg", "small")


@dataclass(frozen=True)
class Corpora:
    """Knows the folder of the corpora, and creates missing files.

    Files are created one by one and never change, so a longer run adds to those of a shorter one.
    """

    root: Path

    def folder(self, name: str, count: int) -> Path:
        """Return a folder with exactly ``count`` files of a corpus, as hard links.

        If the corpus has fewer different files, they are repeated under other names.
        """
        view = self.root / f"{name}@{count}"
        if (view / f"{count - 1:06d}.dcm").exists():
            return view
        shutil.rmtree(view, ignore_errors=True)
        view.mkdir(parents=True)
        if name == "gsps":
            annotated.presentation_state().save_as(self.root / STATE, enforce_file_format=True)
        made = min(count, MADE.get(name, 2000))
        files = [self._file(name, number) for number in range(made)]
        for number in range(count):
            os.link(files[number % made], view / f"{number:06d}.dcm")
        return view

    def _file(self, name: str, number: int) -> Path:
        path = self.root / name / f"{number:06d}.dcm"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            unfinished = path.with_suffix(".part")
            make_dataset(name, number).save_as(unfinished, enforce_file_format=True)
            unfinished.rename(path)
        return path


def make_dataset(name: str, number: int) -> Dataset:
    """Return one file of a corpus as a dataset."""
    if name == "cr":
        return _with_pixels(headers.cr_header(number), anatomy.cr_stored_values(number))
    if name == "us":
        return _cine(number)
    if name == "enhanced":
        frames = [_unsigned(anatomy.ct_hounsfield(i)) for i in range(FRAMES["enhanced"])]
        return _with_pixels(headers.enhanced_header(len(frames)), np.stack(frames))
    if name == "seg":
        return annotated.segmentation(number)
    if name == "small":
        return _small(number)
    dataset = _ct(number)
    if name == "overlay":
        return annotated.with_overlay(dataset, number)
    return _encoded(dataset, CODINGS[name]) if name in CODINGS else dataset


def _ct(number: int) -> Dataset:
    values = anatomy.ct_hounsfield(number)
    if number % 2:
        return _with_pixels(headers.plain_header(number), _unsigned(values))
    stored = values + np.int16(1024)
    stored[_outside_circle()] = -2000
    return _with_pixels(headers.ge_header(number), stored)


def _small(number: int) -> Dataset:
    side = annotated.SMALL_SIDE
    middle = slice((512 - side) // 2, (512 + side) // 2)
    values = anatomy.ct_hounsfield(number)[middle, middle]
    return _with_pixels(headers.plain_header(number, (side, side)), _unsigned(values))


def _unsigned(values: NDArray[np.int16]) -> NDArray[np.uint16]:
    return np.clip(values + 1024, 0, 4095).astype(np.uint16)


def _outside_circle() -> NDArray[np.bool_]:
    rows, columns = np.ogrid[-255.5:256, -255.5:256]
    outside: NDArray[np.bool_] = rows**2 + columns**2 > 256**2
    return outside


def _with_pixels(dataset: Dataset, stored_values: NDArray[np.generic]) -> Dataset:
    dataset.PixelData = stored_values.astype(stored_values.dtype.newbyteorder("<")).tobytes()
    dataset["PixelData"].VR = "OW"
    return dataset


def _encoded(dataset: Dataset, coding: Coding) -> Dataset:
    cells = np.frombuffer(dataset.PixelData, "<u2").reshape(dataset.Rows, dataset.Columns)
    signed = dataset.PixelRepresentation == 1
    if signed and coding.uid.startswith("1.2.840.10008.1.2.4.9"):
        cells = cells.view("<i2")
    dataset.PixelData = encapsulate([coding.encode(np.ascontiguousarray(cells))])
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = UID(coding.uid)
    return dataset


def _cine(number: int) -> Dataset:
    dataset = headers.us_header(number, FRAMES["us"])
    dataset.PixelData = encapsulate(list(_cine_frames(number)))
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = UID("1.2.840.10008.1.2.4.50")
    return dataset


def _cine_frames(number: int) -> Iterator[bytes]:
    import imagecodecs

    for frame_index in range(FRAMES["us"]):
        pixels = np.roll(anatomy.us_frame(frame_index), number, axis=1)
        yield bytes(imagecodecs.jpeg8_encode(pixels, level=90, subsampling="422"))
