"""Printing the rows that a command yields: as tables for people, as one value for programs."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Any

from dcmconv.cli.terminal import harmless, print_json, print_result
from dcmconv.model.components import Ending, Heading, Row

__all__ = ["print_rows"]

GAP = "  "


def print_rows(rows: Iterable[Row], *, as_json: bool) -> int:
    """Print what a command yields and return its exit code.

    Tables appear as soon as they are whole; JSON is one value at the end.
    """
    return _print_values(rows) if as_json else _print_tables(rows)


def _print_tables(rows: Iterable[Row]) -> int:
    table: list[Row] = []
    is_first = True
    for row in rows:
        if not isinstance(row, Heading | Ending):
            table.append(row)
            continue
        _print_table(table)
        table = []
        if not is_first:
            print_result("")
        is_first = False
        if isinstance(row, Ending):
            print_result(str(row.get("text", "")))
            return int(row.get("code", 0))
        print_result(str(row.get("title", "")))
    _print_table(table)
    return 0


def _print_values(rows: Iterable[Row]) -> int:
    tables: list[dict[str, Any]] = []
    ending: Row = Ending(text="", code=0)
    for row in rows:
        if isinstance(row, Ending):
            ending = row
        elif isinstance(row, Heading):
            tables.append({**row, "rows": []})
        else:
            if not tables:
                tables.append({"title": "", "rows": []})
            tables[-1]["rows"].append(dict(row))
    print_json({"tables": tables, **ending})
    return int(ending.get("code", 0))


def _print_table(rows: list[Row]) -> None:
    columns = list(dict.fromkeys(column for row in rows for column in row))
    cells = [[_cell(row.get(column)) for column in columns] for row in rows]
    if len(columns) > 1:
        cells = [[column.replace("_", " ") for column in columns], *cells]
    widths = [max(_width(line[index]) for line in cells) for index in range(len(columns))]
    for line in cells:
        padded = [text + " " * (widths[at] - _width(text)) for at, text in enumerate(line)]
        print_result((GAP + GAP.join(padded)).rstrip())


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple | list):
        return ", ".join(_cell(part) for part in value)
    return harmless(str(value))


def _width(text: str) -> int:
    """Columns of a terminal: Chinese characters take two, combining marks none."""
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    marks = sum(unicodedata.combining(letter) != 0 for letter in text)
    return len(text) + wide - marks
