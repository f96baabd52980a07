"""The Chinese pages match the English ones, as far as a program can check."""

from __future__ import annotations

import re

import pytest
from support.environments import ROOT
from support.markdown import blocks, links, pages

CHINESE = [page for page in pages() if page.name.endswith(".zh-CN.md")]


def english(page):
    return page.with_name(page.name.replace(".zh-CN", ""))


def code(page):
    """The blocks that are run, without comments and prose."""
    languages = ("console", "sh", "python", "yaml", "toml")
    run = [block for block in blocks(page) if block.language in languages]
    return [(block.word, block.what, re.sub(r" *# .*", "", block.code)) for block in run]


@pytest.mark.parametrize("page", CHINESE, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_a_translation_has_the_code_and_headings_of_its_original(page):
    def chapters(of):
        return re.findall(r"^(#+) ", of.read_text("utf-8"), re.MULTILINE)

    assert code(page) == code(english(page))
    assert chapters(page) == chapters(english(page))


@pytest.mark.parametrize("page", CHINESE, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_a_translation_and_its_original_link_to_each_other(page):
    assert english(page).name in list(links(page))
    assert page.name in list(links(english(page)))


def test_pages_that_follow_the_article_name_it_and_its_license():
    followers = [
        *(ROOT / "docs" / "tutorial").glob("dicom-basics*.md"),
        *(ROOT / "docs" / "tutorial").glob("from-the-article*.md"),
        *(ROOT / "docs" / "tutorial" / "article_scripts").glob("*.py"),
    ]
    assert len(followers) == 6
    for path in followers:
        text = path.read_text("utf-8")
        assert "Labyrinthine Leo" in text, path
        assert "qq_38330148" in text, path
        assert "CC BY-SA 4.0" in text, path
