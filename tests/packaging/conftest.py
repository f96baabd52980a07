"""The distribution, built once for all packaging tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.environments import ROOT, build


@pytest.fixture(scope="session")
def wheel(tmp_path_factory) -> Path:
    return build(ROOT, tmp_path_factory.mktemp("wheel"), "wheel")


@pytest.fixture(scope="session")
def sdist(tmp_path_factory) -> Path:
    return build(ROOT, tmp_path_factory.mktemp("sdist"), "sdist")
