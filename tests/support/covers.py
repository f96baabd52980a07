"""Claims of tests for rows of ``docs/reference/conformance.md``.

>>> @covers("PS3.3 C.11.2.1.3.2 LINEAR_EXACT")
... def test_linear_exact_subtracts_nothing(): ...

>>> pytest.param("CT_small.dcm", marks=covers("PS3.5 8.1.1 Bits Stored", tried="CT_small.dcm"))

A row begins with the clause (``PS3.3 C.9.2 Overlay planes``) or with a Transfer Syntax UID and its
name (``1.2.840.10008.1.2.5 RLE Lossless``); several tests may claim one row.
``tests/oracle/conformance.py`` collects the rows and writes the page.
"""

from __future__ import annotations

import pytest

MADE_BY_TESTS = "made by the tests"


def covers(*rows: str, tried: str = MADE_BY_TESTS, result: str = "ok") -> pytest.MarkDecorator:
    """Return a mark, for a test or one of its parameters, that claims rows of the page.

    Parameters
    ----------
    *rows : str
        Rows of the page, each beginning with its clause or Transfer Syntax UID.
    tried : str
        Name of the real file on which the claim is tried; left out for files that tests make.
    result : str
        What the page says about a clause: ok, or what happens instead.
    """
    for row in rows:
        if not row.startswith(("PS3.", "1.2.", "1.3.")) or " " not in row:
            raise ValueError(f"a row needs a clause or a UID, and a text; this is {row!r}")
    return pytest.mark.covers(*rows, tried=tried, result=result)
