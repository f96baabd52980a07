"""A finished picture in memory: its pixels, what they show, and the bytes of a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from os import PathLike, fspath
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from dcmconv.api.plans import ComponentLike, make_writer, registry
from dcmconv.errors import DcmconvError, UnsupportedError, UsageError

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

    from dcmconv.api.attribute_view import AttributeView
    from dcmconv.model.components import Writer
    from dcmconv.model.frame_parts import Spacing
    from dcmconv.model.picture import Picture, ValueScale

__all__ = ["RenderedPicture"]


@dataclass(frozen=True, eq=False, repr=False)
class RenderedPicture:
    """A finished picture in memory.

    ``np.asarray(picture)`` gives its pixels, ``picture.to_pil()`` a Pillow image, and a notebook
    shows it.

    Parameters
    ----------
    picture : Picture
        The result of the chain; may have a palette.
    writer : Writer, optional
        That of the chain's output: what ``encode`` uses.
    """

    picture: Picture
    writer: Writer | None = None

    @property
    def pixels(self) -> NDArray[Any]:
        """The pixels: uint8 or uint16, shape (rows, columns) or (rows, columns, 3 or 4).

        Read-only; labels are numbers, and unscaled values keep their dtype.  A colormap is applied.
        """
        import numpy as np

        if self.picture.palette is None or self.picture.domain == "label":
            return self.picture.pixels
        return np.take(self.picture.palette, self.picture.pixels, axis=0)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the pixels: (rows, columns), or (rows, columns, 3 or 4)."""
        has_colors = self.picture.palette is not None and self.picture.domain != "label"
        return (*self.picture.pixels.shape, 3) if has_colors else self.picture.pixels.shape

    @property
    def attributes(self) -> AttributeView:
        """The attributes of the frame: by keyword, tag or path."""
        from dcmconv.api.attribute_view import AttributeView

        return AttributeView(self.picture.attributes)

    @property
    def frame_number(self) -> int:
        """Which frame of the input this is, counted from 1."""
        return self.picture.frame_number

    @property
    def spacing(self) -> Spacing | None:
        """Distance between the rows and between the columns in mm, after resizing; None if unknown.

        Its third part names the attribute that it comes from.
        """
        return self.picture.spacing

    @property
    def tone(self) -> str:
        """Where the contrast comes from, such as ``Window 1 of the file, LINEAR 40/400``.

        Empty for color.
        """
        return self.picture.tone

    @property
    def window(self) -> ValueScale | None:
        """The modality values of black and white, and their units; None without a linear window.

        It has ``black``, ``white``, ``units``, ``center`` and ``width``.
        """
        return self.picture.scale

    @property
    def notes(self) -> tuple[str, ...]:
        """What was doubtful about the input and the picture, as in the journal of a run."""
        return self.picture.notes

    def to_modality_values(self) -> NDArray[Any]:
        """Return what the pixels show in modality units, such as HU: a float64 array.

        Exact for unscaled modality values (``normalize="none:values=modality"``).  For display
        values of a linear window, each is right within ``window.width / (2 * (2**bits - 1))``, 0.8
        HU for 8 bits and a width of 400.  What the window clips comes back as its ends, and padding
        as the value of display value 0.  A resized picture gives the values of its own pixels.

        Raises
        ------
        UsageError
            If the values cannot be told from the pixels: color, labels, stored values, a tone curve
            that is not a straight line, or something drawn over them.
        """
        import numpy as np

        picture = self.picture
        if picture.domain == "modality":
            return picture.pixels.astype(np.float64)
        obstacle = _obstacle(picture)
        if obstacle:
            raise UsageError(
                f"The pixels cannot be turned into modality values: {obstacle}.",
                hint="Read them from the file: dcmconv.open(INPUT)[0].modality_values",
            )
        black, white = cast("ValueScale", picture.scale)[:2]
        share = picture.pixels / float((1 << picture.bits) - 1)
        # Not black + share * width: that would not give white exactly.
        return black * (1 - share) + white * share

    def to_pil(self) -> Any:
        """Return a ``PIL.Image.Image`` of mode L, P (with a colormap), I;16, RGB or RGBA.

        Unscaled values have mode I, I;16 or F, labels have their colors.

        Raises
        ------
        UsageError
            If Pillow has no such mode: color of 16 bits.
        """
        from dcmconv.render.color import with_label_palette

        picture = self.picture
        if picture.domain == "label":
            picture = with_label_palette(picture)
        if picture.is_color and picture.pixels.dtype != "u1":
            raise UsageError(
                f"Pillow has no mode for color with {picture.pixels.dtype} values.",
                hint="Make the picture with bits=8, or use numpy.asarray(picture).",
            )
        image = registry().events.image(picture, "pillow")
        if image is None:
            raise UnsupportedError(
                "No plugin makes images of Pillow.",
                hint="The built-in plugin does: do not leave it out.",
            )
        return image

    def encode(self, writer: ComponentLike | None = None, **options: Any) -> bytes:
        """Return the bytes of a file, by default in the format of the chain's output, else PNG.

        Parameters
        ----------
        writer : str, mapping or Writer, optional
            Such as ``"jpg"`` or ``"jpg:quality=80"``.
        **options
            Those of the writer: ``quality=80``.

        Raises
        ------
        UsageError
            If the writer does not accept this kind of picture, or has no such option.
        """
        from dcmconv.api.python_hints import python_hints  # not for `dcmconv --help`

        with python_hints():
            return self._encoded(self._made_writer(writer, options))

    def _encoded(self, made: Writer) -> bytes:
        picture = self.picture
        if picture.domain == "label" and "label" not in made.accepts:
            # A writer that takes no labels gets a color for each of them.
            from dcmconv.render.color import in_label_colors

            return made.encode(in_label_colors(picture, depth=made.depth()))
        if picture.domain not in made.accepts:
            raise UsageError(
                f"{_name_of(made)} accepts {' or '.join(sorted(made.accepts))} values; "
                f"this picture has {picture.domain} values.",
                hint="Call convert() with a normalizer for display values, such as 'minmax'.",
            )
        if picture.domain == "display" and made.depth() > 8 * picture.pixels.dtype.itemsize:
            raise UsageError(
                f"{_name_of(made)} is to have {made.depth()} bits; this picture has "
                f"{picture.bits}.",
                hint=f"Make the picture with convert(..., bits={made.depth()}).",
            )
        if picture.palette is not None and not made.keeps_palette:
            return made.encode(picture.with_(pixels=self.pixels, palette=None))
        return made.encode(picture)

    def save(
        self,
        file: str | PathLike[str] | IO[bytes],
        *,
        writer: ComponentLike | None = None,
        **options: Any,
    ) -> None:
        """Write a file; its suffix chooses the writer, PNG without one.

        An existing file is replaced.

        Parameters
        ----------
        file : path or binary file
            A file that is open for writing is left open; it gets the format of ``encode``.
        writer : str, mapping or Writer, optional
            Instead of the suffix: ``"jpg"``, ``"png:compression=small"``.
        **options
            Those of the writer: ``picture.save("ct.jpg", quality=80)``.

        Raises
        ------
        UsageError
            If no installed writer makes files with that suffix, the path names a folder, or the
            writer has no such option.
        """
        if hasattr(file, "write"):
            cast("IO[bytes]", file).write(self.encode(writer, **options))
            return
        path = _checked_path(file)
        if writer is None and not self._has_own_suffix(path):
            writer = _writer_of(path)
        path.write_bytes(self.encode(writer, **options))

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        """Return the pixels: ``np.asarray(picture)`` is read-only, ``np.array`` a copy."""
        pixels = self.pixels
        is_new = pixels is not self.picture.pixels
        if copy is False and (is_new or (dtype is not None and pixels.dtype != dtype)):
            raise ValueError("a copy is needed: for another dtype, or to apply the colormap")
        if copy and not is_new:
            return pixels.astype(dtype or pixels.dtype)
        return pixels.astype(dtype or pixels.dtype, copy=False)

    def _repr_png_(self) -> bytes | None:
        """Return what a notebook shows; None for values that are no picture."""
        try:
            return self.encode("png")
        except DcmconvError:
            return None

    def __repr__(self) -> str:
        picture = self.picture
        parts = [f"shape={self.shape}", f"dtype={picture.pixels.dtype}"]
        if picture.frame_count > 1:
            parts.append(f"frame={picture.frame_number} of {picture.frame_count}")
        if picture.tone:
            parts.append(f"tone={picture.tone!r}")
        if picture.spacing is not None:
            parts.append(f"spacing={picture.spacing.rows:g} x {picture.spacing.columns:g} mm")
        return f"<RenderedPicture {', '.join(parts)}>"

    def _has_own_suffix(self, path: Path) -> bool:
        own = self.writer
        return own is not None and path.suffix.lower() in (own.suffix, *own.other_suffixes)

    def _made_writer(self, writer: ComponentLike | None, options: Mapping[str, Any]) -> Writer:
        if not options:
            own = self.writer or make_writer("png")
            return own if writer is None else make_writer(writer)
        from dcmconv.chain.values import as_component

        if writer is None:
            writer = "png" if self.writer is None else _as_data(self.writer)
        if not isinstance(writer, (str, Mapping)):
            raise UsageError(
                f"writer is an object, and {', '.join(options)} would change its options.",
                hint="Set them where it is made.",
            )
        spec = as_component(writer)
        return make_writer({"use": spec.use, **spec.options, **options})


def _obstacle(picture: Picture) -> str:
    """Return why modality values cannot be told from the pixels; empty if they can."""
    if picture.domain == "label":
        return "they are the numbers of labels"
    if picture.domain == "stored":
        return "they are stored values; make the picture with normalize='none:values=modality'"
    if picture.is_color:
        return "they are colors"
    if picture.is_annotated:
        return "something is drawn over them"
    if picture.scale is None:
        tone = picture.tone or "the tone curve"
        return f"no straight line joins them ({tone})"
    return "black and white are the same value" if picture.scale.width == 0 else ""


def _checked_path(given: str | PathLike[str]) -> Path:
    from dcmconv.run.output.out_path import check_out, ends_like_a_folder

    if not isinstance(given, (str, PathLike)) or not fspath(given):
        raise UsageError(
            f"Expected a path or a binary file, got {given!r:.80}.",
            hint="For example: picture.save('picture.png')",
        )
    try:
        check_out(fspath(given))
    except UsageError as error:
        hint = "Name a file, or pass a binary file, such as sys.stdout.buffer."
        raise UsageError(error.message, hint=hint) from None
    path = Path(given)
    if ends_like_a_folder(str(given)) or path.is_dir():
        raise UsageError(
            f"{given} is a folder; save() writes one file.",
            hint=f"Name the file: {path / 'picture.png'}",
        )
    return path


def _writer_of(path: Path) -> str:
    """Return the name of the writer that makes such files; PNG without a suffix."""
    from dcmconv.run.output.out_path import find_writer, no_writer_error

    found = find_writer(path, registry())
    error = None if found else no_writer_error(path, registry(), may_be_folder=False)
    if error is not None:
        raise error
    return found or "png"


def _name_of(writer: Writer) -> str:
    return f"The writer of {writer.suffix} files"


def _as_data(writer: Any) -> dict[str, Any]:
    options = {each.name: getattr(writer, each.name) for each in fields(writer)}
    return {"use": _writer_of(Path(f"picture{writer.suffix}")), **options}
