"""The Python code of the pages passes ``mypy --strict`` and pyright, as users type it.

Left out are plugins, whose functions have no annotations on the pages, errors that are shown, and
MONAI, whose names no type checker finds.
"""

from __future__ import annotations

import ast
import doctest
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.environments import ROOT
from support.markdown import Block, blocks, pages

PLUGINS = ROOT / "docs" / "plugins"


def typed(code: str) -> str:
    """Return what a reader types at the prompt, but for what ends with an error."""
    if ">>>" not in code:
        return code
    examples = doctest.DocTestParser().get_examples(code)
    return "".join(each.source for each in examples if each.exc_msg is None)


def code_blocks(page: Path) -> Iterator[Block]:
    for block in blocks(page):
        left_out = block.word == "not run" or block.needs == "monai" or "hookimpl" in block.code
        if block.language == "python" and not left_out:
            yield block


def write_code(folder: Path) -> set[str]:
    """Write a module for each page and each file on it; return the packages that are missing."""
    missing: set[str] = set()
    for page in pages():
        if page.is_relative_to(PLUGINS):
            continue
        parts: list[str] = []
        for block in code_blocks(page):
            if block.is_missing_a_package:
                missing.add(block.needs)
            elif block.word == "file":
                assert not (folder / block.what).exists(), f"two pages have a file {block.what}"
                (folder / block.what).write_text(block.code, "utf-8")
            else:
                parts.append(typed(block.code))
        if parts:
            name = "_".join(page.relative_to(ROOT).with_suffix("").parts)
            module = f"page_{name.replace('-', '_').replace('.', '_')}.py"
            (folder / module).write_text("".join(parts), "utf-8")
            ast.parse("".join(parts))
    return missing


def check(folder: Path, *command: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    return done.stdout


def tell_what_is_missing(missing: set[str]) -> None:
    if missing:
        pytest.skip(f"code that needs {' and '.join(sorted(missing))} was not checked")


def test_mypy_strict_accepts_the_code(tmp_path):
    pytest.importorskip("mypy")
    missing = write_code(tmp_path)
    # Where a library has no types, that is no matter of the page.
    options = ["--strict", "--disable-error-code=import-untyped", "--cache-dir=cache"]
    found = check(tmp_path, "mypy", *options, ".")
    assert found.startswith("Success: no issues found"), found
    tell_what_is_missing(missing)


def test_pyright_accepts_the_code(tmp_path):
    pytest.importorskip("basedpyright", reason="pip install basedpyright, which brings pyright")
    missing = write_code(tmp_path)
    settings = {
        "typeCheckingMode": "standard",
        "pythonVersion": "3.11",
        "reportUnusedExpression": False,  # at the prompt, they are shown
    }
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings))
    found = check(tmp_path, "basedpyright", "--outputjson", "--pythonpath", sys.executable)
    report = json.loads(found)
    assert report["summary"]["filesAnalyzed"] > 10, report["summary"]
    assert not report["generalDiagnostics"], found
    tell_what_is_missing(missing)
