"""``convert`` and ``convert_frames``: one input to pictures in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from dcmconv.api.inputs import InputLike, input_file
from dcmconv.api.plans import plan_from
from dcmconv.api.rendered_picture import RenderedPicture
from dcmconv.errors import InputError, UsageError

if TYPE_CHECKING:
    from dcmconv.render import OpenInput

__all__ = ["convert", "convert_frames"]


def convert(
    source: InputLike,
    *,
    frame: int = 1,
    bits: int = 8,
    **chain: Any,
) -> RenderedPicture:
    """Convert one frame of one input to a picture in memory.

    Parameters
    ----------
    source : path, bytes, file or Dataset
        A file, its bytes (``bytes``, ``bytearray``, ``memoryview``), a binary file object (read
        from its start, and left open), or a pydicom ``Dataset`` as it is in memory.
    frame : int
        Frame number, from 1.
    bits : int
        Bits of a display value, 8 or 16.
    **chain
        ``normalize``, ``colormap``, ``steps`` (a list), ``invert``, ``read`` (options of a reader),
        ``decoders`` (Transfer Syntax to decoder), or ``chain`` (a file, ``preset:NAME`` or a
        mapping); same values as on the command line and in YAML.

    Raises
    ------
    SkipInput
        If the input has no picture.
    InputError, UnsupportedError
        If the input is damaged or cannot be decoded.
    UsageError
        If the chain is invalid, or needs statistics of a series or a run.

    Examples
    --------
    >>> import dcmconv
    >>> from pydicom.data import get_testdata_file
    >>> path = get_testdata_file("CT_small.dcm")
    >>> dcmconv.convert(path, normalize="window:center=40,width=400", colormap="bone").pixels.shape
    (128, 128, 3)
    """
    if frame < 1:
        raise UsageError(
            f"frame is {frame}; frames are counted from 1.", hint="The first is frame=1."
        )
    for picture in _pictures(source, ((frame, frame),), bits, chain):
        return picture
    raise InputError(f"{source!r:.80} produced no picture.")


def convert_frames(source: InputLike, *, bits: int = 8, **chain: Any) -> Iterator[RenderedPicture]:
    """Convert every frame of one input, one at a time; same arguments as ``convert``."""
    yield from _pictures(source, (), bits, chain)


def _pictures(
    source: InputLike,
    frames: tuple[tuple[int, int | None], ...],
    bits: int,
    chain: Mapping[str, Any],
) -> Iterator[RenderedPicture]:
    from dataclasses import replace

    from dcmconv.render import Converter

    # The writer encodes nothing here: it only sets the depth of the picture.
    plan = plan_from({"writers": [f"png:bits={bits}"], **chain})
    converter = Converter(replace(plan, frames=frames or plan.frames))
    with converter.open(input_file(source)) as opened:
        _check_scopes(opened)
        for picture, _ in opened.finished_pictures():
            yield RenderedPicture(picture)


def _check_scopes(opened: OpenInput) -> None:
    for request in opened.wide_requests:
        raise UsageError(
            f"The normalizer needs statistics of the {request.scope}; convert() reads one input.",
            hint="Use dcmconv.run(), which reads all inputs, or scope=instance.",
        )
