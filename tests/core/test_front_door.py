"""``import dcmconv`` provides its public names, whatever else is imported."""

from __future__ import annotations

import importlib

from support.source_code import modules

import dcmconv


def test_importing_every_module_replaces_no_public_name():
    before = {name: getattr(dcmconv, name) for name in dcmconv.__all__}
    for name in modules():
        if name.startswith("dcmconv.") and name != "dcmconv.__main__":
            importlib.import_module(name)
    assert {name: getattr(dcmconv, name) for name in dcmconv.__all__} == before
