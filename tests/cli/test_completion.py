"""Shell completion, and joining words that bash has split."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.program import dcmconv

from dcmconv.chain.spec import OUTPUT_KEYS
from dcmconv.cli.completion import (
    chain_names,
    component_of,
    decoder_of_syntax,
    overrides,
    rejoined,
    tag_names,
)


def complete(line, **environment):
    words = line.split(" ")
    result = dcmconv(
        _DCMCONV_COMPLETE="complete_bash",
        COMP_WORDS=line,
        COMP_CWORD=len(words) - 1,
        **environment,
    )
    return result.stdout.split()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("dcmconv ru", ["run"]),
        ("dcmconv run -n wi", ["window"]),
        ("dcmconv run --colormap hot-i", ["hot-iron"]),
        ("dcmconv run -n window --window.ce", ["--window.center"]),
        ("dcmconv run --jpg.qual", ["--jpg.quality"]),
        ("dcmconv run -w jpg --jpg.subsampling a", ["auto"]),
        ("dcmconv run --on-existing re", ["resume", "replace"]),
        ("dcmconv chain show preset:art", ["preset:article", "preset:article-batch"]),
        ("dcmconv plugins show minm", ["minmax"]),
        ("dcmconv run --tag PatientNa", ["PatientName"]),
        ("dcmconv run --tag art", ["article"]),
        ("dcmconv run --set run.on_ex", ["run.on_existing="]),
        ("dcmconv run --set jpg.qual", ["jpg.quality="]),
    ],
)
def test_shell_gets_completions(line, words):
    assert complete(line) == words


@pytest.mark.parametrize(
    ("word", "offered"),
    [
        ("1.2.840.10008.1.2.5", ["1.2.840.10008.1.2.5="]),
        ("1.2.840.10008.1.2.4.8", ["1.2.840.10008.1.2.4.80=", "1.2.840.10008.1.2.4.81="]),
        ("1.2.840.10008.1.2.5=", ["1.2.840.10008.1.2.5=rle"]),
        ("1.2.840.10008.1.2.5=j", []),
        ("RLE Lossless=rl", ["RLE Lossless=rle"]),
    ],
)
def test_a_decoder_is_offered_for_its_transfer_syntaxes_only(word, offered):
    assert [found for found, _ in decoder_of_syntax(word)] == offered


@pytest.mark.parametrize(
    ("word", "offered"),
    [
        ("window:lu", ["window:lung"]),
        ("minmax:se", ["minmax:series"]),
        ("window:40,", []),
        ("window:number=1,lu", []),
        ("auto:lu", []),
        ("nosuch:lu", []),
    ],
)
def test_values_without_a_name_are_completed(word, offered):
    found = [answer for answer, _ in component_of("normalizer")(word)]
    assert [answer for answer in found if not answer.endswith("=")] == offered


def test_a_writer_for_all_outputs_is_completed():
    offered = [answer for answer, _ in component_of("writer")("all:jp")]
    assert offered == ["all:jpg"]
    assert "all:jpg:quality=" in [answer for answer, _ in component_of("writer")("all:jpg:")]


def test_every_key_of_an_output_is_completed():
    offered = {
        word.removeprefix("jpg:").removesuffix("=") for word, _ in component_of("writer")("jpg:")
    }
    assert offered >= OUTPUT_KEYS | {"id", "quality"}
    assert component_of("writer")("jpg:aspect=") == [
        ("jpg:aspect=auto", ""),
        ("jpg:aspect=square", ""),
        ("jpg:aspect=keep", ""),
    ]


@pytest.mark.parametrize(
    ("words", "current", "whole", "before"),
    [
        pytest.param(["d", "-n", "wi"], 2, ["d", "-n", "wi"], "", id="a-word-without-breaks"),
        pytest.param(["d", "-n", "w", ":", "ce"], 4, ["d", "-n", "w:ce"], "w:", id="a-colon"),
        pytest.param(["d", "w", ":"], 2, ["d", "w:"], "w:", id="nothing-after-the-break"),
        pytest.param(
            ["d", "w", ":", "a", "=", "1,b"], 5, ["d", "w:a=1,b"], "w:a=", id="colon-and-equals"
        ),
        pytest.param(["d", "w", ":", "a", ""], 4, ["d", "w:a", ""], "", id="a-new-word"),
        pytest.param(["d", "w", ":", "a", "-c"], 4, ["d", "w:a", "-c"], "", id="the-next-flag"),
        pytest.param(["d", "w:ce"], 1, ["d", "w:ce"], "", id="a-bash-that-does-not-split"),
    ],
)
def test_split_words_are_joined_again(words, current, whole, before):
    found = rejoined(words, current)
    assert (found.words, found.words[found.current], found.before) == (
        whole,
        whole[found.current],
        before,
    )


COMPLETING = """
{script}
COMP_WORDS=({words}); COMP_CWORD={current}
_dcmconv_completion dcmconv dcmconv x
printf "%s\\n" "${{COMPREPLY[@]}}"
"""


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
@pytest.mark.parametrize(
    ("words", "current", "answers"),
    [
        ("dcmconv run -n window : ce", 5, ["center="]),
        ("dcmconv run -n window :", 4, ["abdomen", "bone"]),
        ("dcmconv run -n window : center = 40,wi", 7, ["40,width="]),
        ("dcmconv run -n window : name = lu", 7, ["lung"]),
        ("dcmconv run --writer = jpg : q", 6, ["quality="]),
        ("dcmconv run -n wi", 3, ["window"]),
        ("dcmconv run --chain preset : articl", 5, ["article", "article-batch"]),
    ],
)
def test_bash_completes_options_after_a_colon(words, current, answers, tmp_path):
    program = tmp_path / "dcmconv"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m dcmconv "$@"\n')
    program.chmod(0o755)
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "HOME": str(tmp_path)}
    script = subprocess.run(
        ["bash", "-c", "dcmconv"],
        env={**environment, "_DCMCONV_COMPLETE": "source_bash"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    text = COMPLETING.format(
        script=script, words=" ".join(f"'{w}'" for w in words.split()), current=current
    )
    done = subprocess.run(
        ["bash", "-c", text.replace(" dcmconv dcmconv x", f" {Path(program)} dcmconv x")],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split()[: len(answers)] == answers


def test_every_keyword_of_the_standard_is_completed():
    from pydicom.datadict import keyword_dict

    letters = {keyword[0] for keyword in keyword_dict if keyword}
    offered = {word for letter in letters for word, _ in tag_names(letter)}
    assert offered >= set(keyword_dict) - {""}
    assert "PatientName" not in {word for word, _ in tag_names("")}
    assert {"article", "default", "rows"} <= {word for word, _ in tag_names("")}


def test_values_of_an_override_are_completed():
    assert ("run.on_existing=replace", "") in overrides("run.on_existing=re")
    assert [word for word, _ in overrides("ru")] == ["run."]


def test_chain_files_folders_and_presets_are_completed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    for name in ("mine.yaml", "mine/ct.yml", "mine/ct.png", ".hidden.yaml"):
        (tmp_path / name).touch()
    words = [word for word, _ in chain_names("")]
    assert words[-2:] == ["mine/", "mine.yaml"]
    assert "preset:article" in words
    assert [word for word, _ in chain_names("mine/c")] == ["mine/ct.yml"]
