"""Values without the name of an option mean the same as the long form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import pytest

from dcmconv.chain.compile import compile_chain
from dcmconv.chain.errors import InvalidChainError
from dcmconv.chain.keywords import chain_from_keywords
from dcmconv.chain.layers.layering import apply_override, parse_override
from dcmconv.chain.loader import load_chain
from dcmconv.chain.spec import ChainSpec
from dcmconv.chain.validate import find_short_form, with_option_names
from dcmconv.chain.values import parse_inline
from dcmconv.errors import ChainError
from dcmconv.model.options import Component, Opt

PAIRS = [
    ("normalize", "window:lung", "window:name=lung"),
    ("normalize", "window:40,400", "window:center=40,width=400"),
    ("normalize", "window:40,400,function=SIGMOID", "window:center=40,width=400,function=SIGMOID"),
    ("normalize", "percentile:1,99", "percentile:low=1,high=99"),
    ("normalize", "minmax:series", "minmax:scope=series"),
    ("normalize", "voi:2", "voi:number=2"),
    ("normalize", "none:modality", "none:values=modality"),
    ("normalize", "overlay:6000", "overlay:group=6000"),
    ("steps", "resize:512", "resize:max=512"),
    ("steps", "resize:640,480", "resize:width=640,height=480"),
    ("steps", "crop:256x256", "crop:center=256x256"),
    ("steps", "crop:1,2,3,4", "crop:column=1,row=2,columns=3,rows=4"),
    ("steps", "rotate:90", "rotate:degrees=90"),
    ("steps", "flip:vertical", "flip:direction=vertical"),
    ("steps", "title:{PatientID}", "title:text={PatientID}"),
    ("steps", "title:'{0010,0020}: {frame}'", "title:text='{0010,0020}: {frame}'"),
    ("steps", "figure:12,6", "figure:width=12,height=6"),
    ("outputs", "jpg:95", "jpg:quality=95"),
    ("outputs", "png:16", "png:bits=16"),
    ("outputs", "jpg:95,id=small,name={PatientID}", "jpg:quality=95,id=small,name={PatientID}"),
]
KEYWORDS = {"outputs": "writers"}


def planned(registry, key, text):
    options = {KEYWORDS.get(key, key): text}
    if text.startswith("none:"):
        options["writers"] = "png"
    return compile_chain(chain_from_keywords(options, registry), registry)


@pytest.mark.parametrize(("key", "short", "long"), PAIRS)
def test_short_and_long_form_give_one_digest(registry, key, short, long):
    assert planned(registry, key, short).as_data() == planned(registry, key, long).as_data()
    assert planned(registry, key, short).digest == planned(registry, key, long).digest


@pytest.mark.parametrize(("key", "short", "long"), PAIRS)
def test_short_form_of_a_chain_file_means_the_long_one(registry, chain_file, key, short, long):
    def plan(text):
        quoted = text.replace("'", "''")
        return compile_chain(
            load_chain(chain_file(f"version: 1\n{key}: '{quoted}'\n"), registry), registry
        )

    assert plan(short).digest == plan(long).digest


def test_short_forms_need_quotes_in_a_chain_file_only_around_braces(registry, chain_file):
    text = "version: 1\nnormalize: window:-600,1500\nsteps: [resize:512, 'title:{PatientID}']\n"
    chain = load_chain(chain_file(text), registry)
    assert chain.normalize.options == {"center": "-600", "width": "1500"}
    assert [step.options for step in chain.steps] == [{"max": "512"}, {"text": "{PatientID}"}]


def test_a_space_after_the_colon_is_explained(registry, chain_file):
    chain = load_chain(chain_file("version: 1\nsteps:\n  - resize: 512\n"), registry)
    (problem,) = chain.problems
    assert str(problem.location) == "chain.yaml:3:5"
    assert problem.hint.startswith("Write it as text, 'resize:512', or name it with 'use'")


def test_several_normalizers_in_a_file_are_pointed_to_outputs(registry, chain_file):
    chain = load_chain(chain_file("version: 1\nnormalize: [minmax, voi]\n"), registry)
    (problem,) = chain.problems
    assert problem.message == "Expected a component, got a list."
    assert problem.hint.startswith("Several pictures of a frame are several outputs")


def test_short_forms_are_layered_by_option(registry, chain_file):
    chain_file("version: 1\nnormalize: percentile:2,98\n", "base.yaml")
    name = chain_file("version: 1\nextends: base.yaml\nnormalize: percentile:high=90\n")
    assert load_chain(name, registry).normalize.options == {"low": "2", "high": "90"}


def test_set_changes_an_option_of_a_short_form(registry):
    chain = chain_from_keywords({"normalize": "window:40,400"}, registry)
    changed = apply_override(chain, parse_override("window.width=80"))
    assert changed.normalize.options == {"center": "40", "width": "80"}


def test_set_takes_a_short_form(registry):
    changed = apply_override(ChainSpec(), parse_override("png.normalize=window:lung"))
    (lane,) = compile_chain(changed, registry).lanes
    assert lane.normalizer.options == {"name": "lung"}


@pytest.mark.parametrize(
    ("normalizer", "message", "hint"),
    [
        pytest.param(
            "window:lnug", "'window' has name 'lnug'; expected", "Did you mean 'lung'?", id="slip"
        ),
        pytest.param(
            "window:40",
            "'window' has name '40'; expected",
            "Short forms: window:NAME, window:CENTER,WIDTH.",
            id="too-few",
        ),
        pytest.param(
            "window:1,2,3",
            "'window' got 3 values without a name: '1', '2', '3'.",
            "Write window:NAME or window:CENTER,WIDTH. Put a value that contains a comma in quotes",
            id="too-many",
        ),
        pytest.param(
            "window:center", "The option 'center' has no value.", "window:center=VALUE", id="key"
        ),
        pytest.param(
            "percentile:1,99,low=5", "'percentile' has low twice: 1 and 5.", "Remove", id="twice"
        ),
        pytest.param(
            "auto:lung",
            "'auto' takes no value without a name, but got 'lung'.",
            "Write auto alone: it has no options.",
            id="no-options",
        ),
        pytest.param("lung", "Unknown normalizer 'lung'", "Did you mean 'window:lung'?", id="word"),
        pytest.param("nosuch:1", "Unknown normalizer 'nosuch'", "Installed: auto", id="unknown"),
    ],
)
def test_wrong_values_without_a_name_are_explained(registry, normalizer, message, hint):
    with pytest.raises(ChainError) as caught:
        planned(registry, "normalize", normalizer)
    assert message in caught.value.message
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("kind", "word", "form"),
    [
        ("normalizer", "lung", "window:lung"),
        ("normalizer", "series", "minmax:series"),
        ("step", "90", "rotate:90"),
        ("step", "vertical", "flip:vertical"),
        ("writer", "16", "png:16"),
        ("writer", "95", ""),
        ("colormap", "magma", ""),
    ],
)
def test_a_word_suggests_the_component_that_takes_it(registry, kind, word, form):
    assert find_short_form(kind, word, registry) == form


@dataclass(frozen=True, kw_only=True)
class Marker(Component):
    """What a third party declares."""

    shorthand: ClassVar[tuple[tuple[str, ...], ...]] = (("text",), ("row", "color"))

    text: Annotated[str, Opt("Text")] = ""
    row: Annotated[int, Opt("Row")] = 0
    color: Annotated[Literal["red", "blue"], Opt("Color")] = "red"


def test_a_third_party_declares_its_short_forms():
    assert Marker.short_forms("acme/marker") == ("acme/marker:TEXT", "acme/marker:ROW,COLOR")
    named = with_option_names(parse_inline("acme/marker:3,blue"), Marker)
    assert named.options == {"row": "3", "color": "blue"}
    with pytest.raises(InvalidChainError, match="The option 'color' has no value") as caught:
        with_option_names(parse_inline("acme/marker:color"), Marker)
    assert "or acme/marker:text=color if that is the value" in caught.value.hint
