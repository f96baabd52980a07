"""The legend of a label picture as JSON: what its numbers mean."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from dcmconv.plugin import Domain, LabelName, Picture, Writer, default_label_color

__all__ = ["Legend"]


@dataclass(frozen=True, kw_only=True)
class Legend(Writer):
    """JSON with the name, color, meaning and pixel count of each number of a label picture.

    All labels of the file are listed, including those that this picture does not show; numbers that
    the file does not name have an empty name.
    """

    suffix: ClassVar[str] = ".json"
    accepts: ClassVar[frozenset[Domain]] = frozenset({"label"})

    def encode(self, picture: Picture) -> bytes:
        """Write the legend of one picture."""
        numbers, counts = np.unique(picture.pixels, return_counts=True)
        pixels = dict(zip(numbers.tolist(), counts.tolist(), strict=True))
        labels = {label.number: label for label in picture.labels}
        unnamed = {number: LabelName(number, "") for number in pixels if number not in labels}
        content = {
            "columns": picture.columns,
            "rows": picture.rows,
            "labels": [
                _entry(label, pixels.get(number, 0))
                for number, label in sorted((labels | unnamed).items())
                # 0 is the background, unless the file names it.
                if number != 0 or number in labels
            ],
        }
        return (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode()


def _entry(label: LabelName, pixels: int) -> dict[str, Any]:
    red, green, blue = label.color or default_label_color(label.number)
    entry = {
        "number": label.number,
        "name": label.name,
        "color": f"#{red:02x}{green:02x}{blue:02x}",
        "pixels": pixels,
        "type": label.meaning,
        "type_code": label.meaning_code,
        "category": label.category,
        "category_code": label.category_code,
    }
    return {key: value for key, value in entry.items() if value != "" or key == "name"}
