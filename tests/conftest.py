"""What every test runs under: the index and corpus markers, and quick, repeatable properties."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from support.corpus import VARIABLE, WITHOUT, corpus_path

TESTS = Path(__file__).parent

SLOW_FOLDERS = {"docs", "packaging", "proof"}
"""Folders whose tests run whole programs; `pytest -m "not slow"` leaves them out."""

settings.register_profile(
    "quick",
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.differing_executors],
)
settings.register_profile("thorough", max_examples=500, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


def pytest_configure(config: pytest.Config) -> None:
    """Handle SIGINT and SIGHUP even if they are ignored here, as in the background or under nohup.

    An ignored signal stays ignored in every program that a test starts.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    hangup = getattr(signal, "SIGHUP", None)
    if hangup is not None and signal.getsignal(hangup) is signal.SIG_IGN:
        signal.signal(hangup, signal.SIG_DFL)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark slow tests, and skip those that this machine is not set up for."""
    corpus = corpus_path()
    for item in items:
        if item.path.relative_to(TESTS).parts[0] in SLOW_FOLDERS or item.get_closest_marker(
            "corpus"
        ):
            item.add_marker(pytest.mark.slow)
        if item.get_closest_marker("corpus") and corpus is None:
            item.add_marker(pytest.mark.skip(reason=WITHOUT))
        if item.get_closest_marker("index") and not os.environ.get("DCMCONV_INDEX"):
            item.add_marker(pytest.mark.skip(reason="needs a package index: set DCMCONV_INDEX=1"))


def pytest_report_header(config: pytest.Config) -> str:
    """Show which corpus is used, so that a run without one is noticed."""
    return f"corpus: {corpus_path() or f'none ({VARIABLE} is unset)'}"
