"""``dcmconv.run``: its keywords, what it returns, and how it is used."""

from __future__ import annotations

import asyncio
import inspect
import io
import shutil
import signal
import threading
import typing
from dataclasses import FrozenInstanceError, fields
from pathlib import Path

import pytest
from pydicom.data import get_testdata_file

import dcmconv
from dcmconv import Converted, Failed, Skipped, UsageError
from dcmconv.api.batch import NOT_STARTED, RunKeywords, run
from dcmconv.api.python_hints import KEYWORDS, in_python
from dcmconv.chain import keywords as chain_keywords
from dcmconv.chain.settings import RunSettings
from dcmconv.cli.run_flags import run_flags
from dcmconv.model.options import option_fields
from dcmconv.run.journal.line import read_journal

CT = Path(get_testdata_file("CT_small.dcm"))


@pytest.fixture
def scans(tmp_path) -> Path:
    """Six inputs, one of which is not DICOM."""
    folder = tmp_path / "scans"
    folder.mkdir()
    for number in range(5):
        shutil.copy(CT, folder / f"{number}.dcm")
    (folder / "notes.txt").write_text("nothing to see")
    return folder


# Keywords


def test_every_keyword_is_in_the_signature():
    """A new setting or key of a chain needs a keyword in RunKeywords."""
    listed = set(inspect.signature(dcmconv.run).parameters)
    of_chains = set(chain_keywords.KEYWORDS)
    own = {"inputs", "out", "tag_table", "include", "exclude", "progress", "dry_run"}
    own |= {"replace", "separate"}
    assert listed == own | of_chains
    assert {each.name for each in fields(RunSettings)} <= of_chains


def test_settings_have_the_types_that_they_declare():
    declared = typing.get_type_hints(RunSettings)
    names = {"Literal": typing.Literal}
    for setting in fields(RunSettings):
        written = RunKeywords.__annotations__[setting.name].__forward_arg__
        kind = eval(written, names)  # noqa: S307 - our own annotation
        assert kind == declared[setting.name] | None, setting.name


def test_the_docstring_explains_every_keyword():
    text = inspect.getdoc(run)
    explained = {
        name
        for line in text.splitlines()
        if " : " in line and not line.startswith(" ")
        for name in line.partition(" : ")[0].split(", ")
    }
    assert explained == set(inspect.signature(run).parameters)
    one_line = " ".join(text.split())
    for option in option_fields(RunSettings):
        assert option.opt.help in one_line


def test_help_shows_every_keyword():
    out = io.StringIO()
    import pydoc

    pydoc.Helper(output=out)(dcmconv.run)
    shown = out.getvalue()
    for word in RunKeywords.__annotations__:
        assert f"{word}: " in shown
    assert "Literal['resume', 'skip', 'replace', 'fail'] | None" in shown


@pytest.mark.parametrize(
    ("word", "right"),
    [("normalise", "normalize"), ("tag_tabel", "tag_table"), ("progres", "progress")],
)
def test_a_wrong_keyword_suggests_the_right_one(word, right):
    with pytest.raises(UsageError, match=f"Unknown keyword '{word}'; did you mean '{right}'"):
        dcmconv.run(CT, "out", **{word: "x"})


@pytest.mark.parametrize("outputs", ["jpg", ["jpg"], ("jpg",), {"use": "jpg"}, iter(["jpg"])])
def test_one_output_needs_no_list(tmp_path, outputs):
    [outcome] = dcmconv.run(CT, tmp_path / "out", outputs=outputs)
    assert outcome.outputs[0].path.endswith("CT_small.jpg")


def test_one_pattern_needs_no_list(tmp_path, scans):
    chosen = [o.input for o in dcmconv.run(scans, tmp_path / "out", include="[0-2].dcm")]
    left = [o.input for o in dcmconv.run(scans, tmp_path / "out", exclude="[1-4].*")]
    assert (chosen, left) == (["0.dcm", "1.dcm", "2.dcm"], ["0.dcm", "notes.txt"])


def test_inputs_may_be_any_iterable_of_paths(tmp_path, scans):
    for inputs in (sorted(scans.glob("*.dcm")), scans.glob("*.dcm"), {str(scans)}):
        assert dcmconv.run(inputs, tmp_path / "out").wait().converted == 5


@pytest.mark.parametrize("inputs", [b"DICM", None, 3, [b"DICM"]])
def test_only_paths_are_inputs_of_a_run(inputs):
    with pytest.raises(UsageError, match="expected a path or several paths, got") as caught:
        dcmconv.run(inputs, "out")
    assert "dcmconv.convert()" in caught.value.hint


def test_a_missing_input_is_file_not_found(tmp_path):
    with pytest.raises(FileNotFoundError, match="no such file or folder"):
        dcmconv.run(tmp_path / "typo", tmp_path / "out").wait()


# Once


def test_a_run_that_was_never_iterated_says_so(tmp_path):
    prepared = dcmconv.run(CT, tmp_path / "out")
    assert repr(prepared).endswith(f"to {str(tmp_path / 'out')!r}: {NOT_STARTED}>")
    assert prepared.summary.stopped == NOT_STARTED
    assert not (tmp_path / "out").exists()


def test_iterating_twice_is_an_error(tmp_path):
    made = dcmconv.run(CT, tmp_path / "out")
    assert len(list(made)) == 1
    with pytest.raises(UsageError, match="has been iterated over before: finished") as caught:
        list(made)
    assert "outcomes = list(run)" in caught.value.hint


def test_waiting_returns_the_summary_every_time(tmp_path, scans):
    made = dcmconv.run(scans, tmp_path / "out")
    assert (made.wait().converted, made.wait().skipped) == (5, 1)
    assert repr(made).endswith(": finished, 5 converted, 1 skipped, 0 failed>")


def test_leaving_the_loop_stops_the_run(tmp_path, scans):
    made = dcmconv.run(scans, tmp_path / "out")
    for outcome in made:
        assert "running, 1 of " in repr(made)
        assert made.summary.stopped == "running"
        assert outcome.status == "converted"
        break
    assert made.summary.stopped == "interrupted"
    assert "stopped (interrupted), 1 converted" in repr(made)


def test_a_run_that_could_not_begin_says_why(tmp_path):
    made = dcmconv.run(tmp_path / "typo", tmp_path / "out")
    with pytest.raises(UsageError):
        made.wait()
    assert "typo: no such file or folder" in made.summary.stopped
    assert "typo: no such file or folder" in repr(made)


# Outcomes


def test_pictures_can_be_opened_from_any_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    [outcome] = dcmconv.run(CT, "out")
    [again] = dcmconv.run(CT, "out")
    [named] = dcmconv.run(CT, "one.png")
    monkeypatch.chdir("/")
    assert outcome.outputs[0].path == str(tmp_path / "out" / "CT_small.png")
    assert again.unchanged
    assert again.outputs == outcome.outputs
    assert named.outputs[0].path == str(tmp_path / "one.png")
    [line] = [o for o in read_journal(tmp_path / "out/.dcmconv/journal.jsonl") if "outputs" in o]
    assert line["outputs"][0]["path"] == "CT_small.png"


def test_outcomes_and_summaries_refuse_changes(tmp_path, scans):
    made = dcmconv.run(scans, tmp_path / "out")
    outcomes = list(made)
    for each in (*outcomes, outcomes[0].outputs[0], made.summary, made.progress):
        for field in fields(each):
            with pytest.raises(FrozenInstanceError):
                setattr(each, field.name, None)


def test_outcome_is_a_union_of_three():
    assert set(typing.get_args(dcmconv.Outcome)) == {Converted, Skipped, Failed}


# Dry runs


def test_a_dry_run_says_what_would_be_written(tmp_path, scans):
    options = {"outputs": ["png", "jpg"], "name": "{Modality}/{name}", "exclude": "4.dcm"}
    planned = dcmconv.run(scans, tmp_path / "out", dry_run=True, **options)
    before = list(planned)
    assert not (tmp_path / "out").exists()
    assert planned.summary.stopped == "dry run: nothing was written"
    after = list(dcmconv.run(scans, tmp_path / "out", **options))

    def told(outcomes):
        return [
            (
                o.status,
                o.input,
                [f.path for f in o.outputs] if o.status == "converted" else o.reason,
            )
            for o in outcomes
        ]

    assert told(before) == told(after)
    assert {f.size for o in before if isinstance(o, Converted) for f in o.outputs} == {0}


def test_a_dry_run_knows_what_is_unchanged(tmp_path, scans):
    dcmconv.run(scans, tmp_path / "out").wait()
    shutil.copy(CT, scans / "new.dcm")
    (tmp_path / "out" / "1.png").unlink()
    journal = tmp_path / "out/.dcmconv/journal.jsonl"
    before = journal.read_bytes()

    planned = dcmconv.run(scans, tmp_path / "out", dry_run=True)

    assert {o.input for o in planned if not o.unchanged} == {"1.dcm", "new.dcm"}
    assert (planned.summary.converted, planned.summary.unchanged) == (6, 4)
    assert journal.read_bytes() == before


def test_a_dry_run_to_one_file_names_it(tmp_path):
    [outcome] = dcmconv.run(CT, tmp_path / "x.jpg", outputs="jpg", dry_run=True)
    assert [each.path for each in outcome.outputs] == [str(tmp_path / "x.jpg")]
    assert not list(tmp_path.iterdir())


# Progress


def test_a_callback_hears_of_every_input(tmp_path, scans):
    heard = []
    dcmconv.run(scans, tmp_path / "out", progress=heard.append, executor="inline").wait()
    assert [each.finished for each in heard] == [1, 2, 3, 4, 5, 6]
    assert all(each.found >= each.finished for each in heard)
    last = heard[-1]
    assert (last.total, last.failures, last.pictures, last.seconds_left) == (6, 0, 5, 0)
    assert last.rate > 0
    assert str(last).startswith("6 of 6 inputs, ")


def test_total_is_unknown_until_all_are_found(tmp_path, scans):
    totals = []
    dcmconv.run(
        scans, tmp_path / "out", progress=lambda now: totals.append(now.total), executor="inline"
    ).wait()
    assert totals[0] is None
    assert totals[-1] == 6


def test_a_bar_is_lines_where_stderr_is_a_file(tmp_path, capfd):
    dcmconv.run(CT, tmp_path / "out", progress=True).wait()
    out, error = capfd.readouterr()
    assert out == ""
    assert error.startswith("1 of 1 input, ")


def test_progress_is_a_function_or_a_truth_value():
    with pytest.raises(UsageError, match=r"progress: expected True, False or a function, got 3\."):
        dcmconv.run(CT, "out", progress=3)


# Hints


def test_every_flag_of_run_has_a_keyword_for_hints():
    only_there = {
        "check-names",
        "from-file",
        "from0",
        "set",
        "no-plugin",
        "save-chain",
        "json",
        "quiet",
        "verbose",
    }
    flags = {
        word.partition("/")[0].lstrip("-")
        for flag in run_flags()
        for word in flag.words
        if word.startswith("--")
    }
    settings = {each.name.replace("_", "-") for each in fields(RunSettings)}
    assert flags - settings - only_there == set(KEYWORDS)
    known = set(inspect.signature(run).parameters)
    assert set(KEYWORDS.values()) <= known


@pytest.mark.parametrize(
    ("hint", "spoken"),
    [
        ("Try again: --retry-failed --timeout SECONDS", "Try again: retry_failed=True timeout=SECONDS"),
        ("Use a shorter --name, or an --out with more", "Use a shorter name=, or an out= with more"),
        ("Use --on-collision suffix, or a --name", "Use on_collision='suffix', or a name="),
        ("Name a folder: -o pictures/", "Name a folder: out='pictures/'"),
        ("Choose one: -w jpg", "Choose one: outputs=['jpg']"),
        ("make it smaller with --step resize.", "make it smaller with steps=['resize']."),
        ("Give --window.center and --window.width 2", "Give window:center=... and window:width=2"),
        ("Choose one frame: --frames 1", "Choose one frame: frames=1"),
        ("Try --workers 1, or see: dcmconv doctor", "Try workers=1, or see: dcmconv doctor"),
        ("To list: dcmconv journal orphans --json out", "To list: dcmconv journal orphans --json out"),
        ("Leave it out: --no-plugin x", "Leave it out: --no-plugin x"),
        ("a well-known one-to-one value -5", "a well-known one-to-one value -5"),
    ],
)  # fmt: skip
def test_hints_name_keywords(hint, spoken):
    assert in_python(hint) == spoken


def test_hints_of_failures_are_in_python_and_in_the_journal_as_flags(tmp_path):
    [outcome] = dcmconv.run(CT, tmp_path / "out", normalize="window")
    assert isinstance(outcome, Failed)
    assert outcome.hint == ("Give window:center=... and window:width=..., or use normalize='auto'.")
    *_, line = read_journal(tmp_path / "out/.dcmconv/journal.jsonl")
    assert "--window.center" in line["hint"]


def test_hints_of_errors_are_in_python(tmp_path):
    with pytest.raises(UsageError, match="several outputs: png, jpg") as caught:
        dcmconv.run(CT, tmp_path / "x.png", outputs=["png", "jpg"]).wait()
    assert caught.value.hint == (
        "Name a folder: out='pictures/' (with all of them as png: outputs=['all:png'])."
    )


def test_hints_about_one_picture_are_in_python():
    chain = dcmconv.Chain(normalize="window")
    for convert in (
        lambda: dcmconv.convert(CT, normalize="window"),
        lambda: list(chain.frames(CT)),
        lambda: dcmconv.open(CT)[0].render(normalize="window"),
    ):
        with pytest.raises(dcmconv.DcmconvError) as caught:
            convert()
        assert caught.value.hint.endswith("or use normalize='auto'.")


def test_own_flags_of_readers_become_options(tmp_path):
    plan = dcmconv.run(CT, tmp_path / "out")._run.plan
    assert in_python("raise the limit with --max-pixels.", plan) == (
        "raise the limit with read='dicom:max_pixels=...'."
    )


# Threads and event loops


def test_a_run_works_inside_an_event_loop(tmp_path, scans):
    async def convert():
        here = dcmconv.run(scans, tmp_path / "here", workers=2).wait()
        there = await asyncio.to_thread(dcmconv.run(scans, tmp_path / "there", workers=2).wait)
        return here.converted, there.converted

    assert asyncio.run(convert()) == (5, 5)


def test_signal_handlers_are_untouched(tmp_path, scans):
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    found = []

    def look(_):
        found.append([signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)])

    def convert():
        dcmconv.run(scans, tmp_path / "out", workers=2, progress=look).wait()

    thread = threading.Thread(target=convert)
    thread.start()
    thread.join(60)
    assert len(found) == 6
    assert all(each == before for each in found)


def test_another_thread_may_stop_a_run(tmp_path, scans):
    made = dcmconv.run(scans, tmp_path / "out", executor="inline")
    for _ in made:
        thread = threading.Thread(target=made.stop, args=("enough",))
        thread.start()
        thread.join()
    assert made.summary.stopped == "enough"


# Wrong values


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"out": None}, "out: expected a path, got None"),
        ({"out": ""}, "out: expected a path, got ''"),
        ({"out": b"out"}, "out: expected a path, got b'out'"),
        ({"tag_table": 5}, "tag_table: expected a path, got 5"),
        ({"include": 5}, "include: expected a pattern or several, got 5"),
        ({"exclude": ["*.dcm", None]}, "exclude: expected a pattern or several, got None"),
        # Any text would be true.
        ({"replace": "no"}, "replace: expected True or False, got 'no'"),
        ({"separate": "no"}, "separate: expected True or False, got 'no'"),
        ({"dry_run": "no"}, "dry_run: expected True or False, got 'no'"),
        ({"chain": 5}, "chain: expected a path, 'preset:NAME', a mapping or a Chain, got 5"),
        ({"inputs": [CT, None]}, "inputs: expected a path or several paths, got NoneType"),
    ],
)
def test_values_of_another_kind_are_errors_of_usage(tmp_path, keywords, message):
    with pytest.raises(UsageError) as caught:
        run(**{"inputs": CT, "out": tmp_path / "out", **keywords})

    assert caught.value.message.startswith(message)
    assert caught.value.hint


def test_an_open_file_is_refused_and_not_read(tmp_path):
    with CT.open("rb") as file:
        with pytest.raises(UsageError, match="got BufferedReader"):
            run(file, tmp_path / "out")
        assert file.tell() == 0


@pytest.mark.parametrize(
    ("keyword", "instead"),
    [
        ("bits", "outputs=['png:bits=16']"),
        ("overwrite", "on_existing='replace'"),
        ("n_jobs", "workers=2"),
        ("format", "outputs=['jpg']"),
    ],
)
def test_keywords_of_other_libraries_lead_to_ours(tmp_path, keyword, instead):
    with pytest.raises(UsageError) as caught:
        run(CT, tmp_path / "out", **{keyword: 1})
    assert caught.value.hint == f"Write {instead}, for example."


def test_a_run_that_was_interrupted_in_a_callback_says_so(tmp_path):
    def interrupt(progress):
        raise KeyboardInterrupt

    interrupted = run(CT, tmp_path / "out", executor="inline", progress=interrupt)
    with pytest.raises(KeyboardInterrupt):
        interrupted.wait()
    assert interrupted.summary.stopped == "failed: KeyboardInterrupt"
