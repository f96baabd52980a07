"""The code in the README and in the docs does what the page says."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from support.environments import ROOT
from support.markdown import blocks, fences, pages
from support.workbench import workbench

from dcmconv._entry import main

KNOWN = {"console", "sh", "python", "yaml", "toml", "text", "csv", "json"}


@pytest.fixture(scope="session")
def samples(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("samples") / "demo"
    assert main(["samples", str(folder)]) == 0
    return folder


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_the_code_on_the_page_runs(page, samples, tmp_path, monkeypatch, capsys):
    shutil.copytree(samples, tmp_path / "demo")
    shutil.copytree(ROOT / "docs" / "tutorial" / "article_scripts", tmp_path / "article_scripts")
    missing = sorted({block.needs for block in blocks(page) if block.is_missing_a_package})
    with workbench(tmp_path, monkeypatch, capsys) as bench:
        for block in blocks(page):
            if block.is_missing_a_package:
                continue
            try:
                bench.run(block)
            except Exception as error:
                error.add_note(f"{name_of(page)}, line {block.line}")
                raise
    if missing:  # a skip comes last: the other blocks are tested in any case
        pytest.skip(f"{name_of(page)}: blocks that need {' and '.join(missing)} were not run")


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_every_block_of_the_page_is_seen_and_has_a_language(page):
    found = list(blocks(page))
    assert fences(page) == 2 * len(found)
    assert {block.language for block in found} <= KNOWN
