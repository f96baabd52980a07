import json

import pytest

from dcmconv.cli.terminal import harmless, print_json, print_rows, say
from dcmconv.model.components import Ending, Heading, Row


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("CT/IM0001.dcm", "CT/IM0001.dcm", id="plain-text-stays"),
        pytest.param("患者^王", "患者^王", id="chinese-stays"),
        pytest.param("a\x1b[2Jb", "a\\x1b[2Jb", id="escape-sequence"),
        pytest.param("a\x9b31mb", "a\\x9b31mb", id="eight-bit-escape"),
        pytest.param("a\r\nb", "a\\x0d\\x0ab", id="line-ends"),
        pytest.param("gpj.\u202efdp", "gpj.\\u202efdp", id="reversed-text"),
        pytest.param("a\udcffb", "a\\udcffb", id="bytes-that-are-not-utf-8"),
    ],
)
def test_no_text_controls_the_terminal(text, shown):
    assert harmless(text) == shown


def test_escape_sequences_in_messages_are_harmless(capsys):
    say("Error: a\x1b]0;title\x07b\n  Type this.")
    assert capsys.readouterr().err == "Error: a\\x1b]0;title\\x07b\n  Type this.\n"


def test_json_is_one_line_and_reads_back(capsys):
    value = {"input": "bad\udcff\u202e\x9b\n", "name": "王"}
    print_json(value)
    line = capsys.readouterr().out
    assert line.count("\n") == 1
    assert "\x9b" not in line
    assert "王" in line
    assert json.loads(line) == value


def rows():
    yield Heading(title="One")
    yield Row(tag="(0010,0010)", name="王小东", value=None)
    yield Row(tag="(0010,0020)", name="ab", value=("x", 2))
    yield Heading(title="Two")
    yield Row(problem="bad\x1b[2J")
    yield Ending(text="The end.", code=4)


def test_columns_align_with_wide_characters(capsys):
    assert print_rows(rows(), as_json=False) == 4
    assert capsys.readouterr().out.split("\n") == [
        "One",
        "  tag          name    value",
        "  (0010,0010)  王小东",
        "  (0010,0020)  ab      x, 2",
        "",
        "Two",
        "  bad\\x1b[2J",
        "",
        "The end.",
        "",
    ]


def test_rows_as_json_are_one_value(capsys):
    assert print_rows(rows(), as_json=True) == 4
    assert json.loads(capsys.readouterr().out) == {
        "tables": [
            {
                "title": "One",
                "rows": [
                    {"tag": "(0010,0010)", "name": "王小东", "value": None},
                    {"tag": "(0010,0020)", "name": "ab", "value": ["x", 2]},
                ],
            },
            {"title": "Two", "rows": [{"problem": "bad\x1b[2J"}]},
        ],
        "text": "The end.",
        "code": 4,
    }


def test_rows_without_heading_are_a_table(capsys):
    assert print_rows([Row(a=1, b=True)], as_json=False) == 0
    assert capsys.readouterr().out == "  a  b\n  1  yes\n"
