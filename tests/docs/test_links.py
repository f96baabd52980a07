"""Links in the docs work, and pages link to other sites only where necessary."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.environments import ROOT
from support.markdown import anchors, links, pages

PAGES = [*pages(), *sorted((ROOT / "docs" / "reference").glob("*.md")), ROOT / "CONTRIBUTING.md"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_the_links_of_a_page_exist(page):
    lost = []
    for target in links(page):
        if target.startswith(("https://", "http://")):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path) if path else page
        if not there.exists() or (anchor and anchor not in anchors(there)):
            lost.append(target)
    assert lost == []


def test_every_page_can_be_reached_from_the_index():
    seen: set[Path] = set()
    waiting = [ROOT / "docs" / "index.md"]
    while waiting:
        page = waiting.pop()
        if page in seen or page.suffix != ".md":
            continue
        seen.add(page)
        for target in links(page):
            path = target.partition("#")[0]
            if path and "://" not in path:
                waiting.append((page.parent / path).resolve())
    docs = {page for page in PAGES if ROOT / "docs" in page.parents}
    assert sorted(docs - seen) == []


def test_pictures_in_the_docs_stay_small():
    sizes = [path.stat().st_size for path in (ROOT / "docs" / "images").iterdir()]
    assert 0 < sum(sizes) < 150_000
