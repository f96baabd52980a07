from dataclasses import dataclass
from typing import Annotated, Literal

import pytest
from support.made_up_readers import Silent

from dcmconv._entry import main
from dcmconv.chain.layers.layering import Override
from dcmconv.cli.component_flags import (
    FlagTarget,
    NamedComponents,
    Scan,
    all_flags,
    completed_words,
    flags_of,
    given_overrides,
    has_own_flag,
)
from dcmconv.cli.flags import describe
from dcmconv.cli.run_flags import run_flags
from dcmconv.model.options import Component, Opt


@dataclass(frozen=True, kw_only=True)
class Everything(Component):
    """One option of each kind."""

    level: Annotated[float, Opt("How much", unit="HU", ge=1, le=5)]
    mode: Annotated[Literal["a", "b"] | None, Opt("Which way")] = None
    region: Annotated[tuple[int, int], Opt("Where")] = (0, 0)
    loud: Annotated[bool, Opt("Whether")] = False


TARGET = FlagTarget("every-thing", "step", Everything)


@pytest.mark.parametrize(
    ("annotation", "word"),
    [
        (int, "INTEGER"),
        (float | None, "NUMBER"),
        (Literal["a", "b"] | None, "a|b"),
        (int | Literal["auto"], "INTEGER|auto"),
        (tuple[int, ...], "[INTEGER,...]"),
        (tuple[float, float], "[NUMBER,NUMBER]"),
    ],
)
def test_types_have_short_names(annotation, word):
    assert describe(annotation) == word


def test_flags_are_derived_from_options():
    level, mode, _, loud = flags_of(TARGET)
    assert level.words == ("--every-thing.level",)
    assert level.help == "How much (HU, ≥ 1, ≤ 5)."
    assert level.panel == "Options of step every-thing"
    assert mode.complete("") == [("a", ""), ("b", "")]
    assert loud.words == ("--every-thing.loud/--every-thing.no-loud",)


def test_only_given_flags_become_overrides():
    names = [flag.name for flag in flags_of(TARGET)]
    values = dict.fromkeys(names) | {names[0]: "-600", names[3]: False}
    assert given_overrides(values, [TARGET]) == [
        Override("every-thing", "level", "-600"),
        Override("every-thing", "loud", "false"),
    ]


def test_option_may_declare_a_short_flag():
    target = FlagTarget("silent", "reader", Silent)
    assert has_own_flag(target)
    assert not has_own_flag(TARGET)
    layer, bold = all_flags(run_flags(), [target])[-2:]
    assert (layer.words, layer.metavar, layer.type) == (("--layer",), "TEXT", list[str])
    assert bold.words == ("--bold/--no-bold",)
    values = {layer.name: ["a,b", "[c"], bold.name: True}
    layers, boldness = given_overrides(values, [target])
    assert layers == Override("silent", "layers", ["a,b", "[c"])
    assert str(layers.location) == "--layer a,b [c"
    assert boldness == Override("silent", "bold", "true")


def test_first_of_two_equal_flags_wins():
    twice = [FlagTarget("silent", "reader", Silent), FlagTarget("other", "reader", Silent)]
    spelled = [word for flag in all_flags(run_flags(), twice) for word in flag.words]
    assert spelled.count("--frames") == 1
    assert spelled.count("--layer") == 1
    assert "--other.layers" in spelled


@pytest.mark.parametrize(
    "words", [["-n", "window"], ["--normalize=window:center=40"], ["--window.center", "3"]]
)
def test_help_lists_options_of_a_named_component(capsys, words):
    assert main(["run", *words, "--help"]) == 0
    shown = capsys.readouterr().out
    assert "--window.center" in shown
    assert "Options of normalizer window (or window:NAME, window:CENTER,WIDTH)" in shown


def test_help_lists_options_of_components_in_a_chain(capsys):
    assert main(["run", "--chain", "preset:article", "--help"]) == 0
    shown = capsys.readouterr().out
    assert "--jpg.quality" in shown
    assert "--figure.dpi" in shown


def test_help_lists_options_of_a_named_reader(capsys):
    assert main(["run", "-r", "dicom", "--help"]) == 0
    shown = capsys.readouterr().out
    for flag in ("--dicom.inflate_limit", "--dicom.overlays", "--overlays", "--presentation-state"):
        assert flag in shown


def test_help_explains_how_to_list_reader_options(capsys):
    assert main(["run", "--help"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "dcmconv run -r dicom --help" in shown
    assert "--presentation-state" not in shown


def test_help_omits_components_that_are_not_named(capsys):
    assert main(["run", "--help"]) == 0
    assert "--jpg.quality" not in capsys.readouterr().out


def test_brackets_are_not_read_as_markup(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")
    assert main(["run", "--help"]) == 0
    assert "NAME[:OPTIONS]" in capsys.readouterr().out


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
        (["--name", "--jpg.quality"], []),
        (["-q", "-n", "window"], [("normalizer", "window")]),
    ],
)
def test_components_are_found_in_every_spelling(words, named):
    assert Scan.of(words).components == named


@pytest.mark.parametrize("words", [["--chain"], ["--chain="], ["-n"], ["--no-plugin"]])
def test_value_may_be_missing_at_the_end(words):
    assert Scan.of(words) == Scan()


def test_excluded_plugins_and_chains_are_collected():
    scan = Scan.of(["--no-plugin", "a", "--no-plugin=b", "--chain", "c.yaml"])
    assert (scan.blocked, scan.chains) == (["a", "b"], ["c.yaml"])


@pytest.mark.parametrize(
    ("words", "is_unknown"),
    [
        (["-n", "voi", "--timeout=5", "--jpg.quality", "95", "--help", "-h"], False),
        (["--overlays=draw"], True),
        (["--on-existing", "--overlays"], False),
    ],
)
def test_unknown_flag_may_belong_to_a_reader(words, is_unknown):
    assert Scan.of(words).has_unknown_flag is is_unknown


def test_components_of_a_chain_file_are_named(tmp_path):
    path = tmp_path / "chain.yaml"
    path.write_text(
        "version: 1\nread: [{use: dicom}]\nnormalize: {use: window, id: lung, center: 1, width: 2}\n"
        "rules: [{when: {Modality: CT}, steps: [crop]}]\noutputs: [{use: jpg, id: big}]\n"
    )
    targets = NamedComponents(["--chain", str(path)]).targets
    assert sorted((each.id, each.kind) for each in targets) == [
        ("big", "writer"),
        ("crop", "step"),
        ("dicom", "reader"),
        ("lung", "normalizer"),
    ]


def test_unclosed_quote_is_completed(monkeypatch):
    monkeypatch.setenv("_DCMCONV_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "dcmconv run --name 'a b")
    assert completed_words() == ["run", "--name", "'a", "b"]


def test_nothing_is_completed_without_a_shell(monkeypatch):
    monkeypatch.delenv("_DCMCONV_COMPLETE", raising=False)
    assert completed_words() is None
