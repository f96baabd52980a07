"""A finished picture in memory: its pixels, and the bytes of a file."""

from __future__ import annotations

from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dcmconv.api.plans import ComponentLike, make_writer, registry
from dcmconv.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dcmconv.model.picture import Picture

__all__ = ["RenderedPicture"]


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
        made = make_writer(writer)
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
