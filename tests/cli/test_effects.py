"""Every flag of ``run`` beside every kind of chain: it has an effect, or says why not.

The table is complete: a new flag needs a row.
"""

from __future__ import annotations

import pytest
from pydicom.data import get_testdata_file

from dcmconv._entry import main
from dcmconv.cli.run_flags import run_flags

CT = get_testdata_file("CT_small.dcm")

CHAINS = {
    "no chain": "",
    "one output": "outputs: [{use: png, id: a, bits: 16, normalize: voi}]\nsteps: [rotate]",
    "several outputs": "outputs: [{use: png, id: a}, {use: png, id: b, normalize: voi, name: x}]",
    "rules": "rules: [{when: {Modality: CT}, normalize: voi, outputs: [png, {use: png, id: b}]}]",
}
EFFECT, NOTE, ERROR, NOTHING = "effect", "effect with a note", "error", "changes no picture"

ALL = [EFFECT] * 4
"""In the order of ``CHAINS``."""

TABLE = {
    "-n minmax": [EFFECT, ERROR, NOTE, NOTE],
    "-n minmax -n window:lung": [EFFECT, ERROR, ERROR, NOTE],
    "-c bone": ALL,
    "-s resize:99": [EFFECT, NOTE, EFFECT, EFFECT],
    "-w jpg": [EFFECT, EFFECT, ERROR, ERROR],
    "-w all:jpg": ALL,
    "-w only:jpg": ALL,
    "-w jpg -w png": [EFFECT, EFFECT, ERROR, ERROR],
    "--invert": ALL,
    "--aspect keep": ALL,
    "--frames 1": ALL,
    "-r dicom:values=suvbw": ALL,
    "--decoder RLELossless=rle": ALL,
    "--set png.bits=16": [EFFECT, ERROR, ERROR, EFFECT],
    "--set a.use=jpg": [ERROR, EFFECT, EFFECT, ERROR],
    "--set nosuch.x=1": [ERROR] * 4,
    "--name {frame}": [EFFECT, EFFECT, NOTE, EFFECT],
    "--window.center 40": [ERROR] * 4,
    "--workers 2": ALL,
    "--executor inline": ALL,
    "--timeout 5": ALL,
    "--memory 100": ALL,
    "--policy strict": ALL,
    "--on-error stop": ALL,
    "--max-failures 5": ALL,
    "--retry-failed": ALL,
    "--verify": ALL,
    "--durable": ALL,
    "--tracebacks": ALL,
    "--on-collision fail": ALL,
    "--on-existing skip": ALL,
}
"""What each flag does to the chain that ``--dry-run`` shows."""

NOT_OF_THE_CHAIN = {
    *(
        "inputs",
        "chain",
        "save_chain",
        "no_plugin",
        "out",
        "include",
        "exclude",
        "tag_table",
        "tag",
    ),
    *("dry_run", "as_json", "quiet", "verbose", "from_file", "from0", "check_names"),
    *("separate", "yes"),
}
"""Flags that change which inputs are read, where pictures go or what is printed."""


@pytest.fixture
def dry_run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    def run(words, chain=""):
        given = []
        if chain:
            (tmp_path / "c.yaml").write_text(f"version: 1\n{chain}\n", "utf-8")
            given = ["--chain", "c.yaml"]
        code = main(["run", CT, *given, *words, "--dry-run"])
        return code, *capsys.readouterr()

    return run


@pytest.mark.parametrize("words", TABLE)
@pytest.mark.parametrize("kind", CHAINS)
def test_a_flag_has_an_effect_or_says_why_not(dry_run, words, kind):
    _, before, _ = dry_run([], CHAINS[kind])
    code, shown, messages = dry_run(words.split(), CHAINS[kind])
    if code:
        assert (code, "Error: " in messages) == (2, True)
        found = ERROR
    elif shown == before:
        found = NOTHING
    else:
        found = NOTE if "Note: " in messages else EFFECT
    assert found == TABLE[words][list(CHAINS).index(kind)], messages


def test_every_flag_has_a_row():
    rows = " ".join(TABLE).split()
    missing = {
        flag.name
        for flag in run_flags()
        if not any(spelling in rows for spelling in flag.spellings())
    }
    assert missing - NOT_OF_THE_CHAIN == set()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--max-failures 5 --on-error stop", "max_failures has no effect with on_error stop"),
        ("--verify --on-existing replace", "verify has no effect with on_existing replace"),
        ("--retry-failed --on-existing fail", "retry_failed has no effect with on_existing fail"),
        ("--workers 4 --set run.executor=inline", "'workers' has no effect with the executor"),
        ("--timeout 5 --set run.executor=inline", "'timeout' has no effect with the executor"),
        ("--memory 99 --set run.executor=inline", "'memory' has no effect with the executor"),
        ("--tag PatientID", "--tags is missing"),
        ("--decoder RLELossless=rle --decoder RLELossless=rle", "2 times for RLELossless"),
        ("--name x -o x.png", "--name has no effect: --out x.png names the only picture"),
        ("-n none --invert", "--invert has no effect: the pictures have stored values"),
        ("-w all:jpg -w png", "cannot be combined"),
        ("-w all:jpg -w all:png", "'all' gives every output one other format"),
        ("-q -v", "--quiet and --verbose cannot be combined"),
        ("-s resize:256,pad=true,fill=0 -s resize:fill=3", "resize needs max, width, height"),
    ],
)
def test_options_that_cancel_each_other_are_rejected(dry_run, words, message):
    code, _, messages = dry_run(words.split())
    assert code == 2
    assert message in messages


def test_one_worker_is_what_the_inline_executor_has(dry_run):
    assert dry_run(["--workers", "1", "--set", "run.executor=inline"])[0] == 0
    # A chain below may have settings for another executor.
    assert dry_run(["--set", "run.executor=inline"], "run: {workers: 4}")[0] == 0
    code, _, messages = dry_run([], "run: {workers: 4, executor: inline}")
    assert (code, "c.yaml:2:16" in messages) == (2, True)


@pytest.mark.parametrize(
    ("words", "note"),
    [
        (
            "-n window:40,400 --set window.center=1",
            "--set window.center=1 has no effect: --normalize window:40,400 takes precedence.",
        ),
        (
            "--set png.bits=8 --set png.bits=16",
            "--set png.bits=8 has no effect on png.bits: --set png.bits=16 takes precedence.",
        ),
        (
            "-w jpg:90 --jpg.quality 95",
            "--writer jpg:90 has no effect on jpg.quality: --jpg.quality 95 takes precedence.",
        ),
    ],
)
def test_of_two_values_the_one_without_effect_is_named(dry_run, monkeypatch, words, note):
    code, _, messages = dry_run(words.split())
    assert (code, messages) == (0, f"Note: {note}\n")
    assert dry_run([*words.split(), "-q"])[2] == ""


def test_a_default_in_the_environment_is_overridden_without_a_note(dry_run, monkeypatch):
    monkeypatch.setenv("DCMCONV_SET", "png.bits=8")
    assert dry_run(["--set", "png.bits=16"])[2] == ""
