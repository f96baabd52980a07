"""A decoded frame, and the checks that every stream passes before and after it is decoded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dcmconv.plugin import (
    DecodedFrame,
    FrameDescription,
    InputError,
    NamedDecoder,
    PluginError,
    UnsupportedError,
)
from dcmconv_builtins.dicom.decoders.syntaxes import Codec
from dcmconv_builtins.dicom.hints import DAMAGED

__all__ = [
    "Coded",
    "Decoded",
    "as_pixel_representation",
    "check_coded",
    "checked",
    "codec_errors",
    "contiguous",
    "decode_with",
    "interleaved",
    "only_jpeg2000_has",
    "surplus_note",
    "truncated",
]


@dataclass(frozen=True, kw_only=True, eq=False)
class Decoded(DecodedFrame):
    """One frame as its codestream holds it; ``decoder`` is never empty."""


def decode_with(
    chosen: NamedDecoder,
    stream: bytes,
    description: FrameDescription,
    transfer_syntax: str,
    *,
    salvage: bool = False,
) -> Decoded:
    """Decode one frame, and check what comes out: any decoder may be a third party's.

    Raises
    ------
    InputError, UnsupportedError
        As the decoder, or if the frame does not have the described shape.
    PluginError
        If the decoder returns anything but a frame of numbers.
    """
    decode = chosen.decoder.salvage if salvage else chosen.decoder.decode
    frame = decode(stream, description, transfer_syntax)
    values = as_pixel_representation(
        checked(_numbers(frame, chosen.name), description), description.bits_stored, description
    )
    if not (values.flags.c_contiguous and values.dtype.isnative):
        values = contiguous(values)
    return Decoded(
        values=values,
        photometric_interpretation=frame.photometric_interpretation,
        decoder=frame.decoder or chosen.name,
        is_masked=frame.is_masked,
        notes=frame.notes,
        salvaged=frame.salvaged,
        missing=frame.missing,
    )


def _numbers(frame: object, name: str) -> NDArray[Any]:
    """Return the values of a decoded frame, if it is one and they are numbers."""
    values = frame.values if isinstance(frame, DecodedFrame) else None
    if isinstance(values, np.ndarray) and values.dtype.kind in "iuf":
        return values
    if values is None:
        fault = f"returned {type(frame).__name__}; expected a DecodedFrame"
    else:
        found = getattr(values, "dtype", type(values).__name__)
        fault = f"returned values of type {found}; expected an array of integers or floats"
    raise PluginError(
        f"Decoder '{name}' {fault}.",
        hint="Test the plugin with dcmconv.testing.DecoderConformance.",
    )


@dataclass(frozen=True, kw_only=True)
class Coded:
    """What a codestream says about itself in its own header."""

    format: str
    rows: int
    columns: int
    samples: int
    bits: int


def check_coded(coded: Coded, description: FrameDescription) -> tuple[str, ...]:
    """Compare a codestream's own header with that of the file; return notes.

    Raises
    ------
    InputError
        If size, samples or precision contradict each other.
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
            f"the {coded.format} stream has {coded.samples} samples per pixel; Samples per Pixel "
            f"(0028,0002) is {description.samples_per_pixel}.",
            hint=DAMAGED,
            reason="mismatch",
        )
    if coded.bits > description.bits_allocated:
        raise InputError(
            f"the {coded.format} stream has {coded.bits} bits per sample; Bits Allocated "
            f"(0028,0100) is {description.bits_allocated}.",
            hint=DAMAGED,
            reason="mismatch",
        )
    if coded.bits == description.bits_stored:
        return ()
    found = f"the {coded.format} stream has {coded.bits} bits per sample"
    return (f"{found}, Bits Stored (0028,0101) is {description.bits_stored}",)


def checked(values: NDArray[Any], description: FrameDescription) -> NDArray[Any]:
    """Return the values if they have the described shape; every decoded frame passes here."""
    if values.shape != description.shape:
        raise InputError(
            f"the stream decodes to shape {values.shape}; expected {description.shape}.",
            hint=DAMAGED,
            reason="mismatch",
        )
    return values


def surplus_note(surplus: int) -> tuple[str, ...]:
    """Return a note on bytes after the end marker, if there are any."""
    if not surplus:
        return ()
    count = "1 byte" if surplus == 1 else f"{surplus} bytes"
    return (f"ignored {count} after the end of the stream",)


def only_jpeg2000_has(photometric_interpretation: str) -> tuple[str, ...]:
    """Return a note on a component transform of JPEG 2000 in another format (PS3.5 8.2)."""
    if photometric_interpretation not in ("YBR_ICT", "YBR_RCT"):
        return ()
    found = f"Photometric Interpretation (0028,0004) is {photometric_interpretation}"
    return (f"{found}, which only JPEG 2000 has; read the samples as RGB",)


def truncated(stream_format: str, found: str) -> InputError:
    """Return the error for a stream that ends early; the file around it may well be whole."""
    return InputError(
        f"the {stream_format} stream ends early: {found}.", hint=DAMAGED, reason="truncated"
    )


def as_pixel_representation(
    values: NDArray[Any], bits: int, description: FrameDescription
) -> NDArray[Any]:
    """Read values of ``bits`` significant bits with the sign that the header gives them.

    JPEG and JPEG-LS streams have no sign, and that of JPEG 2000 streams is sometimes wrong; Pixel
    Representation (0028,0103) decides (PS3.5 8.2.4).  Returns the same array if nothing changes.
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
    # The sign bit goes to the top, then down again: the second shift copies it.
    signed: NDArray[Any] = (unsigned << unsigned.dtype.type(width - bits)).view(signed_type)
    signed >>= signed_type.type(width - bits)
    return signed


def sign_bits(coded: Coded, description: FrameDescription, *, lossy: bool) -> int:
    """Return the width whose top bit is the sign.

    A lossless stream may be wider than Bits Stored, because whole cells were encoded; a lossy one
    is as wide as its values.
    """
    return coded.bits if lossy else min(coded.bits, description.bits_stored)


@contextmanager
def codec_errors(stream_format: str, codec: Codec) -> Iterator[None]:
    """Explain what a codec's library raises: it lacks the codec, or the stream is damaged."""
    try:
        yield
    # imagecodecs imports a codec only when it is first used.
    except ImportError as error:
        raise UnsupportedError(
            f"the installed {codec.distribution} cannot decode {stream_format}: {error}",
            hint=f"pip install --upgrade --force-reinstall {codec.distribution}",
            reason="not-installed",
        ) from error
    except (RuntimeError, ValueError) as error:
        message = " ".join(str(error).split()) or type(error).__name__
        raise InputError(
            f"the {stream_format} stream is damaged: {message}", hint=DAMAGED
        ) from error


def contiguous(values: NDArray[Any]) -> NDArray[Any]:
    """Return the values in C order and native byte order, copied only if they are not."""
    if values.flags.c_contiguous and values.dtype.isnative:
        return values
    return np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("="))


def interleaved(planes: NDArray[Any] | Sequence[NDArray[Any]]) -> NDArray[Any]:
    """Return planes of one shape as pixels, in native byte order.

    Plane by plane: six times as fast as a copy of their transpose.
    """
    values = np.empty((*planes[0].shape, len(planes)), planes[0].dtype.newbyteorder("="))
    for number, plane in enumerate(planes):
        values[..., number] = plane
    return values
