"""JPEG: small, supported everywhere, and lossy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from dcmconv.plugin import EncodedFrame, InputError, Opt, Picture, Writer
from dcmconv_builtins.writers.jpeg_segments import copied_stream, with_segments

__all__ = ["Jpg"]

LONGEST = 65500
"""The limit of libjpeg, slightly below that of the format."""

FULL_COLOR_QUALITY = 90
DEFAULT_QUALITY = 90
BLOCK_PIXELS = 2**16


@dataclass(frozen=True, kw_only=True)
class Jpg(Writer):
    """JPEG with 8 bits per channel, gray or color.

    Transparency is blended with the background.  Pixel spacing is written as JFIF density, and also
    in EXIF if that rounds it; no other attribute of the file is written.
    """

    suffix: ClassVar[str] = ".jpg"
    other_suffixes: ClassVar[tuple[str, ...]] = (".jpeg", ".jpe")
    keeps_palette: ClassVar[bool] = True
    shorthand: ClassVar[tuple[tuple[str, ...], ...]] = (("quality",),)
    also_called: ClassVar[tuple[str, ...]] = ("jpeg", "write-jpeg")

    quality: Annotated[int, Opt("1 is smallest, 100 is best", ge=1, le=100)] = DEFAULT_QUALITY
    subsampling: Annotated[
        Literal["auto", "444", "422", "420"],
        Opt(
            "Color at full (444), half or quarter resolution; auto is 444 from quality 90, else 420"
        ),
    ] = "auto"
    optimize: Annotated[bool, Opt("Spend twice the time for files 2 percent smaller")] = False
    copies: Annotated[
        bool,
        Opt(
            "Copy color frames that are JPEG already, unless an option, a step or another output "
            "needs their pixels: no second loss"
        ),
    ] = True

    def encode(self, picture: Picture) -> bytes:
        """Encode.

        Raises
        ------
        InputError
            If a side is longer than 65500 pixels, or the values are not uint8.
        """
        from imagecodecs import jpeg8_encode

        pixels = _checked(picture)
        if picture.palette is not None:
            pixels = _in_colors(pixels, picture.palette)
        elif pixels.ndim == 3 and pixels.shape[2] == 4:
            pixels = _flattened(pixels, picture.background)
        stream = jpeg8_encode(
            np.ascontiguousarray(pixels),
            level=self.quality,
            subsampling=self._subsampling() if pixels.ndim == 3 else None,
            optimize=self.optimize,
            # Named because imagecodecs takes four channels for CMYK.
            colorspace="RGBA" if picture.palette is not None else None,
            outcolorspace="YCBCR" if picture.palette is not None else None,
        )
        return with_segments(bytes(stream), picture)

    def copy(self, encoded: EncodedFrame) -> bytes | None:
        """Return a JPEG stream unchanged but for its segments, if no option asks for encoding."""
        is_plain = (self.quality, self.subsampling, self.optimize) == (
            DEFAULT_QUALITY,
            "auto",
            False,
        )
        if encoded.media_type != "image/jpeg" or not (self.copies and is_plain):
            return None
        return copied_stream(encoded.data, encoded.spacing)

    def _subsampling(self) -> str:
        """Return the subsampling: at high quality, color stays sharp.

        ImageMagick draws the line at the same quality.  Subsampling blurs colored text, Doppler and
        thin lines; gray pictures have no color to lose.
        """
        if self.subsampling != "auto":
            return self.subsampling
        return "444" if self.quality >= FULL_COLOR_QUALITY else "420"


def _checked(picture: Picture) -> NDArray[Any]:
    if picture.pixels.dtype != np.uint8:
        raise InputError(
            f"The values are {picture.pixels.dtype}; JPEG needs uint8.",
            hint="Use the writer png, which stores 16 bits.",
        )
    if max(picture.rows, picture.columns) > LONGEST:
        raise InputError(
            f"The picture has {picture.columns} x {picture.rows} pixels (columns x rows); "
            f"JPEG allows {LONGEST} per side.",
            hint=f"Add the step resize with max={LONGEST}, or use the writer png.",
        )
    return picture.pixels


def _in_colors(display_values: NDArray[Any], palette: NDArray[Any]) -> NDArray[np.uint8]:
    """Look up colors, with a fourth byte per pixel that the encoder skips.

    numpy copies an integer of four bytes at once, but three bytes one by one: 0.2 instead of 0.55
    ms for 512 x 512 pixels.  Tables of Y, Cb and Cr need three passes and are not faster than this
    and the encoder's own conversion, which uses vector instructions.
    """
    table = np.zeros((len(palette), 4), np.uint8)
    table[:, :3] = palette
    colors = np.empty(display_values.shape, np.uint32)
    # In blocks, because take() makes an index of 8 bytes per pixel.
    step = max(1, BLOCK_PIXELS // display_values.shape[1])
    for first in range(0, len(colors), step):
        block = slice(first, first + step)
        # mode="clip" avoids the bounds check; there are 256 colors.
        table.view(np.uint32)[:, 0].take(display_values[block], out=colors[block], mode="clip")
    return colors.view(np.uint8).reshape(*display_values.shape, 4)


def _flattened(pixels: NDArray[Any], background: int) -> NDArray[Any]:
    """Blend RGBA with a gray background; exact integers, rounded half up."""
    alpha = pixels[..., 3:].astype(np.uint32)
    mixed = pixels[..., :3] * alpha + background * (255 - alpha)
    return ((mixed * 2 + 255) // 510).astype(np.uint8)
