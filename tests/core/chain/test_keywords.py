from __future__ import annotations

from pathlib import Path

import pytest

from dcmconv.chain.compile import compile_chain
from dcmconv.chain.keywords import chain_from_keywords
from dcmconv.chain.spec import ChainSpec, ComponentSpec
from dcmconv.errors import ChainError, UsageError


def plan_of(registry, **keywords):
    return compile_chain(chain_from_keywords(keywords, registry), registry)


def test_keywords_make_the_same_plan_as_flags(registry):
    plan = plan_of(
        registry,
        normalize="window:center=40,width=400",
        colormap={"use": "bone"},
        steps=["flip", {"use": "resize", "max": 9}],
        writers=["jpg:quality=80", "png"],
        invert=True,
        name="{frame}",
        frames=[1, "3-5"],
        tags="PatientID",
        workers=2,
        timeout=5,
    )
    assert [lane.id for lane in plan.lanes] == ["jpg", "png"]
    assert [lane.name for lane in plan.lanes] == ["{frame}", "{frame}"]
    assert [step.name for step in plan.lanes[0].steps] == ["flip", "resize"]
    assert plan.lanes[0].normalizer.options == {"center": 40.0, "width": 400.0}
    assert plan.lanes[0].invert
    assert plan.frames == ((1, 1), (3, 5))
    assert plan.tags == ("PatientID",)
    assert (plan.run.workers, plan.run.timeout) == (2, 5.0)


def test_none_means_not_given(registry):
    assert chain_from_keywords(
        {"normalize": None, "workers": None}, registry
    ) == chain_from_keywords({}, registry)


@pytest.mark.parametrize("form", ["preset", "path", "mapping", "spec"])
def test_chain_keyword_accepts_every_form(chain_file, registry, form):
    chain = {
        "preset": "preset:article",
        "path": Path(chain_file("version: 1\nnormalize: minmax\n")),
        "mapping": {"normalize": "minmax"},
        "spec": ChainSpec(normalize=ComponentSpec("minmax")),
    }[form]
    assert plan_of(registry, chain=chain).lanes[0].normalizer.name == "minmax"
    assert plan_of(registry, chain=chain, normalize="voi").lanes[0].normalizer.name == "voi"


def test_unknown_keyword_gets_a_suggestion(registry):
    with pytest.raises(
        UsageError, match=r"Unknown keyword 'normalise'; did you mean 'normalize'\?"
    ):
        chain_from_keywords({"normalise": "minmax"}, registry)


def test_wrong_keyword_values_are_rejected(registry):
    with pytest.raises(
        UsageError, match=r"'patientid' is neither a keyword nor a tag(.|\n)*PatientID"
    ):
        chain_from_keywords({"tags": ["patientid"]}, registry)
    with pytest.raises(UsageError, match=r"'0' starts at 0"):
        chain_from_keywords({"frames": 0}, registry)
    with pytest.raises(ChainError, match="'run' has workers 0"):
        plan_of(registry, workers=0)


@pytest.mark.parametrize(
    "keywords",
    [
        {"normalize": 3},
        {"writers": 3},
        {"steps": [3]},
        {"read": 3},
        {"decoders": {"RLE Lossless": 3}},
    ],
)
def test_number_is_not_a_component(registry, keywords):
    with pytest.raises(UsageError, match=r"Expected a component, got 3\.\n.*NAME:KEY=VALUE"):
        chain_from_keywords(keywords, registry)
