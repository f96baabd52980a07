from dataclasses import dataclass
from typing import Annotated, Literal

import pytest
from support.made_up_readers import Silent

from dcmconv._entry import main
from dcmconv.chain.overrides import Override
from dcmconv.cli.component_flags import (
    FlagTarget,
    all_flags,
    describe,
    flags_of,
    given_overrides,
    has_own_flag,
)
from dcmconv.cli.run_flags import run_flags
from dcmconv.model.options import Component, Opt


@dataclass(frozen=True, kw_only=True)
class Everything(Component):
    """One option of each sort."""

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
def test_types_are_told_in_a_word(annotation, word):
    assert describe(annotation) == word


def test_flags_come_from_the_declaration():
    level, mode, _, loud = flags_of(TARGET)
    assert level.words == ("--every-thing.level",)
    assert level.help == "How much (HU, ≥ 1, ≤ 5)."
    assert level.panel == "Options of step every-thing"
    assert mode.complete("") == [("a", ""), ("b", "")]
    assert loud.words == ("--every-thing.loud/--every-thing.no-loud",)


def test_only_flags_that_were_given_are_handed_on():
    names = [flag.name for flag in flags_of(TARGET)]
    values = dict.fromkeys(names) | {names[0]: "-600", names[3]: False}
    assert given_overrides(values, [TARGET]) == [
        Override("every-thing", "level", "-600"),
        Override("every-thing", "loud", "false"),
    ]


def test_an_option_may_name_a_flag_of_its_own():
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


def test_a_flag_that_run_has_or_another_component_goes_first():
    twice = [FlagTarget("silent", "reader", Silent), FlagTarget("other", "reader", Silent)]
    spelled = [word for flag in all_flags(run_flags(), twice) for word in flag.words]
    assert spelled.count("--frames") == 1
    assert spelled.count("--layer") == 1
    assert "--other.layers" in spelled


@pytest.mark.parametrize(
    "words", [["-n", "window"], ["--normalize=window:center=40"], ["--window.center", "3"]]
)
def test_help_shows_the_options_of_a_named_component(capsys, words):
    assert main(["run", *words, "--help"]) == 0
    shown = capsys.readouterr().out
    assert "--window.center" in shown
    assert "Options of normalizer window" in shown


def test_help_shows_the_options_of_a_chains_components(capsys):
    assert main(["run", "--chain", "preset:article", "--help"]) == 0
    shown = capsys.readouterr().out
    assert "--jpg.quality" in shown
    assert "--figure.dpi" in shown


def test_help_shows_the_options_and_own_flags_of_a_named_reader(capsys):
    assert main(["run", "-r", "dicom", "--help"]) == 0
    shown = capsys.readouterr().out
    for flag in ("--dicom.inflate_limit", "--dicom.overlays", "--overlays", "--presentation-state"):
        assert flag in shown


def test_help_says_how_to_see_the_options_of_a_reader(capsys):
    assert main(["run", "--help"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "dcmconv run -r dicom --help" in shown
    assert "--presentation-state" not in shown


def test_help_shows_no_component_that_is_not_named(capsys):
    assert main(["run", "--help"]) == 0
    assert "--jpg.quality" not in capsys.readouterr().out


def test_units_in_brackets_are_not_swallowed_as_markup(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")
    assert main(["run", "--help"]) == 0
    assert "NAME[:OPTIONS]" in capsys.readouterr().out
