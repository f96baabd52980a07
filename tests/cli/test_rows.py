import json

from dcmconv.cli.rows import print_rows
from dcmconv.model.components import Ending, Heading, Row


def rows():
    yield Heading(title="One")
    yield Row(tag="(0010,0010)", name="王小东", value=None)
    yield Row(tag="(0010,0020)", name="ab", value=("x", 2))
    yield Heading(title="Two")
    yield Row(problem="bad\x1b[2J")
    yield Ending(text="The end.", code=4)


def test_columns_line_up_even_with_wide_letters(capsys):
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


def test_json_has_the_same_as_one_value(capsys):
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


def test_rows_without_a_heading_are_a_table_too(capsys):
    assert print_rows([Row(a=1, b=True)], as_json=False) == 0
    assert capsys.readouterr().out == "  a  b\n  1  yes\n"
