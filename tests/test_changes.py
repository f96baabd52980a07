"""The fragments of the next release can be put together."""

from __future__ import annotations

from support.environments import ROOT

KINDS = ("added", "changed", "fixed", "removed")
ENDINGS = (".", ":", "`", "```")


def test_a_fragment_names_its_kind_and_holds_a_sentence():
    fragments = [path for path in (ROOT / "docs" / "changes").iterdir() if path.name != "README.md"]
    wrong = [
        path.name
        for path in fragments
        if path.name.split(".")[1:] not in [[kind, "md"] for kind in KINDS]
        or not path.read_text("utf-8").rstrip().endswith(ENDINGS)
    ]
    assert wrong == []
