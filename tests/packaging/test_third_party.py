"""Third-party plugins, installed and used from the command line."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image
from pydicom.data import get_testdata_file
from support.dicom_files import monochrome, save
from support.environments import ROOT, fresh_environment

THIRD_PARTY = ROOT / "tests" / "third_party"
WORKING = (
    "dcmconv-gamma",
    "dcmconv-npyread",
    "dcmconv-pgm",
    "dcmconv-rledecoder",
    "dcmconv-sepia",
)
RAMP = np.linspace(-1000, 3000, 48).astype(np.int16).reshape(6, 8)


@pytest.fixture(scope="module")
def environment(wheel, tmp_path_factory):
    made = fresh_environment(tmp_path_factory.mktemp("third-party") / "env")
    made.install(wheel, *(THIRD_PARTY / name for name in WORKING))
    return made


@pytest.fixture
def scans(tmp_path):
    save(monochrome(RAMP), tmp_path / "scans" / "a.dcm")
    return tmp_path / "scans"


def test_a_third_party_colormap_colors_a_picture(environment, scans, tmp_path):
    environment.run(
        "dcmconv", "run", scans, "-o", tmp_path / "out", "-n", "minmax", "-c", "sepia", "-w", "png"
    )
    pixels = np.asarray(Image.open(tmp_path / "out" / "a.png").convert("RGB"))
    assert pixels[0, 0].tolist() == [0, 0, 0]
    assert pixels[-1, -1].tolist() == [255, 255, 255]
    red, green, blue = pixels[3, 0].tolist()
    assert red > green > blue


def test_a_third_party_option_works_in_each_form(environment, scans, tmp_path):
    inline, dotted = tmp_path / "inline", tmp_path / "dotted"
    environment.run("dcmconv", "run", scans, "-o", inline, "-n", "gamma:exponent=2", "-w", "png")
    environment.run(
        "dcmconv", "run", scans, "-o", dotted, "-n", "gamma", "--gamma.exponent", "2", "-w", "png"
    )
    shown = np.asarray(Image.open(inline / "a.png"))
    way = (RAMP.astype(float) + 1000) / 4000
    assert np.array_equal(shown, np.floor(way**2 * 255 + 0.5).astype(np.uint8))
    assert (inline / "a.png").read_bytes() == (dotted / "a.png").read_bytes()


def test_a_third_party_option_out_of_bounds_is_rejected(environment, scans, tmp_path):
    done = environment.run(
        "dcmconv", "run", scans, "-o", tmp_path / "out", "-n", "gamma:exponent=0", code=2
    )
    assert "exponent" in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_third_party_reader_is_found_by_content(environment, tmp_path):
    (tmp_path / "arrays").mkdir()
    with (tmp_path / "arrays" / "frames.bin").open("wb") as stream:
        np.save(stream, np.stack([RAMP, RAMP[::-1]]))
    environment.run(
        "dcmconv", "run", tmp_path / "arrays", "-o", tmp_path / "out", "-n", "minmax", "-w", "png"
    )
    names = sorted(path.name for path in (tmp_path / "out").glob("*.png"))
    assert names == ["frames.bin_0001.png", "frames.bin_0002.png"]
    first = np.asarray(Image.open(tmp_path / "out" / names[0]))
    assert (first[0, 0], first[-1, -1]) == (0, 255)


def test_a_third_party_writer_gets_its_depth(environment, scans, tmp_path):
    environment.run(
        "dcmconv", "run", scans, "-o", tmp_path / "out", "-n", "minmax", "-w", "pgm:bits=16"
    )
    content = (tmp_path / "out" / "a.pgm").read_bytes()
    assert content.startswith(b"P5 8 6 65535\n")
    assert len(content) == len(b"P5 8 6 65535\n") + 6 * 8 * 2
    assert content.endswith(b"\xff\xff")


def test_a_suffix_of_a_third_party_names_a_file(environment, scans, tmp_path):
    for name, flags in {"x.pgm": ["-w", "pgm"], "y.pgm": []}.items():
        environment.run("dcmconv", "run", scans / "a.dcm", "-o", tmp_path / name, *flags)
        assert (tmp_path / name).read_bytes().startswith(b"P5 8 6 255\n")
    script = (
        "import sys, dcmconv\n"
        "source, saved, made = sys.argv[1:]\n"
        "dcmconv.convert(source).save(saved)\n"
        "assert [o.status for o in dcmconv.run(source, made, writers=['pgm'])] == ['converted']\n"
    )
    environment.run("python", "-c", script, scans / "a.dcm", tmp_path / "s.pgm", tmp_path / "m.pgm")
    content = (tmp_path / "x.pgm").read_bytes()
    assert all((tmp_path / f"{name}.pgm").read_bytes() == content for name in "ysm")


def test_a_third_party_suffix_does_not_fit_another_writer(environment, scans, tmp_path):
    done = environment.run(
        *("dcmconv", "run", scans / "a.dcm", "-o", tmp_path / "x.pgm", "-w", "png"), code=2
    )
    assert "x.pgm ends in .pgm, but writer 'png' makes .png files." in done.stderr
    assert not (tmp_path / "x.pgm").exists()


def test_a_third_party_decoder_is_used_only_by_choice(environment, tmp_path):
    compressed = get_testdata_file("MR_small_RLE.dcm")
    pixels, decoders = {}, {}
    for name, flags in {
        "pinned": (),
        "chosen": ("--decoder", "RLE Lossless=numpy-rle"),
        "by-uid": ("--decoder", "1.2.840.10008.1.2.5=numpy-rle"),
    }.items():
        out = tmp_path / name
        environment.run(
            "dcmconv", "run", compressed, "-o", out, "-n", "minmax", "-w", "png", *flags
        )
        [picture] = out.glob("*.png")
        pixels[name] = picture.read_bytes()
        [journal] = out.rglob("journal.jsonl")
        lines = [json.loads(line) for line in journal.read_text("utf-8").splitlines()]
        decoders[name] = [line["decoder"] for line in lines if "decoder" in line]
    assert decoders == {
        "pinned": ["imagecodecs.packbits"],
        "chosen": ["numpy-rle"],
        "by-uid": ["numpy-rle"],
    }
    assert pixels["chosen"] == pixels["by-uid"] == pixels["pinned"]


def test_third_party_plugins_work_in_several_processes(environment, tmp_path):
    for number in range(8):
        save(monochrome(RAMP + number), tmp_path / "scans" / f"{number}.dcm")
    for workers in ("1", "2"):
        environment.run(
            *("dcmconv", "run", tmp_path / "scans", "-o", tmp_path / workers, "--workers", workers),
            *("-n", "gamma", "-c", "sepia", "-w", "png"),
        )
    alone = {path.name: path.read_bytes() for path in (tmp_path / "1").glob("*.png")}
    together = {path.name: path.read_bytes() for path in (tmp_path / "2").glob("*.png")}
    assert len(alone) == 8
    assert together == alone


def test_a_third_party_error_fails_its_input(environment, tmp_path):
    in_color = get_testdata_file("examples_rgb_color.dcm")
    done = environment.run(
        *("dcmconv", "run", in_color, "-o", tmp_path / "out", "-w", "pgm"), code=1
    )
    assert "A PGM file has no colors." in done.stderr
    assert "Use --writer png." in done.stderr
    assert not list((tmp_path / "out").glob("*.pgm"))


def test_a_colormap_for_a_gray_writer_is_rejected(environment, scans, tmp_path):
    done = environment.run(
        *("dcmconv", "run", scans, "-o", tmp_path / "out", "-c", "sepia", "-w", "pgm"), code=2
    )
    assert "The colormap 'sepia' makes color pictures; 'pgm' writes only gray." in done.stderr


@pytest.mark.parametrize("name", WORKING)
def test_a_third_party_plugin_passes_the_conformance_kit(environment, name):
    tests = THIRD_PARTY / name / "tests"
    options = ("--rootdir", tests, "--import-mode=importlib", "-p", "no:cacheprovider", "-q")
    output = environment.run("python", "-m", "pytest", tests, *options).stdout
    assert " passed" in output


def test_the_list_names_each_distribution(environment):
    output = environment.run("dcmconv", "plugins", "list").stdout
    for name in WORKING:
        assert name in output


def test_a_plugin_can_be_left_out(environment, scans, tmp_path):
    left_out = ("--no-plugin", "sepia")
    done = environment.run(
        "dcmconv", "run", scans, "-o", tmp_path / "out", *left_out, "-c", "sepia", code=2
    )
    assert "sepia" in done.stderr


def test_a_broken_plugin_is_named_and_skipped(wheel, scans, tmp_path):
    environment = fresh_environment(tmp_path / "env")
    environment.install(wheel, THIRD_PARTY / "dcmconv-broken")
    done = environment.run("dcmconv", "run", scans, "-o", tmp_path / "out", "-w", "png")
    assert (tmp_path / "out" / "a.png").is_file()
    assert "dcmconv-broken 0.3.1" in done.stderr
    assert "a_library_that_nobody_has" in done.stderr
    assert "Traceback" not in done.stderr
    silent = environment.run(
        *("dcmconv", "run", scans, "-o", tmp_path / "silent", "-w", "png", "--no-plugin", "broken")
    )
    assert "dcmconv-broken" not in silent.stderr
