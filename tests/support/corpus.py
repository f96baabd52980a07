"""The corpus of real files, if there is one: the environment variable ``DCMCONV_CORPUS``."""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest

VARIABLE = "DCMCONV_CORPUS"
WITHOUT = f"no corpus: set {VARIABLE} to the folder that holds expected.json and dicom/"


def corpus_path() -> Path | None:
    """Return the corpus folder, or None where the variable is unset.

    A variable that names no corpus is an error, so that a typo does not skip tests.
    """
    named = os.environ.get(VARIABLE)
    if not named:
        return None
    folder = Path(named).resolve()
    if not (folder / "expected.json").is_file():
        raise pytest.UsageError(
            f"{VARIABLE} is '{named}', but {folder}/expected.json is not a file."
        )
    return folder


needs_corpus = pytest.mark.skipif(not os.environ.get(VARIABLE), reason=WITHOUT)


@cache
def expected() -> dict[str, Any]:
    """Return what expected.json says of each file, by name; empty without a corpus."""
    folder = corpus_path()
    if folder is None:
        return {}
    files: dict[str, Any] = json.loads((folder / "expected.json").read_text("utf-8"))["files"]
    return files


def corpus_files() -> list[Path]:
    """Return the files of ``dicom/`` in order of their names; none without a corpus."""
    folder = corpus_path()
    return sorted(path for path in (folder / "dicom").iterdir() if path.is_file()) if folder else []
