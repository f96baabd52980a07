import pytest

from dcmconv.cli.words import (
    blocked_plugins,
    command_named,
    completed_words,
    components_named,
    values_of,
)


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["-n", "window"], [("normalizer", "window")]),
        (["-nwindow"], [("normalizer", "window")]),
        (["--normalize=window:center=40,width=400"], [("normalizer", "window")]),
        (["-w", "jpg:quality=95", "-w", "png"], [("writer", "jpg"), ("writer", "png")]),
        (["-s", "resize", "--step", "title"], [("step", "resize"), ("step", "title")]),
        (["-c", "bone"], [("colormap", "bone")]),
        (["--jpg.quality", "95"], [("", "jpg")]),
        (["--jpg.quality=95"], [("", "jpg")]),
        (["--out=a.b"], []),
        (["scans/", "-o", "out.d"], []),
    ],
)
def test_components_are_found_however_they_are_written(words, named):
    assert components_named(words) == named


def test_the_command_is_the_first_word_that_is_no_flag():
    assert command_named(["run", "x"]) == "run"
    assert command_named(["--version", "run"]) == ""
    assert command_named([]) == ""


def test_a_value_at_the_end_of_the_line_may_be_missing():
    assert values_of(["run", "--chain"], "--chain") == []


def test_blocked_plugins_are_collected():
    assert blocked_plugins(["--no-plugin", "a", "--no-plugin=b"]) == ["a", "b"]


def test_a_line_with_an_open_quote_completes_all_the_same(monkeypatch):
    monkeypatch.setenv("_DCMCONV_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "dcmconv run --name 'a b")
    assert completed_words() == ["run", "--name", "'a", "b"]


def test_without_a_shell_nothing_is_completed(monkeypatch):
    monkeypatch.delenv("_DCMCONV_COMPLETE", raising=False)
    assert completed_words() is None
