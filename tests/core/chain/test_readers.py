"""Options of readers in a file, in flags, with ``--set`` and in Python."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest
from support.made_up_readers import registry_with

from dcmconv.chain.compile import compile_chain
from dcmconv.chain.keywords import chain_from_keywords
from dcmconv.chain.layers.explicit import assemble
from dcmconv.chain.layers.layering import apply_override, flag_override, merge, parse_override
from dcmconv.chain.loader import chain_from_data, load_chain
from dcmconv.chain.schema import chain_schema
from dcmconv.chain.show import chain_as_yaml
from dcmconv.chain.spec import ChainSpec, ComponentSpec
from dcmconv.chain.values import parse_inline
from dcmconv.errors import ChainError

LIMITED = {"read": {"use": "dicom", "inflate_limit": 5}}


@pytest.fixture
def three(registry):
    """The built-in reader between two others."""
    made = registry_with(registry, microscope="Microscope", silent="Silent")
    dicom, microscope, silent = made._offered["reader"]
    made._offered["reader"] = [silent, dicom, microscope]
    return made


def options_of(plan):
    return {reader.name: dict(reader.options) for reader in plan.readers}


def test_reader_options_keep_the_order_of_readers(three):
    plan = compile_chain(chain_from_data(LIMITED, three), three)
    assert list(options_of(plan).items()) == [
        ("silent", {}),
        ("dicom", {"inflate_limit": 5}),
        ("microscope", {}),
    ]
    assert plan.readers[1].load().inflate_limit == 5


def test_reader_that_is_not_named_is_not_imported(registry):
    broken = registry_with(registry, broken="NotThere")
    plan = compile_chain(chain_from_data(LIMITED, broken), broken)
    assert list(options_of(plan)) == ["dicom", "broken"]


@pytest.mark.parametrize(
    "read",
    [
        pytest.param("dicom:inflate_limit=5", id="short"),
        pytest.param(["dicom:inflate_limit=5"], id="list"),
        pytest.param({"use": "dcmconv/dicom", "inflate_limit": "5"}, id="qualified"),
    ],
)
def test_every_form_of_a_reader_gives_the_same_plan(registry, read):
    expected = compile_chain(chain_from_data(LIMITED, registry), registry)
    from_data = compile_chain(chain_from_data({"read": read}, registry), registry)
    from_python = compile_chain(chain_from_keywords({"read": read}, registry), registry)
    assert from_data == from_python == expected
    assert from_data.digest == expected.digest != compile_chain(ChainSpec(), registry).digest


def test_layers_merge_options_reader_by_reader():
    below = ChainSpec(read=(ComponentSpec("a", {"x": 1, "y": 1}), ComponentSpec("b", {"x": 1})))
    above = ChainSpec(read=(ComponentSpec("a", {"y": 2}), ComponentSpec("c")))
    assert set_of(merge(below, above)) == {"a": {"x": 1, "y": 2}, "b": {"x": 1}, "c": {}}


def test_read_flag_replaces_one_reader_only():
    below = ChainSpec(read=(ComponentSpec("a", {"x": 1}), ComponentSpec("b", {"x": 1})))
    flags = ChainSpec(read=(parse_inline("a:y=2", "--read"),))
    assert set_of(assemble(below, flags)) == {"a": {"y": "2"}, "b": {"x": 1}}


def test_set_reaches_a_reader_the_chain_does_not_name():
    spec = assemble(
        ChainSpec(),
        ChainSpec(),
        overrides=[parse_override("dicom.inflate_limit=5"), flag_override("dicom", "x", "1")],
        readers=["dicom"],
    )
    assert set_of(spec) == {"dicom": {"inflate_limit": "5", "x": "1"}}


def test_set_reaches_a_reader_by_id():
    spec = ChainSpec(read=(ComponentSpec("dicom", id="d"),))
    assert set_of(apply_override(spec, parse_override("d.x=1"))) == {"dicom": {"x": "1"}}


def test_set_with_a_misspelled_reader_gets_a_suggestion():
    with pytest.raises(ChainError, match=r"no component 'dicmo'; did you mean 'dicom'\?"):
        apply_override(ChainSpec(), parse_override("dicmo.x=1"), readers=["dicom"])


def test_short_flag_of_a_reader_takes_text_literally():
    setting = flag_override("silent", "layers", ["[a],b", "'c"], "--layer")
    assert setting.value == ["[a],b", "'c"]
    assert str(setting.location) == "--layer [a],b 'c"
    assert flag_override("silent", "layers", "[a,b]").value == ["a", "b"]


@pytest.mark.parametrize(
    ("read", "problem"),
    [
        pytest.param("dicm", r"Unknown reader 'dicm'(.|\n)*'dicom'", id="name"),
        pytest.param("dicom:inflate=5", "no option 'inflate'; did you mean", id="option"),
        pytest.param("dicom:inflate_limit=0", "expected at least 1", id="value"),
        pytest.param(["dicom", "dcmconv/dicom"], "'dcmconv/dicom' is named twice", id="twice"),
        pytest.param("png", "Unknown reader 'png'", id="another-kind"),
    ],
)
def test_wrong_readers_are_rejected_with_a_reason(registry, read, problem):
    with pytest.raises(ChainError) as caught:
        compile_chain(chain_from_data({"read": read}, registry), registry)
    assert re.search(problem, str(caught.value))


def test_rule_cannot_choose_a_reader(registry):
    spec = chain_from_data({"rules": [{"when": {"Modality": "CT"}, "read": "dicom"}]}, registry)
    assert [each.message for each in spec.problems] == ["A rule has no key 'read'."]


def test_shown_readers_read_back(chain_file, registry):
    spec = ChainSpec(read=(parse_inline("dicom:inflate_limit=5", "--read"),))
    shown = chain_as_yaml(spec, registry)
    assert "read:\n  - use: dicom  # --read dicom:inflate_limit=5\n    inflate_limit: 5" in shown
    again = load_chain(chain_file(shown), registry)
    assert options_of(compile_chain(again, registry)) == {"dicom": {"inflate_limit": 5}}


def test_schema_has_the_options_of_readers(registry):
    schema = json.loads(json.dumps(chain_schema(registry)))
    assert {"$ref": "#/$defs/reader"} in schema["properties"]["read"]["oneOf"]
    (dicom,) = [each for each in schema["$defs"]["reader"]["oneOf"] if "title" in each]
    assert dicom["properties"]["inflate_limit"]["minimum"] == 1


def test_empty_chain_imports_no_reader():
    code = (
        "import sys; from dcmconv.plugins.registry import Registry;"
        "from dcmconv.chain.compile import compile_chain; from dcmconv.chain.spec import ChainSpec;"
        "compile_chain(ChainSpec(), Registry.discover(only=()));"
        "print('dcmconv_builtins.readers.dicom' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def set_of(spec):
    return {reader.use: dict(reader.options) for reader in spec.read}
