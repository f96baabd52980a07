"""Colormap ``file``: the formats that it reads, and the errors for all others."""

from __future__ import annotations

import pickle
import re

import numpy as np
import pytest

from dcmconv.plugin import UsageError
from dcmconv_builtins.colormaps.from_file import MAX_BYTES, FromFile, parse_color_table

RED_RAMP = [[value, 0, 0] for value in range(256)]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("0,0,0\n255,0,0\n", id="commas"),
        pytest.param("0, 0, 0\r\n255, 0, 0\r\n", id="windows-lines"),
        pytest.param("0;0;0\n255;0;0", id="semicolons"),
        pytest.param("  0\t0  0\n255 0 0", id="spaces-and-tabs"),
        pytest.param("0,0,0\n1,0,0", id="fractions-written-as-integers"),
        pytest.param("0.0,0.0,0.0\n1.0,0.0,0.0", id="fractions"),
        pytest.param("\ufeffred,green,blue\n0,0,0\n255,0,0", id="header-and-byte-order-mark"),
        pytest.param('"Index","Red","Green","Blue"\n0,0,0,0\n1,255,0,0', id="index-column"),
        pytest.param("# made by hand\n\n0,0,0\n\n255,0,0\n", id="comments-and-empty-lines"),
        pytest.param("\n".join(f"{i} {i} 0 0" for i in range(256)), id="text-lut-of-256-rows"),
    ],
)
def test_a_text_table_is_read(text):
    assert parse_color_table(text.encode(), "x.csv").tolist() == RED_RAMP


def test_few_colors_are_interpolated():
    table = parse_color_table(b"0,0,0\n0,255,0\n255,255,1", "x.csv")
    # 127 is 254/255 of the way to the second color, 128 one 255th of the way to the third.
    assert table[[0, 127, 128, 255]].tolist() == [
        [0, 0, 0],
        [0, 254, 0],
        [1, 255, 0],
        [255, 255, 1],
    ]


def test_fractions_are_rounded_half_up():
    table = parse_color_table(b"0.5,0.1,0\n1,1,1", "x.csv")
    assert table[0].tolist() == [128, 26, 0]


@pytest.mark.parametrize("header", [b"", b"ICOL" + bytes(28)], ids=["768-bytes", "with-a-header"])
def test_binary_imagej_tables_are_read_by_channel(header):
    content = header + bytes(range(256)) + bytes(256) + bytes(range(255, -1, -1))
    assert parse_color_table(content, "fire.lut").tolist() == [[v, 0, 255 - v] for v in range(256)]


def test_text_of_768_bytes_is_not_binary():
    text = "0,0,0\n255,0,0\n"
    content = text + "#" * (768 - len(text))
    assert parse_color_table(content.encode(), "x.lut").tolist() == RED_RAMP


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"", "x has 0 colors; expected 2 to 256", id="empty"),
        pytest.param(b"1,2,3", "x has 1 colors; expected 2 to 256", id="one-color"),
        pytest.param(b"1,2,3\n" * 257, "x has 257 colors", id="too-many-colors"),
        pytest.param(
            b"1,2\n3,4", "x, line 1: expected red, green and blue, got 2 numbers", id="two-columns"
        ),
        pytest.param(
            b"1,2,3\n4,5",
            "x, line 2: expected 3 numbers as in the first row, got 2",
            id="uneven-rows",
        ),
        pytest.param(
            b"r,g,b\n1,2,3\n4,five,6", "x, line 3: expected numbers, got '4,five,6'", id="a-word"
        ),
        pytest.param(
            b"1,2,3\nred,green,blue\n",
            "x, line 2: expected numbers, got 'red,green,blue'",
            id="late-header",
        ),
        pytest.param(
            b"1,2,3,255\n4,5,6,255", "x, line 1: the first of four numbers is 1", id="alpha"
        ),
        pytest.param(
            b"0,0,0\n256,0,0", "x, line 2: brightness is 256; expected 0 to 255", id="too-bright"
        ),
        pytest.param(
            b"0,0,0\n-1,0,0", "x, line 2: brightness is -1; expected 0 to 255", id="negative"
        ),
        pytest.param(
            b"nan,0,0\n1,0,0", "x, line 1: brightness is nan; expected 0 to 255", id="nan"
        ),
        pytest.param(bytes(700), "x is not a color table", id="other-bytes"),
        pytest.param(b"1,2,3\n" * MAX_BYTES, "x is not a color table", id="huge"),
    ],
)
def test_invalid_tables_are_rejected_with_their_line(content, message):
    with pytest.raises(UsageError, match=re.escape(message)) as caught:
        parse_color_table(content, "x")
    assert "red,green,blue" in caught.value.hint


def test_a_missing_file_is_an_error_with_a_hint(tmp_path):
    with pytest.raises(UsageError, match=r"none\.csv cannot be read: No such file") as caught:
        FromFile(path=str(tmp_path / "none.csv")).table()
    assert "-c file:path=COLORS.csv" in caught.value.hint


def test_a_worker_in_another_folder_reads_the_same_file(tmp_path, monkeypatch):
    (tmp_path / "red.csv").write_text("0,0,0\n255,0,0", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    sent = pickle.dumps(FromFile(path="red.csv"))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert np.array_equal(pickle.loads(sent).table(), RED_RAMP)  # noqa: S301


def test_an_empty_path_is_rejected():
    with pytest.raises(ValueError, match="path is empty"):
        FromFile(path="")
