from __future__ import annotations

import math

import pytest

from dcmconv.chain.document import MAX_BYTES, plain
from dcmconv.chain.errors import InvalidChainError
from dcmconv.chain.yaml import read_yaml


def read(text):
    node, problems = read_yaml(text.encode() if isinstance(text, str) else text, "chain.yaml")
    assert not problems
    return plain(node)


def problem_in(text):
    with pytest.raises(InvalidChainError) as caught:
        read(text)
    return caught.value.problem


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("no", "no", id="no-is-text"),
        pytest.param("on", "on", id="on-is-text"),
        pytest.param("true", True, id="true"),
        pytest.param("12:30:45", "12:30:45", id="a-time-is-text"),
        pytest.param("2024-01-01", "2024-01-01", id="a-date-is-text"),
        pytest.param("1_000", "1_000", id="underscores-are-text"),
        pytest.param("012", "012", id="leading-zeros-stay-as-identifiers-have-them"),
        pytest.param("007.5", "007.5", id="leading-zeros-of-a-decimal-stay"),
        pytest.param("0", 0, id="zero"),
        pytest.param("-600", -600, id="negative"),
        pytest.param("+5", 5, id="plus"),
        pytest.param("0x1F", 31, id="hexadecimal"),
        pytest.param("0o17", 15, id="octal"),
        pytest.param("1e3", 1000.0, id="an-exponent-alone-makes-a-number"),
        pytest.param(".5", 0.5, id="no-zero-before-the-point"),
        pytest.param("1.", 1.0, id="nothing-after-the-point"),
        pytest.param("-.inf", -math.inf, id="infinity"),
        pytest.param("~", None, id="tilde-is-null"),
        pytest.param("null", None, id="null"),
        pytest.param('"1"', "1", id="quotes-make-text"),
        pytest.param("'true'", "true", id="single-quotes-make-text"),
        pytest.param("<<", "<<", id="no-merge-key"),
        pytest.param("9" * 5000, "9" * 5000, id="a-number-that-python-refuses-is-text"),
    ],
)
def test_scalars_follow_yaml_1_2(text, value):
    found = read(text)
    assert found == value
    assert type(found) is type(value)


def test_key_without_a_value_is_null():
    assert read("a:\nb: 1") == {"a": None, "b": 1}


def test_keys_are_text():
    assert read("1: a\ntrue: b") == {"1": "a", "true": "b"}


def test_byte_order_mark_is_ignored():
    assert read(b"\xef\xbb\xbfversion: 1") == {"version": 1}


def test_every_key_and_value_has_a_location():
    node, _ = read_yaml(b"a: 1\nb:\n  - x\n  - {c: 22}\n", "chain.yaml")
    inner = node.entries["b"].node.items[1]
    assert str(node.entries["b"].key_location) == "chain.yaml:2:1"
    assert str(inner.entries["c"].node.location) == "chain.yaml:4:9"
    assert inner.entries["c"].node.location.text == "  - {c: 22}"


def test_duplicate_key_is_reported_with_both_lines():
    node, problems = read_yaml(b"a: 1\nb: 2\na: 3\n", "chain.yaml")
    assert plain(node) == {"a": 1, "b": 2}
    assert [str(each.location) for each in problems] == ["chain.yaml:3:1"]
    assert problems[0].message == "'a' is given twice, first in line 1."


@pytest.mark.parametrize(
    ("text", "location", "message"),
    [
        pytest.param(
            "a: &x 1", "chain.yaml:1:4", "Anchors such as '&x' are not supported.", id="anchor"
        ),
        pytest.param(
            "a: *x", "chain.yaml:1:4", "Aliases such as '*x' are not supported.", id="alias"
        ),
        pytest.param(
            "&k a: 1",
            "chain.yaml:1:1",
            "Anchors such as '&k' are not supported.",
            id="anchored-key",
        ),
        pytest.param(
            "a: !!python/object/apply:os.system [id]",
            "chain.yaml:1:4",
            "Tags such as 'tag:yaml.org,2002:python/object/apply:os.system' are not supported.",
            id="tag-on-a-list",
        ),
        pytest.param(
            "a: !!str 1",
            "chain.yaml:1:4",
            "Tags such as 'tag:yaml.org,2002:str'",
            id="harmless-tag",
        ),
        pytest.param("? [a]\n: 1", "chain.yaml:1:3", "A key must be text", id="list-as-key"),
        pytest.param("a: 1\n---\nb: 2", "chain.yaml:2:1", "one document", id="two-documents"),
        pytest.param("", "chain.yaml", "The file is empty.", id="empty"),
        pytest.param("# nothing\n", "chain.yaml", "The file is empty.", id="comment-only"),
        pytest.param("a: [1", "chain.yaml:1:6", "This is not YAML", id="bracket-missing"),
        pytest.param("a:\n\t- b", "chain.yaml:2:1", "This is not YAML", id="tab"),
        pytest.param("a: \x07", "chain.yaml:1:4", r"'\x07' is not allowed in YAML", id="bell"),
        pytest.param(b"a: \xff", "chain.yaml", "Byte 3 is not valid UTF-8", id="latin-1"),
    ],
)
def test_unsupported_yaml_is_rejected_with_its_location(text, location, message):
    problem = problem_in(text)
    assert str(problem.location) == location
    assert message in problem.message


def test_alias_bomb_is_rejected_at_its_first_anchor():
    bomb = "a: &a [x]\n" + "\n".join(
        f"{c}: &{c} [*{p},*{p}]" for p, c in zip("ab", "bc", strict=True)
    )
    assert "Anchors such as '&a'" in problem_in(bomb).message


def test_deep_nesting_is_rejected_without_recursion():
    assert "levels deep" in problem_in("[" * 30_000).message
    assert "levels deep" in problem_in("\n".join(" " * n + "a:" for n in range(40))).message
    assert read("[" * 20 + "]" * 20)


def test_too_large_file_is_rejected():
    assert f"larger than {MAX_BYTES} bytes" in problem_in("#" * (MAX_BYTES + 1)).message
    assert read("a: 1\n" + "#" * (MAX_BYTES - 5)) == {"a": 1}


def test_excerpt_of_a_long_line_is_cut():
    problem = problem_in("a: [" + "x, " * 200 + "*z]")
    line, caret = problem.location.excerpt().splitlines()[1:]
    assert len(line) < 120
    assert line[caret.index("^")] == "*"
