"""ICC profiles: from device colors to sRGB (PS3.3 C.11.15)."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dcmconv.plugin import Frame, Palette

__all__ = ["colors_in_srgb", "in_srgb", "is_srgb"]

_BROKEN = "ICC Profile (0028,2000) is unusable; the colors are unchanged."
_DEEP = "ICC Profile (0028,2000) was passed on, because only 8-bit colors can be converted to sRGB."
_NARROWED = "The palette was reduced to 8 bits a channel to apply ICC Profile (0028,2000)."


def in_srgb(frame: Frame) -> Frame:
    """Return a color frame in sRGB, without its profile.

    8-bit RGB and palettes are converted by the rendering intent that the profile names.  A profile
    that describes sRGB changes nothing.  Colors of more than 8 bits keep their profile, and a
    broken profile is left out, each with a note.

    Parameters
    ----------
    frame : Frame
        RGB or PALETTE COLOR, with or without a profile.

    Returns
    -------
    Frame
        The same frame if it has no profile.
    """
    if not frame.icc_profile:
        return frame
    if is_srgb(frame.icc_profile):
        return replace(frame, icc_profile=b"")
    if frame.palette is not None:
        return _with_palette_in_srgb(frame, frame.palette)
    if frame.stored_values.dtype != np.uint8 or frame.bits_stored != 8:
        return replace(frame, notes=(*frame.notes, _DEEP))
    colors = colors_in_srgb(frame.stored_values, frame.icc_profile)
    if colors is None:
        return replace(frame, icc_profile=b"", notes=(*frame.notes, _BROKEN))
    return replace(frame, stored_values=colors, icc_profile=b"")


def is_srgb(profile: bytes) -> bool:
    """Whether a profile describes sRGB, whatever its name."""
    return isinstance(_transform(bytes(profile)), str)


def colors_in_srgb(colors: NDArray[Any], profile: bytes) -> NDArray[Any] | None:
    """Convert colors from a profile to sRGB.

    Parameters
    ----------
    colors : uint8 array, shape (rows, columns, 3 or 4)
        Alpha, if there is one, is kept.
    profile : bytes
        An ICC profile for RGB.

    Returns
    -------
    uint8 array, same shape, or None
        The same array if the profile describes sRGB; None if the profile is unusable.
    """
    from PIL import Image, ImageCms

    transform = _transform(bytes(profile))
    if transform is None or isinstance(transform, str):
        return colors if transform else None
    # Not in place: an image made from an array may share its memory.
    image = Image.fromarray(np.ascontiguousarray(colors[..., :3]))
    converted = np.asarray(ImageCms.applyTransform(image, transform))
    if colors.shape[2] == 3:
        return converted
    return np.concatenate([converted, colors[..., 3:]], axis=2)


def _with_palette_in_srgb(frame: Frame, palette: Palette) -> Frame:
    table, notes = palette.table, frame.notes
    if table.dtype != np.uint8:
        # 65535 is 255 * 257, so this rounds to the nearest of 256 levels.
        table = ((table.astype(np.uint32) + 128) // 257).astype(np.uint8)
        notes = (*notes, _NARROWED)
    colors = colors_in_srgb(table[np.newaxis], frame.icc_profile)
    if colors is None:
        return replace(frame, icc_profile=b"", notes=(*frame.notes, _BROKEN))
    palette = replace(palette, table=colors[0])
    return replace(frame, palette=palette, icc_profile=b"", notes=notes)


_SRGB = "sRGB"
_MOST_OFF = 1
"""Different ways of rounding the same sRGB differ by at most this."""
_MOST_OFF_IF_NAMED = 10
"""Profiles of sRGB's own name approximate its curve; those with other primaries are off by more."""


# All frames of a file share one profile, and files of a study usually do too.
@lru_cache(maxsize=8)
def _transform(profile: bytes) -> Any:
    """Return Pillow's transform, ``_SRGB`` if it would change nothing, None if unusable."""
    import io

    from PIL import Image, ImageCms

    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        intent = ImageCms.Intent(ImageCms.getDefaultIntent(source))
        transform = ImageCms.buildTransform(
            source, ImageCms.createProfile("sRGB"), "RGB", "RGB", renderingIntent=intent
        )
        name = ImageCms.getProfileDescription(source)
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None
    is_named_srgb = name.strip().startswith(_SRGB)
    # Profiles such as "sRGB v4 ICC preference" describe sRGB, but their perceptual intent would
    # change colors even from sRGB to sRGB.  They are tables, without primaries to check.
    if is_named_srgb and source.profile.red_primary is None:
        return _SRGB
    probe = _probe()
    converted = np.asarray(ImageCms.applyTransform(Image.fromarray(probe), transform))
    # In uint8 a difference below 0 would wrap around to a large one.
    off = np.abs(converted.astype(np.int16) - probe).max()
    return _SRGB if off <= (_MOST_OFF_IF_NAMED if is_named_srgb else _MOST_OFF) else transform


def _probe() -> NDArray[np.uint8]:
    """Return colors spread over the RGB cube."""
    # 15 divides 255, so that black, white and the pure colors are among them.
    steps = np.arange(0, 256, 15, dtype=np.uint8)
    return np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(len(steps), -1, 3)
