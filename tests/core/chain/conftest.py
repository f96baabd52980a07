from __future__ import annotations

import textwrap

import pytest

from dcmconv.plugins.registry import Registry


@pytest.fixture(scope="session")
def registry():
    """The built-ins alone, so that no plugin of this machine changes an answer."""
    return Registry.discover(only=())


@pytest.fixture
def chain_file(tmp_path, monkeypatch):
    """Write a chain file into the current folder and return its name."""
    monkeypatch.chdir(tmp_path)

    def write(text, name="chain.yaml"):
        (tmp_path / name).write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")
        return name

    return write
