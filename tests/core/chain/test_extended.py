"""Chains that another chain extends."""

from __future__ import annotations

import pytest

from dcmconv.chain.compile import compile_chain
from dcmconv.chain.loader import load_chain
from dcmconv.errors import ChainError


def problem_in(name, registry):
    with pytest.raises(ChainError) as caught:
        compile_chain(load_chain(name, registry), registry)
    return caught.value


def test_replaced_parts_of_an_extended_file_are_checked(chain_file, registry):
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


def test_extended_chain_may_lack_required_options(chain_file, registry):
    chain_file("version: 1\nnormalize: {use: window, center: 40}\n", "below.yaml")
    name = chain_file("version: 1\nextends: below.yaml\nnormalize: {use: window, width: 400}\n")
    plan = compile_chain(load_chain(name, registry), registry)
    assert plan.lanes[0].normalizer.options == {"center": 40.0, "width": 400.0}


def test_empty_outputs_are_reported_at_their_location(chain_file, registry):
    name = chain_file("version: 1\noutputs: []\n")
    found = problem_in(name, registry)
    assert found.message.startswith("chain.yaml:2:10: The list of outputs is empty.")
    assert found.hint == "Name a writer: outputs: [png]"


@pytest.mark.parametrize(
    ("below", "above", "aspect"),
    [
        pytest.param("aspect: keep", "", "keep", id="inherited"),
        pytest.param("aspect: keep", "aspect: square", "square", id="replaced"),
        pytest.param("", "aspect: keep", "keep", id="set"),
    ],
)
def test_aspect_is_inherited_from_an_extended_chain(chain_file, registry, below, above, aspect):
    chain_file(f"version: 1\n{below}\n", "below.yaml")
    name = chain_file(f"version: 1\nextends: below.yaml\n{above}\n")
    plan = compile_chain(load_chain(name, registry), registry)
    assert plan.lanes[0].aspect == aspect
