"""The fragments of the next release can be put together."""

from __future__ import annotations

import pytest
from support.environments import ROOT

FRAGMENTS = [
    path for path in sorted((ROOT / "docs" / "changes").iterdir()) if path.name != "README.md"
]


@pytest.mark.parametrize("fragment", FRAGMENTS, ids=lambda path: path.name)
def test_a_fragment_says_its_sort_and_a_sentence(fragment):
    _, sort, suffix = fragment.name.split(".")
    assert sort in ("added", "changed", "fixed", "removed")
    assert suffix == "md"
    assert fragment.read_text("utf-8").rstrip().endswith((".", ":", "`", "```"))
