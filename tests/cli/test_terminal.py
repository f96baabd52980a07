import json

import pytest

from dcmconv.cli.terminal import harmless, print_json, say


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("CT/IM0001.dcm", "CT/IM0001.dcm", id="plain-text-stays"),
        pytest.param("患者^王", "患者^王", id="chinese-stays"),
        pytest.param("a\x1b[2Jb", "a\\x1b[2Jb", id="escape-sequence"),
        pytest.param("a\x9b31mb", "a\\x9b31mb", id="eight-bit-escape"),
        pytest.param("a\r\nb", "a\\x0d\\x0ab", id="line-ends"),
        pytest.param("gpj.\u202efdp", "gpj.\\u202efdp", id="reversed-text"),
        pytest.param("a\udcffb", "a\\udcffb", id="bytes-that-are-no-utf-8"),
    ],
)
def test_nothing_steers_the_terminal(text, shown):
    assert harmless(text) == shown


def test_lines_stay_lines_and_names_in_them_are_harmless(capsys):
    say("Error: a\x1b]0;title\x07b\n  Type this.")
    assert capsys.readouterr().err == "Error: a\\x1b]0;title\\x07b\n  Type this.\n"


def test_json_is_one_line_that_reads_back_as_it_was(capsys):
    value = {"input": "bad\udcff\u202e\x9b\n", "name": "王"}
    print_json(value)
    line = capsys.readouterr().out
    assert line.count("\n") == 1
    assert "\x9b" not in line
    assert "王" in line
    assert json.loads(line) == value
