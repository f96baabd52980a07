"""Run a careful script: ``python -m benchmarks.careful RECIPE SOURCE OUT WORKERS [KEY=VALUE …]``.

``SOURCE`` is a file, or a folder that a pool of processes converts in chunks.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from benchmarks.careful import recipes

CHUNK = 16


def main() -> None:
    name, source, out, workers, *options = sys.argv[1:]
    recipe = partial(getattr(recipes, name), out=Path(out), **dict(map(_option, options)))
    Path(out).mkdir(parents=True, exist_ok=True)
    if Path(source).is_file():
        recipe(Path(source))
        return
    paths = sorted(Path(source).iterdir())
    with ProcessPoolExecutor(int(workers)) as pool:
        # Large inputs come a few at a time; with larger chunks one process would get them all.
        chunk = min(CHUNK, max(1, len(paths) // (4 * int(workers))))
        _write_table(pool.map(recipe, paths, chunksize=chunk), Path(out) / "tags.csv")


def _option(word: str) -> tuple[str, str | int]:
    key, _, value = word.partition("=")
    return key, int(value) if value.lstrip("-").isdigit() else value


def _write_table(rows: Iterable[list[str] | None], path: Path) -> None:
    """Write the rows that a recipe returned; most return none."""
    kept = [row for row in rows if row is not None]
    if kept:
        with path.open("w", newline="", encoding="utf-8") as stream:
            csv.writer(stream).writerows(kept)


if __name__ == "__main__":
    main()
