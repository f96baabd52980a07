"""What a decoder answers, and the checks that every stream passes before it is decoded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dcmconv.plugin import InputError, UnsupportedError
from dcmconv_builtins.dicom.hints import COPY_AGAIN, DAMAGED
from dcmconv_builtins.dicom.pixels.pixel_description import PixelDescription

__all__ = [
    "Coded",
    "Decoded",
    "as_pixel_representation",
    "check_coded",
    "checked",
    "codec_errors",
    "contiguous",
    "interleaved",
    "truncated",
]


@dataclass(frozen=True, kw_only=True, eq=False)
class Decoded:
    """One frame as its codestream holds it.

    Parameters
    ----------
    values : integer or float array, shape (rows, columns) or (rows, columns, samples)
        As coded, native byte order.  May be read-only.
    photometric_interpretation : str
        What the values mean after decoding: ``RGB`` where the codec undid a colour transform.
    decoder : str
        Such as ``imagecodecs.jpegls``.
    is_masked : bool
        The values are already those of the stored-bits field, sign included: lossy codestreams
        know their own precision, and masking would wrap their overshoot (4170 of 12 bits to 74).
        Otherwise the reader masks to Bits Stored and extends the sign.
    notes : tuple of str
        What was tolerated.
    missing : bool array, shape (rows, columns), optional
        Where the file has no pixels; only when what is left of it was asked for.
    """

    values: NDArray[Any]
    photometric_interpretation: str
    decoder: str
    is_masked: bool = False
    notes: tuple[str, ...] = ()
    missing: NDArray[Any] | None = None


@dataclass(frozen=True, kw_only=True)
class Coded:
    """What a codestream says about itself in its own header."""

    format: str
    rows: int
    columns: int
    samples: int
    bits: int


def check_coded(coded: Coded, description: PixelDescription) -> tuple[str, ...]:
    """Compare a codestream's own header with the Image Pixel Module; return notes.

    Raises
    ------
    InputError
        If size, samples or precision cannot be those of the same picture.
    """
    own = (coded.rows, coded.columns)
    if own != (description.rows, description.columns):
        raise InputError(
            f"the {coded.format} stream is {own[0]}x{own[1]}; Rows (0028,0010) and Columns "
            f"(0028,0011) say {description.rows}x{description.columns}.",
            hint=DAMAGED,
            reason="mismatch",
        )
    if coded.samples != description.samples_per_pixel:
        raise InputError(
            f"the {coded.format} stream has {coded.samples} samples a pixel; Samples per Pixel "
            f"(0028,0002) is {description.samples_per_pixel}.",
            hint=DAMAGED,
            reason="mismatch",
        )
    if coded.bits > description.bits_allocated:
        raise InputError(
            f"the {coded.format} stream has {coded.bits} bits a sample; Bits Allocated "
            f"(0028,0100) is {description.bits_allocated}.",
            hint=DAMAGED,
            reason="mismatch",
        )
    if coded.bits == description.bits_stored:
        return ()
    note = f"the {coded.format} stream has {coded.bits} bits a sample, Bits Stored (0028,0101) is "
    return (f"{note}{description.bits_stored}",)


def checked(values: NDArray[Any], description: PixelDescription) -> NDArray[Any]:
    """Return values whose shape is the described one; the gate after decoding."""
    if values.shape != description.shape:
        raise InputError(
            f"the stream decodes to an array of shape {values.shape}; "
            f"{description.shape} was needed.",
            hint=DAMAGED,
            reason="mismatch",
        )
    return values


def truncated(stream_format: str, found: str) -> InputError:
    """Return the error for a stream that ends too soon."""
    return InputError(
        f"the {stream_format} stream is truncated: {found}.", hint=COPY_AGAIN, reason="truncated"
    )


def as_pixel_representation(
    values: NDArray[Any], bits: int, description: PixelDescription
) -> NDArray[Any]:
    """Read values of ``bits`` significant bits with the sign that the header gives them.

    JPEG and JPEG-LS know no sign, and JPEG 2000 streams sometimes deny it; the Pixel
    Representation (0028,0103) decides (PS3.5 8.2.4).  The same array where nothing is to do.
    """
    is_signed = values.dtype.kind == "i"
    if is_signed == description.is_signed or values.dtype.kind == "f":
        return values
    width = values.dtype.itemsize * 8
    unsigned = values.view(f"u{values.dtype.itemsize}")
    if not description.is_signed:
        masked: NDArray[Any] = unsigned & unsigned.dtype.type((1 << bits) - 1)
        return masked
    signed_type = np.dtype(f"i{values.dtype.itemsize}")
    if bits == width:
        return unsigned.view(signed_type)
    signed: NDArray[Any] = (unsigned << unsigned.dtype.type(width - bits)).view(signed_type)
    signed >>= signed_type.type(width - bits)
    return signed


def sign_bits(coded: Coded, description: PixelDescription, *, lossy: bool) -> int:
    """Return the width whose top bit is the sign.

    A lossless stream may be wider than Bits Stored, because the cells were coded as they lay; a
    lossy one is as wide as its values.
    """
    return coded.bits if lossy else min(coded.bits, description.bits_stored)


@contextmanager
def codec_errors(stream_format: str) -> Iterator[None]:
    """Explain what a codec raises: it is missing, or the stream is damaged."""
    try:
        yield
    except ImportError as error:
        raise UnsupportedError(
            f"the installed imagecodecs cannot decode {stream_format}: {error}",
            hint="pip install --upgrade --force-reinstall imagecodecs",
            reason="not-installed",
        ) from error
    except (RuntimeError, ValueError) as error:
        message = " ".join(str(error).split()) or type(error).__name__
        raise InputError(
            f"the {stream_format} stream is damaged: {message}", hint=DAMAGED
        ) from error


def contiguous(values: NDArray[Any]) -> NDArray[Any]:
    """Return the values in C order and native byte order, copied only if they are not."""
    return np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("="))


def interleaved(planes: NDArray[Any] | Sequence[NDArray[Any]]) -> NDArray[Any]:
    """Return planes of one shape as pixels, in native byte order.

    Plane by plane: six times as fast as a copy of their transpose.
    """
    values = np.empty((*planes[0].shape, len(planes)), planes[0].dtype.newbyteorder("="))
    for number, plane in enumerate(planes):
        values[..., number] = plane
    return values
