"""The conformance page claims what tests prove, and nothing else."""

from __future__ import annotations

import subprocess
import sys

import pytest
from support.covers import covers
from support.environments import ROOT

from oracle.conformance_page import rows_on
from oracle.test_transfer_syntaxes import STILL

pytestmark = pytest.mark.slow

PAGE = ROOT / "docs" / "reference" / "conformance.md"


def test_the_conformance_page_is_up_to_date():
    done = subprocess.run(
        [sys.executable, "tests/oracle/conformance.py", "--check"],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=240,
    )
    output = f"{done.stdout}{done.stderr[-2000:]}"
    assert done.returncode == 0, f"{output}\nRegenerate it with: python tests/oracle/conformance.py"


def test_every_still_transfer_syntax_has_a_row():
    rows = {row.partition(" ")[0] for row in rows_on(PAGE.read_text("utf-8"))}
    assert set(STILL) - rows == set()


@pytest.mark.parametrize("row", ["LINEAR", "C.11.2 LINEAR", "PS3.3"])
def test_a_row_needs_its_clause(row):
    with pytest.raises(ValueError, match="a row needs a clause or a UID, and a text"):
        covers(row)
