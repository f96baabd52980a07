from __future__ import annotations

import subprocess
import sys
from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from dcmconv.chain.compile import compile_chain
from dcmconv.chain.document import read_document
from dcmconv.chain.errors import InvalidChainError
from dcmconv.chain.layers.layering import apply_override, parse_override
from dcmconv.chain.show import chain_as_yaml
from dcmconv.chain.spec import ChainSpec, ComponentSpec
from dcmconv.chain.values import as_output, parse_inline
from dcmconv.chain.yaml import read_yaml
from dcmconv.errors import ChainError
from dcmconv.plugins.registry import Registry

REGISTRY = Registry.discover(only=())
WORDS = [
    "version",
    "normalize",
    "use",
    "when",
    ":",
    "{",
    "}",
    "[",
    "]",
    ",",
    "'",
    "|",
    ">",
    "%",
    "~",
    "1",
    "1e3",
    "?",
    "é",
    "&a",
    "*a",
    "!!x",
    "#",
]
YAML_PIECES = st.sampled_from(
    [*WORDS, '"', "- ", ": ", " ", "\n", "\n  ", "\t", "---\n", "\u2028", "\x00"]
)
INLINE = [
    "window",
    "png",
    ":",
    "center",
    "=",
    ",",
    "[",
    "]",
    "'",
    "null",
    "1",
    "id",
    "name",
    "steps",
    "invert",
    ".",
    "run",
    "workers",
]
INLINE_PIECES = st.sampled_from([*INLINE, '"', " ", "\\"])


@given(st.lists(YAML_PIECES, max_size=40).map("".join))
def test_any_text_is_a_chain_or_a_chain_error(text):
    with suppress(InvalidChainError, ChainError):
        node, _ = read_yaml(text.encode(), "chain.yaml")
        spec, _ = read_document(node)
        compile_chain(spec, REGISTRY)


@given(st.binary(max_size=200))
def test_any_bytes_are_yaml_or_a_chain_error(content):
    with suppress(InvalidChainError):
        read_yaml(content, "chain.yaml")


@given(st.lists(INLINE_PIECES, max_size=20).map("".join))
def test_any_flag_is_a_component_or_a_chain_error(text):
    with suppress(ChainError):
        compile_chain(ChainSpec(outputs=(as_output(parse_inline(text, "--writer")),)), REGISTRY)
    with suppress(ChainError):
        compile_chain(apply_override(ChainSpec(), parse_override(text)), REGISTRY)


@given(
    st.one_of(
        st.text(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.booleans()
    )
)
def test_any_shown_value_reads_back(value):
    spec = ChainSpec(normalize=ComponentSpec("window", {"center": value}))
    node, _ = read_yaml(chain_as_yaml(spec).encode(), "chain.yaml")
    again, _ = read_document(node)
    found = again.normalize.options["center"]
    assert found == value
    assert isinstance(found, str) == isinstance(value, str)


def test_importing_the_chain_loads_no_heavy_library():
    code = (
        "import sys; from dcmconv.chain import compile, keywords, layers, loader, schema, show;"
        "from dcmconv.chain.layers import explicit;"
        "print([n for n in ('yaml', 'pydantic', 'typer', 'rich', 'pydicom', 'PIL') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
