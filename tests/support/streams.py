"""Freshly encoded frames, one maker for each codec, and the Transfer Syntax that names it."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray

JPEG = "1.2.840.10008.1.2.4"
JPEG2000 = f"{JPEG}.90"
HTJ2K = f"{JPEG}.201"
SYNTAX = {
    "native": "1.2.840.10008.1.2.1",
    "encapsulated-uncompressed": "1.2.840.10008.1.2.1.98",
    "deflated-frame": "1.2.840.10008.1.2.8.1",
    "rle": "1.2.840.10008.1.2.5",
    "jpeg": f"{JPEG}.50",
    "jpeg-12": f"{JPEG}.51",
    "jpeg-progressive": f"{JPEG}.55",
    "jpeg-lossless": f"{JPEG}.70",
    "jpeg-ls": f"{JPEG}.80",
    "jpeg-ls-near": f"{JPEG}.81",
    "jpeg-2000": JPEG2000,
    "jpeg-2000-lossy": f"{JPEG}.91",
    "htj2k": HTJ2K,
    "htj2k-lossy": f"{JPEG}.203",
    "jpeg-xl": f"{JPEG}.110",
    "jpeg-xl-lossy": f"{JPEG}.112",
}


def gray(dtype: Any, *, bits: int = 0) -> NDArray[Any]:
    """Return a smooth 40x56 slope with a little texture, over the full range of the dtype."""
    top = (1 << (bits or np.dtype(dtype).itemsize * 8)) - 1
    slope = np.add.outer(np.arange(40) * 2.0, np.arange(56))
    slope += 2 * np.sin(np.arange(56) * 1.7)
    scaled = (slope - slope.min()) / (slope.max() - slope.min()) * top
    return scaled.astype(dtype)


def rgb(dtype: Any) -> NDArray[Any]:
    """Return three different slopes as a color picture."""
    red = gray(dtype)
    return np.stack([red, red[::-1], red[:, ::-1]], axis=-1).copy()


def encoded(syntax: str, values: NDArray[Any]) -> bytes:
    """Return one frame, encoded as the named syntax requires."""
    return bytes(ENCODERS[syntax](values))


def rle_frame(planes: Sequence[bytes]) -> bytes:
    """Return an RLE frame of byte planes (PS3.5 Annex G)."""
    segments = []
    for plane in planes:
        segment = bytes(imagecodecs.packbits_encode(np.frombuffer(plane, np.uint8)))
        segments.append(segment + b"\0" * (len(segment) % 2))
    offsets, position = [], 64
    for segment in segments:
        offsets.append(position)
        position += len(segment)
    words = [len(segments), *offsets]
    return struct.pack("<16I", *words, *[0] * (16 - len(words))) + b"".join(segments)


def _rle(values: NDArray[Any]) -> bytes:
    samples = values.reshape(*values.shape[:2], -1)
    planes = []
    for number in range(samples.shape[2]):
        sample = np.ascontiguousarray(samples[..., number])
        big_endian = sample.astype(sample.dtype.newbyteorder(">"))
        by_byte = big_endian.view(np.uint8).reshape(-1, sample.dtype.itemsize)
        planes += [by_byte[:, byte].tobytes() for byte in range(sample.dtype.itemsize)]
    return rle_frame(planes)


def _deflated(values: NDArray[Any]) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(values.tobytes()) + packer.flush()


def _unsigned(values: NDArray[Any]) -> NDArray[Any]:
    # JPEG and JPEG-LS have no signed values; DICOM encodes the bits unchanged.
    return values.view(f"u{values.dtype.itemsize}")


def _jpeg_lossless(values: NDArray[Any]) -> bytes:
    bits = values.dtype.itemsize * 8
    return imagecodecs.jpeg8_encode(_unsigned(values), lossless=True, bitspersample=bits)


def jpeg2000(values: NDArray[Any], **options: Any) -> bytes:
    """Return a bare codestream; one resolution, so that a single pixel can be coded too."""
    return imagecodecs.jpeg2k_encode(
        values, codecformat="J2K", resolutions=1, **{"reversible": True, **options}
    )


def _progressive(values: NDArray[Any]) -> bytes:
    """Return a progressive JPEG: Pillow writes what imagecodecs cannot."""
    import io

    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(values).save(buffer, "JPEG", progressive=True, quality=90)
    return buffer.getvalue()


ENCODERS = {
    "native": lambda values: values.tobytes(),
    "encapsulated-uncompressed": lambda values: values.tobytes(),
    "deflated-frame": _deflated,
    "rle": _rle,
    "jpeg": lambda values: imagecodecs.jpeg8_encode(values, 90),
    "jpeg-12": lambda values: imagecodecs.jpeg8_encode(values, 90, bitspersample=12),
    "jpeg-progressive": _progressive,
    "jpeg-lossless": _jpeg_lossless,
    "jpeg-ls": lambda values: imagecodecs.jpegls_encode(_unsigned(values)),
    "jpeg-ls-near": lambda values: imagecodecs.jpegls_encode(values, 2),
    "jpeg-2000": jpeg2000,
    "jpeg-2000-lossy": lambda values: jpeg2000(values, level=50, reversible=False),
    "htj2k": lambda values: imagecodecs.htj2k_encode(values, reversible=True),
    "htj2k-lossy": lambda values: imagecodecs.htj2k_encode(values, level=0.001, reversible=False),
    "jpeg-xl": lambda values: imagecodecs.jpegxl_encode(
        _unsigned(values), lossless=True, numthreads=1
    ),
    "jpeg-xl-lossy": lambda values: imagecodecs.jpegxl_encode(values, distance=1.0, numthreads=1),
}
