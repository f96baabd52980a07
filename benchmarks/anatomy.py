"""Pictures with the statistics of real ones: anatomy from real files, with generated noise.

The anatomy comes from the corpus of real files if DCMCONV_CORPUS names it, otherwise from the small
files in pydicom's wheel.  The same number always gives the same picture.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "AIR",
    "CR_SHAPE",
    "CT_SHAPE",
    "cr_stored_values",
    "ct_hounsfield",
    "us_frame",
    "where_from",
]

CT_SHAPE = (512, 512)
CR_SHAPE = (2500, 2048)
US_SHAPE = (480, 640)
AIR = -1000
CT_NOISE = 8.0
CR_NOISE = 9.0
_NOISE_SIDE = 1024

Float = NDArray[np.float32]


def where_from() -> str:
    """Return the name of the source of the anatomy."""
    return "the corpus" if _corpus() else "pydicom's wheel"


def ct_hounsfield(number: int) -> NDArray[np.int16]:
    """Return a CT slice in HU, int16, shape 512x512: interpolated, shifted, with noise."""
    slices, noise = _ct_slices(), _noise()
    random = np.random.default_rng(number)
    here = random.uniform(0, len(slices) - 1)
    below = min(int(here), len(slices) - 2) if len(slices) > 1 else 0
    above = min(below + 1, len(slices) - 1)
    part = np.float32(here - below)
    anatomy = slices[below] * (1 - part) + slices[above] * part
    anatomy = np.roll(anatomy, tuple(random.integers(-16, 17, 2)), axis=(0, 1))
    row, column = random.integers(0, _NOISE_SIDE - max(CT_SHAPE), 2)
    grain = noise[row : row + CT_SHAPE[0], column : column + CT_SHAPE[1]]
    # Noise in air is clipped at the bottom of the scale, as scanners do.
    weight = np.where(anatomy > -700, np.float32(CT_NOISE), np.float32(CT_NOISE * 0.4))
    return np.clip(np.rint(anatomy + grain * weight), -1024, 3071).astype(np.int16)


def cr_stored_values(number: int) -> NDArray[np.uint16]:
    """Return a 12-bit radiograph, uint16, shape 2500x2048."""
    random = np.random.default_rng(10_000 + number)
    anatomy = np.roll(_cr_anatomy(), tuple(random.integers(-60, 61, 2)), axis=(0, 1))
    rows, columns = (-(-side // _NOISE_SIDE) for side in CR_SHAPE)
    noise = np.roll(_noise(), tuple(random.integers(0, _NOISE_SIDE, 2)), axis=(0, 1))
    grain = np.tile(noise, (rows, columns))[: CR_SHAPE[0], : CR_SHAPE[1]]
    return np.clip(np.rint(anatomy + grain * CR_NOISE), 0, 4095).astype(np.uint16)


def us_frame(number: int) -> NDArray[np.uint8]:
    """Return a frame of an ultrasound cine, uint8 RGB, shape 480x640x3."""
    frames = _us_frames()
    return frames[number % len(frames)]


def _corpus() -> Path | None:
    folder = os.environ.get("DCMCONV_CORPUS")
    return Path(folder) / "dicom" if folder else None


def _wheel_file(name: str) -> Path:
    import pydicom.data

    return Path(pydicom.data.__file__).parent / "test_files" / name


@lru_cache(maxsize=1)
def _ct_slices() -> list[Float]:
    corpus = _corpus()
    if corpus:
        return [_hounsfield(corpus / f"dcmqi__0{number}.dcm") for number in (1, 2, 3)]
    small = _hounsfield(_wheel_file("CT_small.dcm"))
    return [_resized(image, CT_SHAPE) for image in (small, small[::-1], small[:, ::-1])]


def _hounsfield(path: Path) -> Float:
    import pydicom

    dataset = pydicom.dcmread(path)
    values = dataset.pixel_array * float(dataset.RescaleSlope) + float(dataset.RescaleIntercept)
    return _smooth(np.maximum(values, AIR).astype(np.float32))


@lru_cache(maxsize=1)
def _cr_anatomy() -> Float:
    """A real radiograph in its own gray levels, or the sum of slices, as an X-ray is."""
    corpus = _corpus()
    if corpus:
        import pydicom

        dataset = pydicom.dcmread(corpus / "pydicomdata__RG3_J2KI.dcm")
        values = dataset.pixel_array.astype(np.float32)
        values *= 4095 / float((1 << dataset.BitsStored) - 1)
    else:
        values = sum(_ct_slices()) / np.float32(3)
        values = (values - values.min()) / np.ptp(values) * np.float32(3600) + 200
    return _smooth(_resized(values, CR_SHAPE))


@lru_cache(maxsize=1)
def _us_frames() -> list[NDArray[np.uint8]]:
    from PIL import Image
    from pydicom.pixels import iter_pixels

    path = _wheel_file("examples_ybr_color.dcm")
    size = US_SHAPE[1], US_SHAPE[0]
    return [np.asarray(Image.fromarray(frame).resize(size)) for frame in iter_pixels(path)]


@lru_cache(maxsize=1)
def _noise() -> Float:
    """Noise with correlated neighbors, as after a reconstruction filter; standard deviation 1."""
    white = np.random.default_rng(7).standard_normal((_NOISE_SIDE, _NOISE_SIDE)).astype(np.float32)
    alike = 0.6 * white + 0.4 * np.roll(white, (1, 1), (0, 1))
    return (alike / alike.std()).astype(np.float32)


def _resized(values: NDArray[Any], shape: tuple[int, int]) -> Float:
    from PIL import Image

    image = Image.fromarray(np.ascontiguousarray(values, np.float32))
    return np.array(image.resize((shape[1], shape[0]), Image.Resampling.BICUBIC))


def _smooth(values: Float) -> Float:
    """Remove the noise of the file, so that only the generated noise remains."""
    padded = np.pad(values, 1, mode="edge")
    tall = (padded[:-2] + 2 * padded[1:-1] + padded[2:]) / 4
    return ((tall[:, :-2] + 2 * tall[:, 1:-1] + tall[:, 2:]) / 4).astype(np.float32)
