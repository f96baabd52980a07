"""Cut a rectangle out of a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from dcmconv.plugin import Domain, InputError, Opt, Picture, Step

__all__ = ["Crop"]


@dataclass(frozen=True, kw_only=True)
class Crop(Step):
    """Cut out a rectangle, from a corner or around the middle.

    Works on every domain, because no value changes.  Spacing is unchanged.
    """

    accepts: ClassVar[frozenset[Domain]] = frozenset({"display", "stored", "modality", "label"})
    shorthand: ClassVar[tuple[tuple[str, ...], ...]] = (
        ("center",),
        ("column", "row", "columns", "rows"),
    )
    also_called: ClassVar[tuple[str, ...]] = ("roi",)

    column: Annotated[int, Opt("Columns left of the rectangle", unit="pixels", ge=0)] = 0
    row: Annotated[int, Opt("Rows above the rectangle", unit="pixels", ge=0)] = 0
    columns: Annotated[
        int | None,
        Opt("Width of the rectangle; by default up to the right edge", unit="pixels", ge=1),
    ] = None
    rows: Annotated[
        int | None,
        Opt("Height of the rectangle; by default down to the lower edge", unit="pixels", ge=1),
    ] = None
    center: Annotated[
        str | None,
        Opt("Keep COLUMNSxROWS around the middle instead of a corner", examples=("256x256",)),
    ] = None

    def __post_init__(self) -> None:
        corner = (self.column, self.row, self.columns, self.rows)
        if self.center is None and corner == (0, 0, None, None):
            raise ValueError("crop needs a rectangle: columns and rows, or center=256x256")
        if self.center is not None:
            if corner != (0, 0, None, None):
                raise ValueError("center cannot be combined with column, row, columns or rows")
            _size_of(self.center)

    def apply(self, picture: Picture) -> Picture:
        """Cut out the rectangle, which must be within the picture.

        Raises
        ------
        InputError
            If it is not.
        """
        column, row, columns, rows = self._rectangle(picture)
        # The corner is negative if center asks for more than there is.
        needed_columns, needed_rows = max(column, 0) + columns, max(row, 0) + rows
        if needed_columns > picture.columns or needed_rows > picture.rows:
            raise InputError(
                f"The picture has {picture.columns} x {picture.rows} pixels (columns x rows); "
                f"crop needs at least {needed_columns} x {needed_rows}.",
                hint="Ask for a smaller rectangle, or put resize with pad before crop.",
            )
        return picture.with_(pixels=picture.pixels[row : row + rows, column : column + columns])

    def _rectangle(self, picture: Picture) -> tuple[int, int, int, int]:
        if self.center is not None:
            columns, rows = _size_of(self.center)
            return (picture.columns - columns) // 2, (picture.rows - rows) // 2, columns, rows
        # At least 1, so that a corner outside the picture fails the check.
        columns = self.columns or max(1, picture.columns - self.column)
        rows = self.rows or max(1, picture.rows - self.row)
        return self.column, self.row, columns, rows


def _size_of(text: str) -> tuple[int, int]:
    columns, _, rows = text.lower().partition("x")
    if not (columns.isdecimal() and rows.isdecimal() and int(columns) and int(rows)):
        raise ValueError(f"invalid size '{text}'; expected COLUMNSxROWS, such as 256x256")
    return int(columns), int(rows)
