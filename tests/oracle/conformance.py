"""Write docs/reference/conformance.md: ``python tests/oracle/conformance.py``, with a corpus.

Tests claim rows with ``support.covers``.  All tests with a claim are run, and the page is written
if they all pass.  ``--check`` runs nothing: it collects the claims and compares them with the page
(without a corpus only as far as possible), lists the differences and exits with 1 if there are any.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
PAGE = TESTS.parent / "docs" / "reference" / "conformance.md"
sys.path[:0] = [] if str(TESTS) in sys.path else [str(TESTS)]

from oracle.conformance_page import page_of, rows_on  # noqa: E402 - after the path is set


@dataclass(eq=False)
class Claims:
    """A pytest plugin that records the rows claimed by the collected tests, and the results."""

    tried: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    results: dict[str, str] = field(default_factory=dict)
    rows_of: dict[str, set[str]] = field(default_factory=dict)
    passed: set[str] = field(default_factory=set)
    failed: list[str] = field(default_factory=list)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Record the claims of every test that can run here."""
        for item in items:
            if item.get_closest_marker("skip"):
                continue
            for mark in item.iter_markers("covers"):
                self.rows_of.setdefault(item.nodeid, set()).update(mark.args)
                for row in mark.args:
                    self.tried[row].add(mark.kwargs["tried"])
                    self.results[row] = mark.kwargs["result"]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Record the result of a test."""
        if report.failed:
            self.failed.append(report.nodeid)
        elif report.when == "call" and report.passed:
            self.passed |= self.rows_of.get(report.nodeid, set())


def collect(*, run: bool) -> Claims:
    """Collect the claims, and optionally run the tests that make them."""
    claims = Claims()
    words = [str(TESTS), "-m", "covers", "-q", "-p", "no:cacheprovider", "-p", "no:randomly"]
    if run:
        claims_code = pytest.main(words, plugins=[claims])
    else:
        with contextlib.redirect_stdout(sys.stderr):
            claims_code = pytest.main([*words, "--collect-only", "-qq"], plugins=[claims])
    if claims_code not in (0, 1):
        raise SystemExit(f"pytest exited with {claims_code}: the claims could not be collected.")
    return claims


def differences(claims: Claims) -> list[str]:
    """Return the differences between the page and the claims; some need a corpus to be found."""
    if has_corpus():
        stale = PAGE.read_text("utf-8") != page_of(claims.tried, claims.results)
        return ["docs/reference/conformance.md is stale"] if stale else []
    rows = rows_on(PAGE.read_text("utf-8"))
    missing = [f"not on the page: {row}" for row in claims.tried if row not in rows]
    unproven = [
        f"claimed by no test: {row}"
        for row, needs_corpus in rows.items()
        if row not in claims.tried and not needs_corpus
    ]
    return missing + unproven


def has_corpus() -> bool:
    """Whether claims about real files of the corpus can be tested here."""
    return bool(os.environ.get("DCMCONV_CORPUS"))


def main(words: list[str]) -> int:
    """Write the page, or check it; return the exit code."""
    if "--check" in words:
        found = differences(collect(run=False))
        sys.stdout.write("".join(f"{line}\n" for line in found))
        return 1 if found else 0
    if not has_corpus():
        raise SystemExit("Set DCMCONV_CORPUS: the page lists what was tested on the corpus.")
    claims = collect(run=True)
    untried = sorted(set(claims.tried) - claims.passed)
    if claims.failed or untried:
        raise SystemExit("\n".join(["Not written.", *claims.failed, *untried]))
    PAGE.write_text(page_of(claims.tried, claims.results), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
