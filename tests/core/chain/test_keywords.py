from __future__ import annotations

import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import pytest

from dcmconv.chain.compile import compile_chain
from dcmconv.chain.keywords import chain_from_keywords
from dcmconv.chain.spec import ChainSpec, ComponentSpec
from dcmconv.errors import ChainError, UsageError
from dcmconv.plugin import Opt, Picture, Step
from dcmconv_builtins.normalizers.window import Window
from dcmconv_builtins.steps.resize import Resize
from dcmconv_builtins.writers.jpg import Jpg


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
        UsageError, match=r"'Patient_ID' is neither a keyword nor a tag(.|\n)*PatientID"
    ):
        chain_from_keywords({"tags": ["Patient_ID"]}, registry)
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


def test_outputs_have_the_keys_of_a_chain_file(registry):
    outputs = [{"use": "png", "id": "lung", "normalize": {"use": "window", "name": "lung"}}, "jpg"]
    plan = plan_of(registry, outputs=outputs, normalize="minmax")

    assert [lane.id for lane in plan.lanes] == ["lung", "jpg"]
    assert [lane.normalizer.name for lane in plan.lanes] == ["window", "minmax"]
    assert plan_of(registry, writers=outputs, normalize="minmax") == plan
    with pytest.raises(UsageError, match="outputs and writer mean the same"):
        chain_from_keywords({"outputs": ["png"], "writer": "jpg"}, registry)


def test_rules_of_a_call_refine_its_other_keywords(registry):
    rule = {"when": {"Modality": "CT"}, "normalize": "window:name=bone"}
    with pytest.warns(UserWarning, match="rules replaces the rules of the chain, .* Modality CT"):
        plan = plan_of(registry, chain="preset:chest-ct", rules=rule, normalize="minmax")

    assert [lane.normalizer.name for lane in plan.lanes] == ["minmax"]
    assert [[lane.normalizer.name for lane in each.lanes] for each in plan.rules] == [["window"]]


def test_component_objects_make_the_same_plan_as_text(registry):
    objects = plan_of(
        registry,
        normalize=Window(center=40, width=400),
        steps=[Resize(max=9)],
        outputs=[{"use": "png", "steps": [Resize(max=5)]}, Jpg(quality=80)],
    )
    text = plan_of(
        registry,
        normalize="window:center=40,width=400",
        steps=["resize:max=9"],
        outputs=["png:steps=[resize:max=5]", "jpg:quality=80"],
    )
    assert objects == text


@dataclass(frozen=True, kw_only=True)
class Brighten(Step):
    """Add a constant."""

    by: Annotated[int, Opt("What to add", ge=0)] = 1

    def apply(self, picture: Picture) -> Picture:
        return picture.with_(pixels=picture.pixels + np.uint8(self.by))


def test_class_that_no_plugin_offers_is_used_as_it_is(registry):
    (step,) = plan_of(registry, steps=[Brighten(by=7)]).lanes[0].steps

    assert (step.kind, step.name, step.options) == ("step", "Brighten", {"by": 7})
    assert step.load() == Brighten(by=7)
    assert pickle.loads(pickle.dumps(step)).load() == Brighten(by=7)  # noqa: S301
    with pytest.raises(ChainError, match="'Brighten' has by -1; expected at least 0"):
        plan_of(registry, steps=[Brighten(by=-1)])
    with pytest.raises(ChainError, match="offered as a normalizer, but Brighten is not one"):
        plan_of(registry, normalize=Brighten())


def test_wrong_value_is_reported_with_its_keyword(registry):
    with pytest.raises(ChainError) as caught:
        chain_from_keywords({"invert": "yes", "rules": [{"normalize": "minmax"}]}, registry)
    assert "invert: Expected true or false, got 'yes'." in caught.value.message
    assert "rules: This rule has no 'when'." in caught.value.message


def test_a_writer_beside_several_outputs_asks_which(registry):
    with pytest.raises(
        ChainError, match=r"outputs: This chain has several outputs: lung, "
    ) as caught:
        chain_from_keywords({"chain": "preset:chest-ct", "outputs": "jpg"}, registry)
    assert "outputs='all:jpg'" in caught.value.hint
    chain = chain_from_keywords({"chain": "preset:chest-ct", "outputs": "all:jpg:90"}, registry)
    assert [each.writer.options for each in chain.rules[0].outputs] == [{"quality": "90"}] * 3
    chain = chain_from_keywords({"chain": "preset:chest-ct", "outputs": ["only:jpg"]}, registry)
    assert chain.rules[0].outputs is None
    with pytest.raises(UsageError, match="cannot be combined"):
        chain_from_keywords({"outputs": ["all:jpg", "png"]}, registry)


def test_replaced_parts_of_a_chain_are_warnings(registry):
    with pytest.warns(UserWarning, match="normalize also replaces 'normalize' of the rule for Mod"):
        chain = chain_from_keywords({"chain": "preset:ml-8bit", "normalize": "minmax"}, registry)
    # Said once: a chain made from this one does not repeat it.
    assert chain_from_keywords({"chain": chain}, registry).notes == ()
