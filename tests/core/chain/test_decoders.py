"""Decoders that a chain chooses for Transfer Syntaxes."""

from __future__ import annotations

import json

import pytest

from dcmconv.chain.checks import find_uid
from dcmconv.chain.compile import compile_chain
from dcmconv.chain.keywords import chain_from_keywords
from dcmconv.chain.layers.explicit import with_flags
from dcmconv.chain.layers.layering import apply_override, merge, parse_override
from dcmconv.chain.loader import chain_from_data, load_chain
from dcmconv.chain.schema import chain_schema
from dcmconv.chain.show import chain_as_yaml
from dcmconv.chain.spec import ChainSpec, ComponentSpec
from dcmconv.chain.values import parse_decoder
from dcmconv.errors import ChainError, UsageError

RLE = "1.2.840.10008.1.2.5"


def chosen(plan):
    return {uid: decoder.name for uid, decoder in plan.decoders}


@pytest.fixture
def compiled(registry):
    return lambda **data: compile_chain(chain_from_data(data, registry), registry)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(RLE, id="uid"),
        pytest.param("RLE Lossless", id="name"),
        pytest.param("rle lossless", id="case"),
        pytest.param("RLELossless", id="keyword"),
    ],
)
def test_transfer_syntax_is_named_by_uid_or_name(compiled, name):
    assert chosen(compiled(decoders={name: "rle"})) == {RLE: "rle"}


def test_every_transfer_syntax_is_found_by_its_name(registry):
    names = registry.load("reader", "dicom").transfer_syntaxes()
    assert {uid: find_uid(name, names) for uid, name in names.items()} == {
        uid: uid for uid in names
    }


def test_flags_yaml_and_python_choose_the_same_decoder(chain_file, registry):
    name = chain_file('version: 1\ndecoders: {"RLE Lossless": {use: rle}}\n')
    flags = ChainSpec(decoders=dict([parse_decoder("RLE Lossless=rle", "--decoder")]))
    specs = [
        load_chain(name, registry),
        with_flags(ChainSpec(), flags),
        chain_from_keywords({"decoders": {RLE: "rle"}}, registry),
    ]
    plans = [compile_chain(spec, registry) for spec in specs]
    assert plans[0] == plans[1] == plans[2]
    assert len({plan.digest for plan in plans}) == 1


def test_only_a_chosen_decoder_changes_the_digest(compiled):
    plain, with_decoder = compiled(), compiled(decoders={RLE: "rle"})
    assert plain.digest != with_decoder.digest
    assert "decoders" not in plain.as_data()
    assert with_decoder.as_data()["decoders"][RLE]["name"] == "rle"


def test_chosen_decoder_is_a_component_of_the_plan(compiled):
    assert "rle" in [component.name for component in compiled(decoders={RLE: "rle"}).components]


@pytest.mark.parametrize(
    ("decoders", "location", "message", "hint"),
    [
        pytest.param(
            "{RLE Losless: rle}",
            "2:12",
            "Unknown Transfer Syntax 'RLE Losless'; did you mean 'RLE Lossless'?",
            "dcmconv doctor",
            id="transfer-syntax",
        ),
        pytest.param(
            "{RLE Lossless: rel}", "2:26", "Unknown decoder 'rel'.", "'rle'", id="decoder"
        ),
        pytest.param(
            "{RLE Lossless: jpeg-ls}",
            "2:26",
            f"The decoder 'jpeg-ls' does not decode RLE Lossless ({RLE}).",
            "It decodes: JPEG-LS Lossless, JPEG-LS Lossy (Near-Lossless).",
            id="another-transfer-syntax",
        ),
        pytest.param(
            "{1.2.3: rle}",
            "2:19",
            "The decoder 'rle' does not decode 1.2.3.",
            "It decodes: RLE Lossless.",
            id="unknown-uid",
        ),
        pytest.param(
            "{RLE Lossless: {use: rle, speed: 2}}",
            "2:37",
            "'rle' has no option 'speed'.",
            "It has no options.",
            id="option",
        ),
        pytest.param("[rle]", "2:11", "Expected a mapping, got a list.", "UID", id="list"),
        pytest.param(
            f"{{RLE Lossless: rle, {RLE}: rle}}",
            "2:52",
            f"Two decoders are chosen for the Transfer Syntax {RLE}.",
            "Remove one",
            id="twice",
        ),
    ],
)
def test_wrong_decoder_is_reported_at_its_location(
    chain_file, registry, decoders, location, message, hint
):
    name = chain_file(f"version: 1\ndecoders: {decoders}\n")
    with pytest.raises(ChainError) as caught:
        compile_chain(load_chain(name, registry), registry)
    assert caught.value.message.startswith(f"chain.yaml:{location}: {message}\n")
    assert hint in caught.value.hint


def test_native_pixels_have_no_decoder_to_choose(compiled):
    with pytest.raises(ChainError, match=r"does not decode Explicit VR Little Endian"):
        compiled(decoders={"Explicit VR Little Endian": "rle"})


def test_higher_layer_replaces_or_extends_a_decoder():
    below = ChainSpec(decoders={"a": ComponentSpec("x"), "b": ComponentSpec("y", {"n": 1})})
    above = ChainSpec(decoders={"a": ComponentSpec("z"), "b": ComponentSpec("y", {"m": 2})})
    merged = merge(below, above).decoders
    assert merged == {"a": ComponentSpec("z"), "b": ComponentSpec("y", {"n": 1, "m": 2})}
    assert [*merge(ChainSpec(decoders={"a": ComponentSpec("x")}), below).decoders] == ["a", "b"]
    assert [*merge(below, ChainSpec(decoders={"a": ComponentSpec("z")})).decoders] == ["b", "a"]


def test_last_layer_wins_between_uid_and_name(chain_file, registry):
    chain_file('version: 1\ndecoders: {"RLE Lossless": jpeg-ls}\n', "below.yaml")
    name = chain_file(f"version: 1\nextends: below.yaml\ndecoders: {{{RLE}: rle}}\n")
    spec = load_chain(name, registry)
    with pytest.raises(ChainError, match=r"below\.yaml:2:28: The decoder 'jpeg-ls' does not"):
        compile_chain(spec, registry)
    chain_file('version: 1\ndecoders: {"RLE Lossless": rle}\n', "below.yaml")
    assert chosen(compile_chain(load_chain(name, registry), registry)) == {RLE: "rle"}


def test_decoder_flag_replaces_one_choice_only():
    below = ChainSpec(decoders={"a": ComponentSpec("x", {"n": 1}), "b": ComponentSpec("y")})
    flags = ChainSpec(decoders=dict([parse_decoder("a=x:m=2", "--decoder")]))
    assert with_flags(below, flags).decoders == {
        "b": ComponentSpec("y"),
        "a": ComponentSpec("x", {"m": "2"}),
    }


def test_set_reaches_a_decoder():
    spec = ChainSpec(decoders={"a": ComponentSpec("x")})
    assert apply_override(spec, parse_override("x.n=1")).decoders["a"].options == {"n": "1"}


@pytest.mark.parametrize("text", ["rle", "=rle", "rle:a=1"])
def test_decoder_flag_needs_a_transfer_syntax(text):
    with pytest.raises(ChainError, match=r"--decoder .*: Expected UID=NAME\.") as caught:
        parse_decoder(text, "--decoder")
    assert (
        caught.value.hint
        == "Write UID=NAME or UID=NAME:OPTIONS, with the UID or name of a Transfer Syntax."
    )


def test_python_decoders_must_be_a_mapping(registry):
    with pytest.raises(UsageError, match=r"decoders: Expected a mapping, got a list") as caught:
        chain_from_keywords({"decoders": ["rle"]}, registry)
    assert "{UID: DECODER}" in caught.value.hint


def test_shown_decoders_read_back(chain_file, registry):
    flags = ChainSpec(decoders=dict([parse_decoder("RLE Lossless=rle", "--decoder")]))
    shown = chain_as_yaml(with_flags(ChainSpec(), flags), registry)
    assert 'decoders:\n  "RLE Lossless":\n    use: rle  # --decoder RLE Lossless=rle\n' in shown
    again = load_chain(chain_file(shown), registry)
    assert chosen(compile_chain(again, registry)) == {RLE: "rle"}


def test_schema_has_the_decoders(registry):
    schema = json.loads(json.dumps(chain_schema(registry)))
    assert schema["properties"]["decoders"]["additionalProperties"] == {"$ref": "#/$defs/decoder"}
    assert "rle" in schema["$defs"]["decoder"]["oneOf"][0]["enum"]
