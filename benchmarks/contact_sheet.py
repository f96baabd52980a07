"""Contact sheets: every picture of the corpus next to its reference, for visual comparison.

    DCMCONV_CORPUS=path/to/corpus python benchmarks/contact_sheet.py OUT_FOLDER

Each cell shows our picture on the left and the reference on the right, with the largest difference
in gray levels.  A file without a reference is shown alone; a file without a picture shows the
reason.
"""

from __future__ import annotations

import json
import os
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

import dcmconv
from dcmconv import DcmconvError

TILE = 150
COLUMNS = 5
LINES = 4
NORMALIZERS = {
    "minmax": "minmax",
    "window": "window",
    "voilut": "voi",
    "color": "auto",
    "palette": "auto",
}


@dataclass
class Cell:
    """One comparison."""

    name: str
    caption: str
    ours: np.ndarray | None
    reference: np.ndarray | None


def main() -> None:
    """Write sheet-01.png, sheet-02.png, ... and print the differences."""
    corpus, out = Path(os.environ["DCMCONV_CORPUS"]), Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    expected = json.loads((corpus / "expected.json").read_text())["files"]
    cells = [
        cell for name, facts in sorted(expected.items()) for cell in compare(corpus, name, facts)
    ]
    per_sheet = COLUMNS * 7
    for number, start in enumerate(range(0, len(cells), per_sheet), 1):
        sheet(cells[start : start + per_sheet]).save(out / f"sheet-{number:02d}.png")
    for cell in cells:
        print(f"{cell.caption:40} {cell.name}")


def compare(corpus: Path, name: str, facts: dict) -> list[Cell]:
    """Return the cells of one file."""
    path = corpus / "dicom" / name
    cells = [
        against(path, name, key, corpus / render["png"])
        for key, render in facts.get("render", {}).items()
        if key.partition(".")[0] in NORMALIZERS and render.get("png")
    ]
    # Pictures above 512x512 have no complete reference; the tests compare 64 pixels of each.
    return cells or [alone(path, name)]


def alone(path: Path, name: str) -> Cell:
    try:
        return Cell(name, "no reference", dcmconv.convert(path).pixels, None)
    except DcmconvError as error:
        return Cell(name, f"{type(error).__name__}: {error.message}", None, None)


def against(path: Path, name: str, key: str, reference: Path) -> Cell:
    kind, _, frame = key.partition(".f")
    expected = np.asarray(Image.open(reference))
    try:
        ours = dcmconv.convert(
            path,
            frame=int(frame or 0) + 1,
            normalize=NORMALIZERS[kind],
            read={"use": "dicom", "icc": "ignore"},  # as in the tools that made the references
        ).pixels
    except DcmconvError as error:
        return Cell(name, f"{key} {type(error).__name__}: {error.message}", None, expected)
    if ours.shape != expected.shape:
        return Cell(name, f"{key} shape {ours.shape} for {expected.shape}", ours, expected)
    worst = int(np.abs(ours.astype(int) - expected.astype(int)).max())
    return Cell(name, f"{key} max difference {worst}", ours, expected)


def sheet(cells: list[Cell]) -> Image.Image:
    width, height = 2 * TILE + 10, TILE + 14 * LINES
    rows = -(-len(cells) // COLUMNS)
    page = Image.new("RGB", (COLUMNS * width, rows * height), "white")
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(11)
    for i, cell in enumerate(cells):
        x, y = (i % COLUMNS) * width, (i // COLUMNS) * height
        for place, pixels in enumerate((cell.ours, cell.reference)):
            if pixels is not None:
                page.paste(thumbnail(pixels), (x + place * (TILE + 2), y))
        text = "\n".join(textwrap.wrap(f"{cell.name} {cell.caption}", 50)[:LINES])
        draw.multiline_text((x, y + TILE), text.encode("ascii", "replace").decode(), "black", font)
    return page


def thumbnail(pixels: np.ndarray) -> Image.Image:
    image = Image.fromarray(np.ascontiguousarray(pixels)).convert("RGB")
    scale = TILE / max(image.size)
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    return image.resize(size, Image.Resampling.NEAREST if scale > 1 else Image.Resampling.BOX)


if __name__ == "__main__":
    main()
