"""What is wrong in a chain that another one extends."""

from __future__ import annotations

import pytest

from dcmconv.chain.compile import compile_chain
from dcmconv.chain.loader import load_chain
from dcmconv.errors import ChainError


def problem_in(name, registry):
    with pytest.raises(ChainError) as caught:
        compile_chain(load_chain(name, registry), registry)
    return caught.value


def test_complaints_of_an_extended_file_stay_when_its_components_are_replaced(chain_file, registry):
    chain_file(
        """
        version: 1
        normalize: {use: window, centre: 40}
        steps: [{use: resiez, max: 100}]
        outputs: [{use: jpg, quality: best, name: "{PatientsName}"}]
        tags: [PatientAgee]
        run: {wokers: 2}
        """,
        "below.yaml",
    )
    name = chain_file(
        """
        version: 1
        extends: below.yaml
        normalize: minmax
        steps: []
        outputs: [png]
        tags: [PatientID]
        """
    )
    found = problem_in(name, registry).message
    for word in ("centre", "resiez", "quality", "PatientsName", "PatientAgee", "wokers"):
        assert f"'{word}'" in found or f"{word} '" in found, word
    assert {line.partition(":")[0] for line in found.splitlines() if "yaml:" in line} == {
        "below.yaml"
    }


def test_an_extended_chain_need_not_be_whole(chain_file, registry):
    chain_file("version: 1\nnormalize: {use: window, center: 40}\n", "below.yaml")
    name = chain_file("version: 1\nextends: below.yaml\nnormalize: {use: window, width: 400}\n")
    plan = compile_chain(load_chain(name, registry), registry)
    assert plan.lanes[0].normalizer.options == {"center": 40.0, "width": 400.0}


def test_an_empty_list_of_outputs_is_refused_where_it_stands(chain_file, registry):
    name = chain_file("version: 1\noutputs: []\n")
    found = problem_in(name, registry)
    assert found.message.startswith("chain.yaml:2:10: The list of outputs is empty.")
    assert found.hint == "Name a writer: outputs: [png]"
