"""Fingerprints of components: part of the digest, and part of the reference for workers."""

from __future__ import annotations

import pytest
from support.made_up_readers import registry_with

from dcmconv.chain.compile import compile_chain
from dcmconv.chain.loader import chain_from_data
from dcmconv.errors import ChainError


@pytest.fixture
def compiled(registry):
    made = registry_with(registry, microscope="Microscope")
    return lambda **data: compile_chain(chain_from_data(data, made), made)


def test_digest_includes_the_named_files(compiled, chain_file):
    chain_file("0,0,0\n255,0,0\n", "red.csv")
    red = compiled(colormap="file:path=red.csv")
    chain_file("0,0,0\n0,255,0\n", "red.csv")
    green = compiled(colormap="file:path=red.csv")
    assert red.lanes[0].colormap.options == green.lanes[0].colormap.options
    assert red.digest != green.digest
    assert compiled(colormap="file:path=red.csv").digest == green.digest


def test_reference_has_the_components_fingerprint(compiled, chain_file):
    chain_file("tissue", "table.txt")
    plan = compiled(read="microscope:table=table.txt")
    assert [reader.fingerprint for reader in plan.readers] == ["", "tissue"]
    assert plan.readers[1].as_data()["fingerprint"] == "tissue"
    assert plan.lanes[0].normalizer.fingerprint == ""


def test_unreadable_option_file_is_a_chain_error(compiled):
    with pytest.raises(ChainError, match=r"nowhere\.txt cannot be read\.\n  Name a file\."):
        compiled(read="microscope:table=nowhere.txt")


def test_workers_get_absolute_paths(compiled, chain_file, tmp_path):
    chain_file("0,0,0\n255,0,0\n", "red.csv")
    colormap = compiled(colormap="file:path=red.csv").lanes[0].colormap
    assert colormap.options == {"path": str(tmp_path / "red.csv")}
