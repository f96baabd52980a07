"""Frames of a pydicom dataset through the built-in decoders, without the reader.

What the reader does with decoded values is written here a second time, slowly and plainly, so that
the two are independent.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRBigEndian

from dcmconv_builtins.dicom.decoders import Decoded, as_laid_out, decode_frame, native_span
from dcmconv_builtins.dicom.pixels.encapsulation import Encapsulated, ExtendedOffsets
from dcmconv_builtins.dicom.pixels.pixel_description import PixelDescription

ELEMENTS = {
    "PixelData": "integer",
    "FloatPixelData": "float32",
    "DoubleFloatPixelData": "float64",
}
NATIVE = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99", ExplicitVRBigEndian)


def pixel_element(dataset: Dataset) -> str:
    """Return the keyword of the pixel data element."""
    return next(keyword for keyword in ELEMENTS if keyword in dataset)


def description_of(dataset: Dataset) -> PixelDescription:
    """Return what the Image Pixel Module says."""
    keyword = pixel_element(dataset)
    bits = dataset.BitsAllocated
    try:
        frames = int(dataset.get("NumberOfFrames") or 1)
    except (TypeError, ValueError):
        frames = 1
    return PixelDescription(
        rows=dataset.Rows,
        columns=dataset.Columns,
        samples_per_pixel=dataset.SamplesPerPixel,
        bits_allocated=bits,
        bits_stored=dataset.get("BitsStored", bits),
        high_bit=dataset.get("HighBit", bits - 1),
        is_signed=bool(dataset.get("PixelRepresentation", 0)),
        photometric_interpretation=dataset.PhotometricInterpretation,
        planar_configuration=dataset.get("PlanarConfiguration") or 0,
        frame_count=frames,
        number_type=ELEMENTS[keyword],
        value_representation=dataset[keyword].VR,
    )


def decoded_frames(dataset: Dataset, transfer_syntax: str) -> Iterator[Decoded]:
    """Yield every frame as the decoders give it."""
    description = description_of(dataset)
    content = dataset[pixel_element(dataset)].value
    if transfer_syntax in NATIVE:
        description, _ = as_laid_out(description, len(content))
        for frame_index in range(description.frame_count):
            span = native_span(
                description, frame_index, big_endian=transfer_syntax == ExplicitVRBigEndian
            )
            stream = content[span.start : span.start + span.length]
            yield decode_frame(stream, transfer_syntax, description, first_bit=span.first_bit)
        return
    extended = None
    if "ExtendedOffsetTable" in dataset:
        extended = ExtendedOffsets(dataset.ExtendedOffsetTable, dataset.ExtendedOffsetTableLengths)
    frames = Encapsulated(content, frame_count=description.frame_count, extended=extended)
    for frame_index in range(description.frame_count):
        yield decode_frame(frames.stream(frame_index), transfer_syntax, description)


def stored_values(decoded: Decoded, description: PixelDescription) -> NDArray[Any]:
    """Mask to Bits Stored, extend the sign, and turn YBR_FULL into RGB by the formula."""
    values = decoded.values
    if decoded.photometric_interpretation == "YBR_FULL":
        return _rgb(values)
    if values.dtype.kind == "f" or decoded.is_masked:
        return values
    unsigned = values.astype(np.int64) & ((1 << description.bits_stored) - 1)
    if description.is_signed:
        unsigned -= (unsigned >> (description.bits_stored - 1)) << description.bits_stored
    return unsigned.astype(values.dtype)


def _rgb(ybr: NDArray[Any]) -> NDArray[np.uint8]:
    # PS3.3 C.7.6.3.1.2
    y, cb, cr = (ybr[..., sample].astype(np.float64) for sample in range(3))
    red = y + 1.402 * (cr - 128)
    green = y - 0.344136 * (cb - 128) - 0.714136 * (cr - 128)
    blue = y + 1.772 * (cb - 128)
    rgb = np.stack([red, green, blue], axis=-1)
    return np.clip(np.floor(rgb + 0.5), 0, 255).astype(np.uint8)
