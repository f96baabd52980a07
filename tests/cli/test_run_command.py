import csv
import json
import re
from pathlib import Path

import pydicom
import pytest
from support.program import dcmconv

import dcmconv as dcmconv_package
from dcmconv._entry import main
from dcmconv.run.output.lock import Lock

TEST_FILES = Path(pydicom.__file__).parent / "data" / "test_files"
JPEG_START, PNG_START = b"\xff\xd8\xff", b"\x89PNG"


@pytest.fixture
def scans(tmp_path, monkeypatch):
    """A current folder with a CT and, in a subfolder, an RT Dose of 15 frames; no pictures."""
    monkeypatch.chdir(tmp_path)
    for name, place in {"CT_small.dcm": "CT_small.dcm", "rtdose.dcm": "dose/rtdose.dcm"}.items():
        target = tmp_path / place
        target.parent.mkdir(exist_ok=True)
        target.write_bytes((TEST_FILES / name).read_bytes())
    return tmp_path


def pictures(folder):
    found = (path for path in folder.rglob("*") if path.is_file() and ".dcmconv" not in path.parts)
    return sorted(path.relative_to(folder).as_posix() for path in found)


def summary_of(text):
    return json.loads(text.splitlines()[-1])


def test_run_works_without_input_and_output(scans, capsys):
    assert main(["run", "--normalize", "minmax", "--writer", "jpg"]) == 0
    out = scans / "dcmconv-out"
    assert pictures(out) == [
        "CT_small.jpg",
        *(f"dose/rtdose_{number:04d}.jpg" for number in range(1, 16)),
    ]
    assert (out / "CT_small.jpg").read_bytes().startswith(JPEG_START)
    printed = capsys.readouterr()
    assert printed.err.startswith("Converting . → ./dcmconv-out (jpg, minmax, ")
    assert printed.out.startswith("2 inputs converted to 16 pictures, ")
    assert printed.out.endswith(" s → ./dcmconv-out\n")


def test_second_run_changes_nothing(scans, capsys):
    assert main(["run", "-w", "jpg"]) == 0
    before = {path: path.stat().st_mtime_ns for path in (scans / "dcmconv-out").rglob("*.jpg")}
    assert main(["run", "-w", "jpg"]) == 0
    after = {path: path.stat().st_mtime_ns for path in (scans / "dcmconv-out").rglob("*.jpg")}
    assert after == before
    assert "2 inputs unchanged, " in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        ["-n", "window:center=40,width=400"],
        ["-n", "window", "--window.center", "40", "--window.width", "400"],
        ["-n", "window", "--set", "window.center=40", "--set", "window.width=400"],
        ["--chain", "chain.yaml"],
    ],
)
def test_every_form_of_options_gives_the_same_bytes(scans, words):
    (scans / "chain.yaml").write_text(
        "version: 1\nnormalize: {use: window, center: 40, width: 400}\n", "utf-8"
    )
    assert main(["run", "CT_small.dcm", "-o", "one", "-w", "png", *words]) == 0
    reference = [
        "run",
        "CT_small.dcm",
        "-o",
        "two",
        "-n",
        "window:width=400,center=40",
        "-w",
        "png",
    ]
    assert main(reference) == 0
    assert (scans / "one/CT_small.png").read_bytes() == (scans / "two/CT_small.png").read_bytes()


def test_negative_number_is_a_value(scans, capsys):
    words = ["-n", "window", "--window.center", "-600", "--window.width", "1500"]
    assert main(["run", "CT_small.dcm", "--dry-run", *words]) == 0
    assert "-600" in capsys.readouterr().out
    assert not (scans / "dcmconv-out").exists()


def test_precedence_is_environment_set_flag(scans, monkeypatch, capsys):
    monkeypatch.setenv("DCMCONV_SET", "jpg.quality=11 run.timeout=33")
    assert main(["run", "--dry-run", "-w", "jpg"]) == 0
    assert re.search('quality: "?11\\b', capsys.readouterr().out)
    assert main(["run", "--dry-run", "-w", "jpg", "--set", "jpg.quality=22"]) == 0
    assert re.search('quality: "?22\\b', capsys.readouterr().out)
    flags = ["--set", "jpg.quality=22", "--jpg.quality", "44"]
    assert main(["run", "--dry-run", "-w", "jpg", *flags]) == 0
    assert re.search('quality: "?44\\b', capsys.readouterr().out)


def test_two_writers_make_two_pictures_per_frame(scans):
    assert main(["run", "CT_small.dcm", "-w", "jpg", "-w", "png:bits=16"]) == 0
    out = scans / "dcmconv-out"
    assert pictures(out) == ["CT_small.jpg", "CT_small.png"]
    assert (out / "CT_small.png").read_bytes().startswith(PNG_START)


def test_steps_are_applied_in_order(scans, capsys):
    assert main(["run", "--dry-run", "-s", "rotate", "-s", "flip", "-s", "resize:max=64"]) == 0
    shown = capsys.readouterr().out
    assert shown.index("rotate") < shown.index("flip") < shown.index("resize")


def test_only_requested_frames_are_converted(scans):
    assert main(["run", "dose", "--frames", "1,3-5", "-w", "png"]) == 0
    numbers = [name[-8:-4] for name in pictures(scans / "dcmconv-out")]
    assert numbers == ["0001", "0003", "0004", "0005"]


def test_patterns_select_the_inputs(scans):
    assert main(["run", "--include", "*.dcm", "--exclude", "dose/*", "-w", "png"]) == 0
    assert pictures(scans / "dcmconv-out") == ["CT_small.png"]


def test_template_names_the_pictures(scans):
    name = "{Modality}/{SeriesNumber:04d}_{frame:03d}"
    assert main(["run", "CT_small.dcm", "-w", "png", "--name", name]) == 0
    assert pictures(scans / "dcmconv-out") == ["CT/0001_001.png"]


ARTICLE = [
    *("PatientID", "PatientName", "PatientBirthDate", "PatientAge", "PatientSex", "StudyID"),
    *("StudyDate", "StudyTime", "InstitutionName", "Manufacturer", "StudyDescription"),
]


def header_of(table):
    return table.read_text("utf-8").splitlines()[0].split(",")


def test_a_tag_table_names_nobody_unless_asked(scans):
    assert main(["run", "CT_small.dcm", "-w", "png", "-n", "minmax", "--tags", "tags.csv"]) == 0
    [row] = csv.DictReader((scans / "tags.csv").read_text("utf-8").splitlines())
    uid = "1.3.6.1.4.1.5962.1.1.1.1.1.20040119072730.12322"
    assert row == {
        "input": "CT_small.dcm",
        "output": "CT_small.png",
        "frame": "1",
        "Modality": "CT",
        "SeriesInstanceUID": "1.3.6.1.4.1.5962.1.3.1.1.20040119072730.12322",
        "SOPInstanceUID": uid,
        "rows": "128",
        "columns": "128",
        "tone": "min-max -896..1167 HU",
        "reason": "",
    }


@pytest.mark.parametrize(
    "words", [["--tag", "article"], ["--chain", "preset:article", "--set", "figure.dpi=20"]]
)
def test_the_tags_of_the_article_are_one_word(scans, words):
    assert main(["run", "CT_small.dcm", "--tags", "tags.csv", *words]) == 0
    assert header_of(scans / "tags.csv")[3:-1] == ARTICLE


def test_the_list_of_tags_is_the_same_in_python(scans):
    dcmconv_run("CT_small.dcm", "one", tag_table="usual.csv")
    assert main(["run", "CT_small.dcm", "-o", "two", "--tags", "same.csv"]) == 0
    assert (scans / "usual.csv").read_bytes() == (scans / "same.csv").read_bytes()
    dcmconv_run("CT_small.dcm", "one", tag_table="a.csv", tags=["article", "Modality"])
    dcmconv_run("CT_small.dcm", "one", tag_table="b.csv", chain="preset:article")
    assert header_of(scans / "a.csv")[3:-1] == [*ARTICLE, "Modality"]
    assert header_of(scans / "b.csv")[3:-1] == ARTICLE


def dcmconv_run(*words, **options):
    outcomes = list(dcmconv_package.run(*words, on_existing="replace", **options))
    assert [outcome.status for outcome in outcomes] == ["converted"]


@pytest.mark.parametrize(
    ("tag", "closest"),
    [
        ("modality", "Modality"),
        ("articel", "article"),
        ("width", "columns"),
        ("PatientNmae", "PatientName"),
        ("ReferencedImageSequence.ReferencedSOPInstanceUld", "ReferencedSOPInstanceUID"),
    ],
)
def test_an_unknown_tag_gets_a_suggestion(scans, capsys, tag, closest):
    assert main(["run", "CT_small.dcm", "--tags", "tags.csv", "--tag", tag]) == 2
    assert f"did you mean '{closest}'?" in capsys.readouterr().err


def test_a_chain_with_tags_prints_none_without_a_table(scans, capsys):
    words = ["--chain", "preset:article", "--set", "figure.dpi=20", "--json", "-v"]
    assert main(["run", "CT_small.dcm", *words]) == 0
    assert "PatientName" not in capsys.readouterr().out


def test_a_path_leads_into_a_sequence(scans):
    steps = ("[0].", ".", "[0]/")
    tags = [f"OtherPatientIDsSequence{step}PatientID" for step in steps]
    words = [word for tag in tags for word in ("--tag", tag)]
    assert main(["run", "CT_small.dcm", "--tags", "tags.csv", *words]) == 0
    [row] = csv.DictReader((scans / "tags.csv").read_text("utf-8").splitlines())
    assert [row[tag] for tag in tags] == ["ABCD1234"] * 3


def test_a_table_with_other_columns_is_announced(scans, capsys):
    words = ["run", "CT_small.dcm", "--tags", "tags.csv", "--tag"]
    assert main([*words, "PatientID"]) == 0
    capsys.readouterr()
    assert main([*words, "Modality"]) == 0
    expected = "The columns of tags.csv change: + Modality, - PatientID"
    assert expected in capsys.readouterr().err.replace(f"{scans}/", "")


def test_tag_table_has_the_requested_tags(scans):
    words = ["--tags", "tags.jsonl", "--tag", "Modality", "--tag", "0020,0013"]
    assert main(["run", "CT_small.dcm", "-w", "png", *words]) == 0
    row = json.loads((scans / "tags.jsonl").read_text("utf-8"))
    assert (row["Modality"], row["0020,0013"]) == ("CT", 1)


def test_json_summary_goes_to_stdout_only(scans, capsys):
    assert main(["run", "--json", "-w", "png"]) == 0
    printed = capsys.readouterr()
    [line] = printed.out.splitlines()
    summary = json.loads(line)
    assert (summary["converted"], summary["pictures"], summary["exit_code"]) == (2, 16, 0)
    assert "2 inputs converted to 16 pictures" in printed.err


def test_verbose_json_prints_a_line_per_input(scans, capsys):
    assert main(["run", "--json", "-v", "-w", "png"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["kind"] for line in lines] == ["outcome", "outcome", "summary"]
    assert lines[0]["outputs"][0]["path"] == "CT_small.png"


def test_quiet_prints_nothing_without_errors(scans, capsys):
    assert main(["run", "-q", "-w", "png"]) == 0
    assert capsys.readouterr() == ("", "")


def test_one_bad_file_fails_alone_and_is_explained(scans, capsys):
    (scans / "empty.dcm").write_bytes(b"")
    (scans / "notes.txt").write_text("no DICOM", "utf-8")
    assert main(["run", "-w", "png", "--json"]) == 1
    printed = capsys.readouterr()
    summary = summary_of(printed.out)
    assert (summary["converted"], summary["skipped"], summary["failed"]) == (2, 1, 1)
    assert summary["failures"][0]["input"] == "empty.dcm"
    assert "Failed, empty: 1\n  empty.dcm: The file is empty." in printed.err
    assert str(Path("dcmconv-out/.dcmconv/journal.jsonl")) in printed.err


def test_folder_without_pictures_exits_with_3(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.txt").write_text("no DICOM", "utf-8")
    assert main(["run"]) == 3
    printed = capsys.readouterr().err
    assert "Nothing to convert in .: 1 input skipped (1 not-dicom)." in printed
    assert "dcmconv samples demo" in printed


def test_existing_pictures_are_the_reason_that_nothing_was_converted(scans, capsys):
    assert main(["run", "-w", "png"]) == 0
    assert main(["run", "-w", "png", "--on-existing", "skip"]) == 3
    printed = capsys.readouterr().err
    assert (
        "Nothing to convert in .: 2 inputs skipped (2 exists).\n"
        "  To convert inputs whose pictures exist already: --on-existing replace"
    ) in printed


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (["-n", "minmx"], "Unknown normalizer 'minmx'.", "Did you mean 'minmax'?"),
        (["-n", "window:widht=4"], "'window' has no option 'widht'", "did you mean 'width'?"),
        (["-w", "jpg", "--jpg.quality", "900"], "--jpg.quality 900", "100"),
        (["-r", "dicm"], "Unknown reader 'dicm'.", "Did you mean 'dicom'?"),
        (["--dicom.inflate_limit", "0"], "--dicom.inflate_limit 0", "expected at least 1"),
        (["--window.center", "40"], "This chain has no component 'window'", "Add it: -n window"),
        (["--frames", "3-1"], "'3-1' ends before it starts", "1,3-5"),
        (["--workers", "many"], "--workers many", "auto"),
        (["--on-existing", "overwrite"], "--on-existing overwrite", "replace"),
        (["nowhere/"], "nowhere/: no such file or folder", "dcmconv plugins list"),
        (["-q", "-v"], "--quiet and --verbose cannot be combined.", "Remove one of them."),
        (["-n", "none", "-w", "jpg"], "stored", "png"),
    ],
)
def test_invalid_command_touches_no_file(scans, capsys, words, message, hint):
    assert main(["run", *words]) == 2
    printed = capsys.readouterr().err
    assert message in printed
    assert hint in printed
    assert not (scans / "dcmconv-out").exists()


def test_dry_run_counts_and_writes_nothing(scans, capsys):
    assert main(["run", "--dry-run"]) == 0
    shown = capsys.readouterr().out
    assert "use: png" in shown
    assert "# Dry run: 2 inputs found (" in shown
    assert pictures(scans) == ["CT_small.dcm", "dose/rtdose.dcm"]


def test_dry_run_prints_json(scans, capsys):
    assert main(["run", "--dry-run", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["inputs"], answer["lanes"][0]["id"]) == (2, "png")


def test_escape_sequences_in_names_are_harmless(scans, capsys):
    (scans / "bad\x1b[2J.dcm").write_bytes(b"")
    assert main(["run", "-v", "-w", "png"]) == 1
    printed = capsys.readouterr()
    assert "\x1b" not in printed.out + printed.err
    assert "bad\\x1b[2J.dcm" in printed.err


def test_output_in_use_exits_with_5(scans, capsys):
    state = scans / "out" / ".dcmconv"
    state.mkdir(parents=True)
    lock = Lock(state / "lock")
    lock.acquire()
    try:
        assert main(["run", "-o", "out", "-w", "png"]) == 5
    finally:
        lock.release()
    assert capsys.readouterr().err.startswith("Error: ")


def test_program_runs_in_its_own_process(scans):
    result = dcmconv("run", "--normalize", "minmax", "--writer", "jpg", cwd=scans)
    assert result.returncode == 0, result.stderr
    assert "2 inputs converted to 16 pictures" in result.stdout
    assert "\x1b" not in result.stderr
