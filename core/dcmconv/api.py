"""The Python front door: ``convert`` one input to a picture, or ``run`` a whole batch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from dcmconv.errors import InputError, UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dcmconv.chain.plan import Plan
    from dcmconv.model.components import Writer
    from dcmconv.model.inputs import InputFile
    from dcmconv.model.picture import Picture
    from dcmconv.plugins.registry import Registry
    from dcmconv.render import OpenInput
    from dcmconv.run.engine import Run

__all__ = ["RenderedPicture", "convert", "convert_frames", "run"]

ComponentLike = str | Mapping[str, Any]
"""``"window:center=40,width=400"``, or ``{"use": "window", "center": 40, "width": 400}``."""


@dataclass(frozen=True, eq=False)
class RenderedPicture:
    """A finished picture in memory.

    Parameters
    ----------
    picture : Picture
        The result of the chain; may have a palette.
    """

    picture: Picture = field(repr=False)

    @property
    def pixels(self) -> NDArray[Any]:
        """The pixels: uint8 or uint16, shape (rows, columns) or (rows, columns, 3 or 4).

        Read-only; labels are numbers.  For 8-bit pictures, ``PIL.Image.fromarray(picture.pixels)``
        makes a Pillow image.
        """
        import numpy as np

        if self.picture.palette is None or self.picture.domain == "label":
            return self.picture.pixels
        return np.take(self.picture.palette, self.picture.pixels, axis=0)

    def encode(self, writer: ComponentLike = "png") -> bytes:
        """Return the bytes of a file in the format of the writer.

        Raises
        ------
        UsageError
            If the writer does not accept this kind of picture.
        """
        made = _writer(writer)
        if self.picture.domain == "label" and "label" not in made.accepts:
            # A writer that takes no labels gets a color for each of them.
            from dcmconv.render.color import in_label_colors

            return made.encode(in_label_colors(self.picture, depth=made.depth()))
        if self.picture.domain not in made.accepts:
            raise UsageError(
                f"{writer} accepts {' or '.join(sorted(made.accepts))} values; "
                f"this picture has {self.picture.domain} values.",
                hint="Call convert() with a normalizer for display values, such as 'minmax'.",
            )
        if self.picture.palette is not None and not made.keeps_palette:
            return made.encode(self.picture.with_(pixels=self.pixels, palette=None))
        return made.encode(self.picture)

    def save(self, path: str | PathLike[str]) -> None:
        """Write a file; its suffix chooses the writer, PNG without one.

        An existing file is replaced.

        Raises
        ------
        UsageError
            If no installed writer makes files with that suffix, or the path names a folder.
        """
        from dcmconv.run.output.out_path import (
            check_out,
            ends_like_a_folder,
            find_writer,
            no_writer_error,
        )

        check_out(str(path))
        target = Path(path)
        if ends_like_a_folder(str(path)) or target.is_dir():
            raise UsageError(
                f"{path} is a folder; save() writes one file.",
                hint=f"Name the file: {target / 'picture.png'}",
            )
        writer = find_writer(target, registry())
        error = None if writer else no_writer_error(target, registry())
        if error is not None:
            raise error
        target.write_bytes(self.encode(writer or "png"))


def convert(
    source: str | PathLike[str] | bytes,
    *,
    frame: int = 1,
    bits: int = 8,
    **chain: Any,
) -> RenderedPicture:
    """Convert one frame of one input to a picture in memory.

    Parameters
    ----------
    source : path or bytes
        A file, or the bytes of one.
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


def convert_frames(
    source: str | PathLike[str] | bytes, *, bits: int = 8, **chain: Any
) -> Iterator[RenderedPicture]:
    """Convert every frame of one input, one at a time; same arguments as ``convert``."""
    yield from _pictures(source, (), bits, chain)


def run(
    inputs: str | PathLike[str] | Sequence[str | PathLike[str]],
    out: str | PathLike[str],
    **options: Any,
) -> Run:
    """Convert many inputs to files; iterate over the result to do the work.

    Parameters
    ----------
    inputs : path or sequence of paths
        Files and folders.
    out : path
        The output folder, or one picture if its suffix is one that the writer makes; a text that
        ends with ``/`` is always a folder.
    **options
        ``chain``, ``read``, ``decoders``, ``normalize``, ``colormap``, ``steps``, ``writers``,
        ``invert``, ``frames``, ``name``, ``tags`` and the settings of a run (``workers``,
        ``timeout``, ``policy``, ``retry_failed``, ...) as on the command line;
        ``include``, ``exclude`` (patterns), ``tag_table`` (a file for the tag table).

    Returns
    -------
    Run
        An iterator of ``Converted``, ``Skipped`` and ``Failed``; ``run.summary`` afterwards.

    Examples
    --------
    >>> for outcome in dcmconv.run("scans", "out", normalize="minmax"):  # doctest: +SKIP
    ...     print(outcome.status, outcome.input)
    """
    from dcmconv.run.engine import Run
    from dcmconv.run.output.out_path import check_out, ends_like_a_folder
    from dcmconv.run.walk import Selection

    include, exclude = (_patterns(options.pop(name, ())) for name in ("include", "exclude"))
    tag_table = options.pop("tag_table", None)
    check_out(str(out))
    plan = plan_from(options)
    named = [inputs] if isinstance(inputs, (str, PathLike)) else list(inputs)
    return Run(
        plan,
        [str(item) for item in named],
        Path(out),
        selection=Selection(include=include, exclude=exclude),
        tag_table=Path(tag_table) if tag_table else None,
        events=registry().events,
        registry=registry(),
        out_is_folder=ends_like_a_folder(str(out)),
    )


def _patterns(given: str | Iterable[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


@lru_cache(maxsize=1)
def registry() -> Registry:
    """Return the registry of this process; plugins are discovered once."""
    from dcmconv.plugins.registry import Registry

    return Registry.discover()


def plan_from(options: Mapping[str, Any]) -> Plan:
    """Compile keyword arguments to a plan, through the same chain model as flags and YAML."""
    from dcmconv.chain.compile import compile_chain
    from dcmconv.chain.keywords import chain_from_keywords

    return compile_chain(chain_from_keywords(options, registry()), registry())


def _pictures(
    source: str | PathLike[str] | bytes,
    frames: tuple[tuple[int, int | None], ...],
    bits: int,
    chain: Mapping[str, Any],
) -> Iterator[RenderedPicture]:
    from dataclasses import replace

    from dcmconv.render import Converter

    # The writer encodes nothing here: it only sets the depth of the picture.
    plan = plan_from({"writers": [f"png:bits={bits}"], **chain})
    converter = Converter(replace(plan, frames=frames or plan.frames))
    with converter.open(_input_file(source)) as opened:
        _check_scopes(opened)
        for picture, _ in opened.finished_pictures():
            yield RenderedPicture(picture)


def _check_scopes(opened: OpenInput) -> None:
    for request in opened.wide_requests:
        raise UsageError(
            f"The normalizer needs statistics of the {request.scope}; convert() reads one input.",
            hint="Use dcmconv.run(), which reads all inputs, or scope=instance.",
        )


def _input_file(source: str | PathLike[str] | bytes) -> InputFile:
    from dcmconv.model.inputs import InputFile

    if isinstance(source, bytes):
        return InputFile("bytes", content=source)
    path = Path(source)
    if not path.is_file():
        raise UsageError(
            f"{path} is not a file.", hint="convert() takes one file; use run() for folders."
        )
    return InputFile(path.name, path=path)


def _writer(writer: ComponentLike) -> Writer:
    from dcmconv.chain.compile import make_component

    return cast("Writer", make_component("writer", writer, registry()))
