"""``import dcmconv`` gives its few names, and keeps them."""

from __future__ import annotations

from support.source_code import modules

import dcmconv


def test_no_public_name_is_replaced_when_a_module_of_that_name_is_imported():
    inside = {name.split(".")[1] for name in modules() if name.startswith("dcmconv.")}
    assert set(dcmconv.__all__) & inside == set()
