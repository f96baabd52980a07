"""PNG: exact, 8 or 16 bits, gray, color, or indices with a palette."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from isal import isal_zlib
from numpy.typing import NDArray

from dcmconv.plugin import Domain, InputError, Opt, Picture, Writer
from dcmconv_builtins.writers import png_chunks, png_filter
from dcmconv_builtins.writers.png_filter import Bytes

__all__ = ["Png", "deflate_by_igzip"]

STORED_TYPES = (np.dtype(np.uint8), np.dtype(np.uint16))
COLOR_TYPES = {1: png_chunks.GRAY, 3: png_chunks.RGB, 4: png_chunks.RGBA}
# The format allows chunks of up to 2**31 - 1 bytes (section 5.3).
LARGEST_CHUNK = 2**30
FIRST_BLOCK_BYTES = 8


@dataclass(frozen=True, kw_only=True)
class Png(Writer):
    """PNG with 8 or 16 bits per channel: every value kept exactly, compressed fast.

    Unscaled unsigned integers keep their numbers.  Pixel spacing is written as pHYs, and also as
    sCAL if pHYs rounds it; no text and no time is written.

    Unscaled values of fewer bits get no sBIT chunk: by the standard it would mean that they were
    scaled up to full range, and a reader that follows it would shift them.
    """

    suffix: ClassVar[str] = ".png"
    accepts: ClassVar[frozenset[Domain]] = frozenset({"display", "label", "stored", "modality"})
    keeps_palette: ClassVar[bool] = True
    shorthand: ClassVar[tuple[tuple[str, ...], ...]] = (("bits",),)
    also_called: ClassVar[tuple[str, ...]] = ("write-png", "write-16-bit-png", "png16")

    bits: Annotated[Literal[8, 16], Opt("Bits of a display value")] = 8
    compression: Annotated[
        Literal["fastest", "fast", "small", "smallest"],
        Opt(
            "Speed or size: small is 7 percent smaller than fast and takes 20 times as long; "
            "smallest is 20 percent smaller and takes 70 times as long"
        ),
    ] = "fast"

    def depth(self) -> int:
        """Return ``bits``."""
        return self.bits

    def encode(self, picture: Picture) -> bytes:
        """Encode.

        Raises
        ------
        InputError
            If the values do not fit into uint8 or uint16, or there are not 1, 3 or 4 channels.
        """
        pixels = _checked(picture)
        depth = pixels.dtype.itemsize * 8
        channels = pixels.shape[2] if pixels.ndim == 3 else 1
        palette = picture.palette is not None
        color_type = png_chunks.PALETTE if palette else COLOR_TYPES[channels]
        raw = _big_endian_rows(pixels)
        parts = [
            png_chunks.SIGNATURE,
            png_chunks.header(*pixels.shape[1::-1], depth, color_type),
            *png_chunks.describing_chunks(picture),
            *_data_chunks(self._compressed(raw, channels * depth // 8)),
            png_chunks.END,
        ]
        return b"".join(parts)

    def _compressed(self, raw: NDArray[np.uint8], pixel_bytes: int) -> bytes:
        """Filter and deflate; the fast settings use igzip, many times faster than zlib."""
        if self.compression == "fastest":
            return deflate_by_igzip(png_filter.filtered(raw, png_filter.UP, pixel_bytes), 0)
        if self.compression == "smallest":
            from dcmconv_builtins.writers.png_row_filters import deflated_smallest

            return deflated_smallest(raw, pixel_bytes)
        kind = png_filter.best_single(raw, pixel_bytes)
        rows = png_filter.filtered(raw, kind, pixel_bytes)
        if self.compression == "fast":
            return deflate_by_igzip(rows, 1)
        return zlib.compress(rows.data, 6)


def _checked(picture: Picture) -> NDArray[Any]:
    pixels = picture.pixels
    if pixels.dtype not in STORED_TYPES:
        pixels = _narrowed(pixels)
    if pixels.dtype not in STORED_TYPES:
        raise InputError(
            f"The {picture.domain} values are {pixels.dtype}, "
            f"{pixels.min():g} to {pixels.max():g}; PNG stores whole numbers from 0 to 65535.",
            hint="Scale them with --normalize minmax, or use a writer that stores such values.",
            reason="range",
        )
    channels = pixels.shape[2] if pixels.ndim == 3 else 1
    if channels not in COLOR_TYPES:
        raise InputError(
            f"The picture has {channels} channels; expected 1, 3 or 4.",
            hint="A step before the writer makes them: remove it, or report it to its author.",
        )
    if picture.palette is not None and pixels.dtype != np.uint8:
        raise InputError(
            f"The picture has a palette and {pixels.dtype} values; PNG needs uint8.",
            hint="Use bits=8, or remove the colormap.",
        )
    return pixels


def _narrowed(pixels: NDArray[Any]) -> NDArray[Any]:
    """Return wide or signed integers as uint16 if every one of them fits."""
    if pixels.dtype.kind not in "iu":
        return pixels
    fits = pixels.min() >= 0 and pixels.max() <= np.iinfo(np.uint16).max
    return pixels.astype(np.uint16) if fits else pixels


def _big_endian_rows(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    """Return the bytes of each row, most significant first; copied only if necessary."""
    ordered = pixels if pixels.flags.c_contiguous else np.ascontiguousarray(pixels)
    if ordered.dtype.itemsize == 2:
        ordered = ordered.astype(">u2", copy=False)
    return ordered.reshape(pixels.shape[0], -1).view(np.uint8)


def _data_chunks(stream: bytes) -> Iterable[bytes]:
    """Return the parts of the IDAT chunks, usually of one."""
    if len(stream) <= LARGEST_CHUNK:
        return png_chunks.chunk_parts(b"IDAT", stream)
    starts = range(0, len(stream), LARGEST_CHUNK)
    pieces = (stream[start : start + LARGEST_CHUNK] for start in starts)
    return chain.from_iterable(png_chunks.chunk_parts(b"IDAT", piece) for piece in pieces)


def deflate_by_igzip(rows: Bytes, level: int) -> bytes:
    """Deflate filtered rows into one zlib stream (RFC 1950).

    The first bytes are flushed as a separate block, at a cost of about 10 bytes, so that the
    result does not depend on the process.  ISA-L starts a stream of level 1 or 2 by hashing an
    uninitialized register instead of the third byte (2.32.1, ``tmp2`` under ``.write_first_byte``
    in ``igzip_icf_body_h1_gr_bt.asm``).  The register contains the address of the stream, which
    differs between processes.  The code path for very short input does not have this bug, and a
    stream that it has started is continued correctly.

    Parameters
    ----------
    rows : uint8 array, contiguous
        What :func:`~dcmconv_builtins.writers.png_filter.filtered` returns.
    level : int
        Compression level of igzip: 0, the fastest, to 3.
    """
    flat = rows.reshape(-1)
    stream = isal_zlib.compressobj(level)
    return b"".join(
        (
            stream.compress(flat[:FIRST_BLOCK_BYTES]),
            stream.flush(isal_zlib.Z_SYNC_FLUSH),
            stream.compress(flat[FIRST_BLOCK_BYTES:]),
            stream.flush(),
        )
    )
