"""Policies: strict rejects every file with a note; salvage converts what is left, and marks it."""

from __future__ import annotations

import logging
import re
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from support.dicom_files import as_bytes, color, compressed, monochrome, palette_color, save
from support.plans import lane, plan, registry

from dcmconv.chain.plan import ComponentRef
from dcmconv.run.engine import Run

RLE = "1.2.840.10008.1.2.5"


def slope(rows=4, columns=4, *, start=0):
    """Return 0, 10, 20, ... ."""
    count = rows * columns
    return (start + 10 * np.arange(count, dtype=np.uint16)).reshape(rows, columns)


def convert(content, tmp_path, *, policy="default", **reader):
    """Convert one file; return its outcome, and where the pictures are."""
    (tmp_path / "x.dcm").write_bytes(content)
    made = plan(lane(), policy=policy)
    if reader:
        made = replace(made, readers=(registry().ref("reader", "dicom", reader),))
    out = tmp_path / f"out-{policy}"
    (outcome,) = Run(made, [str(tmp_path / "x.dcm")], out, registry=registry())
    return outcome, out


def gray(path):
    return np.asarray(Image.open(path))


def test_a_truncated_picture_fails_unless_salvaged(tmp_path):
    content = as_bytes(monochrome(slope()))[: -8 * 2]
    outcome, _ = convert(content, tmp_path)
    assert (outcome.status, outcome.reason) == ("failed", "truncated")
    outcome, out = convert(content, tmp_path, policy="salvage")
    assert (outcome.status, outcome.salvaged) == ("converted", True)
    assert [output.path for output in outcome.outputs] == ["x-salvaged.png"]
    assert outcome.outputs[0].salvaged
    assert outcome.notes[-1] == "Salvaged: 8 of 16 pixels are missing."
    # 0 to 70 over 255; what is missing is background, and not part of minimum and maximum.
    assert gray(out / "x-salvaged.png").ravel().tolist() == [
        0, 36, 73, 109, 146, 182, 219, 255, *[0] * 8,
    ]  # fmt: skip


def test_missing_pixels_of_an_inverted_picture_are_black(tmp_path):
    made = monochrome(slope(), PhotometricInterpretation="MONOCHROME1")
    outcome, out = convert(as_bytes(made)[:-16], tmp_path, policy="salvage")
    assert outcome.salvaged
    assert gray(out / "x-salvaged.png").ravel().tolist() == [
        255, 219, 182, 146, 109, 73, 36, 0, *[0] * 8,
    ]  # fmt: skip


def test_half_a_pixel_is_missing(tmp_path):
    outcome, _ = convert(as_bytes(monochrome(slope()))[:-15], tmp_path, policy="salvage")
    assert outcome.notes[-1] == "Salvaged: 8 of 16 pixels are missing."


def test_missing_pixels_are_background_even_without_a_free_value(tmp_path):
    values = np.array([[0, 65535, 7, 7]], dtype=np.uint16)
    outcome, out = convert(as_bytes(monochrome(values))[:-2], tmp_path, policy="salvage")
    assert outcome.salvaged
    assert gray(out / "x-salvaged.png").tolist() == [[0, 255, 0, 0]]


def test_missing_pixels_of_a_color_picture_are_black(tmp_path):
    values = np.full((2, 2, 3), 200, dtype=np.uint8)
    outcome, out = convert(as_bytes(color(values))[:-5], tmp_path, policy="salvage")
    assert outcome.salvaged
    picture = gray(out / "x-salvaged.png")
    assert picture.reshape(4, 3).tolist() == [[200] * 3, [200] * 3, [0] * 3, [0] * 3]


def test_missing_planes_leave_no_pixel(tmp_path):
    values = np.full((2, 2, 3), 200, dtype=np.uint8)
    made = color(values, PlanarConfiguration=1)
    outcome, _ = convert(as_bytes(made)[:-6], tmp_path, policy="salvage")
    assert outcome.notes[-1] == "Salvaged: 4 of 4 pixels are missing."


def test_missing_pixels_of_a_palette_picture_are_black(tmp_path):
    table = np.full((4, 3), 0xFFFF, dtype=np.uint16)
    indices = np.array([[0, 1], [2, 3]], dtype=np.uint8)
    outcome, out = convert(as_bytes(palette_color(indices, table))[:-2], tmp_path, policy="salvage")
    assert outcome.salvaged
    picture = np.asarray(Image.open(out / "x-salvaged.png").convert("RGB"))
    assert picture.reshape(4, 3).tolist() == [[255] * 3, [255] * 3, [0] * 3, [0] * 3]


def test_the_frames_that_are_there_are_salvaged(tmp_path):
    frames = np.stack([slope(start=start) for start in (0, 1, 2, 3)])
    content = as_bytes(monochrome(frames))[: -(16 + 8) * 2]
    outcome, out = convert(content, tmp_path, policy="salvage")
    assert [output.path for output in outcome.outputs] == [
        "x_0001.png", "x_0002.png", "x_0003-salvaged.png",
    ]  # fmt: skip
    assert [output.salvaged for output in outcome.outputs] == [False, False, True]
    assert outcome.notes[0].endswith("3 of 4 frames are there.")
    whole, _ = convert(as_bytes(monochrome(frames)), tmp_path)
    assert whole.outputs[0].sha256 == outcome.outputs[0].sha256
    assert sorted(path.name for path in out.glob("*.png")) == [o.path for o in outcome.outputs]


@pytest.mark.parametrize("cut", [40, 120])
def test_complete_compressed_frames_are_salvaged(tmp_path, cut):
    rng = np.random.default_rng(1)
    frames = rng.integers(0, 4000, (4, 8, 8), dtype=np.uint16)
    content = as_bytes(compressed(monochrome(frames), RLE))
    outcome, _ = convert(content[:-cut], tmp_path)
    assert (outcome.status, outcome.reason) == ("failed", "truncated")
    outcome, _ = convert(content[:-cut], tmp_path, policy="salvage")
    whole, _ = convert(content, tmp_path)
    assert (outcome.status, outcome.salvaged) == ("converted", True)
    assert [output.path for output in outcome.outputs] == ["x_0001.png", "x_0002.png", "x_0003.png"]
    assert [o.sha256 for o in outcome.outputs] == [o.sha256 for o in whole.outputs[:3]]
    assert any(note.startswith("Left out: Frame 4: ") for note in outcome.notes)


def test_an_incomplete_compressed_frame_is_not_salvaged(tmp_path):
    rng = np.random.default_rng(1)
    frame = rng.integers(0, 4000, (16, 16), dtype=np.uint16)
    content = as_bytes(compressed(monochrome(frame), RLE))
    outcome, _ = convert(content[:-60], tmp_path, policy="salvage")
    assert (outcome.status, outcome.reason) == ("failed", "truncated")


@pytest.mark.parametrize("policy", ["default", "salvage", "strict"])
def test_a_complete_file_is_the_same_under_every_policy(tmp_path, policy):
    outcome, _ = convert(as_bytes(monochrome(slope())), tmp_path, policy=policy)
    usual, _ = convert(as_bytes(monochrome(slope())), tmp_path)
    assert (outcome.status, outcome.salvaged, outcome.notes) == ("converted", False, ())
    assert outcome.outputs == usual.outputs


def test_a_note_fails_under_the_strict_policy(tmp_path):
    content = as_bytes(monochrome(slope(), HighBit=7))
    outcome, _ = convert(content, tmp_path)
    assert outcome.status == "converted"
    assert outcome.notes
    outcome, _ = convert(content, tmp_path, policy="strict")
    assert (outcome.status, outcome.reason) == ("failed", "strict")
    assert "Failed because of --policy strict: High Bit (0028,0102)" in outcome.message
    assert "--policy default" in outcome.hint


def test_a_warning_of_a_library_fails_under_the_strict_policy(tmp_path):
    (tmp_path / "x").write_text("DEED warn")
    run = Run(plan(policy="strict"), [str(tmp_path / "x")], tmp_path / "out", registry=registry())
    (outcome,) = run
    assert (outcome.status, outcome.reason) == ("failed", "strict")
    assert "Invalid value for VR PN: '...'" in outcome.message


def test_burned_in_annotation_is_noted(tmp_path):
    outcome, _ = convert(as_bytes(monochrome(slope(), BurnedInAnnotation="YES")), tmp_path)
    assert outcome.notes[0].startswith("Burned In Annotation (0028,0301) is YES")
    outcome, _ = convert(as_bytes(monochrome(slope(), BurnedInAnnotation="NO")), tmp_path)
    assert outcome.notes == ()


def test_too_many_pixels_are_rejected_before_decoding(tmp_path):
    content = as_bytes(monochrome(slope(20, 20)))
    outcome, _ = convert(content, tmp_path, max_pixels=399)
    assert (outcome.status, outcome.reason) == ("failed", "limit")
    assert "Rows (0028,0010) and Columns (0028,0011) are 20 and 20" in outcome.message
    assert "--max-pixels" in outcome.hint
    assert convert(content, tmp_path, max_pixels=400)[0].status == "converted"


def test_too_many_frames_are_rejected_before_decoding(tmp_path):
    content = as_bytes(monochrome(np.stack([slope()] * 5)))
    outcome, _ = convert(content, tmp_path, max_frames=4)
    assert (outcome.status, outcome.reason) == ("failed", "limit")
    assert outcome.message == "Number of Frames (0028,0008) is 5; the limit is 4."
    assert "max_frames" in outcome.hint


def test_a_whole_file_whose_header_promises_more_is_not_called_truncated(tmp_path):
    content = as_bytes(monochrome(slope(), Rows=65535, Columns=65535))
    outcome, _ = convert(content, tmp_path)
    assert outcome.reason == "mismatch"
    assert "ask the sender for a file whose header matches its pixels" in outcome.hint


@pytest.mark.parametrize("cut", [1, 24, 72])
@pytest.mark.parametrize("frame_count", [1, 4])
def test_a_cut_file_is_to_be_copied_again(tmp_path, cut, frame_count):
    frames = np.stack([slope(start=start) for start in range(frame_count)])
    content = as_bytes(monochrome(frames if frame_count > 1 else frames[0]))
    outcome, _ = convert(content[:-cut], tmp_path)
    assert outcome.reason == "truncated"
    assert "Copy the file again" in outcome.hint
    assert ("--policy salvage" in outcome.hint) is (frame_count > 1)


def test_one_damaged_stream_of_several_hints_at_salvage(tmp_path):
    rng = np.random.default_rng(1)
    frames = rng.integers(0, 4000, (4, 8, 8), dtype=np.uint16)
    content = as_bytes(compressed(monochrome(frames), RLE))
    # The third stream says that it has no segment.
    starts = [match.start() for match in re.finditer(b"\x02\0\0\0\x40\0\0\0", content)]
    broken = content[: starts[2]] + bytes(4) + content[starts[2] + 4 :]
    outcome, _ = convert(broken, tmp_path)
    assert outcome.message.startswith("Frame 3: ")
    assert "Copy the file again" not in outcome.hint
    assert outcome.hint.splitlines()[-1] == (
        "Or leave out frames that cannot be decoded: --policy salvage"
    )
    outcome, _ = convert(broken, tmp_path, policy="strict")
    assert "--policy salvage" not in outcome.hint
    outcome, _ = convert(broken, tmp_path, policy="salvage")
    assert len(outcome.outputs) == 3


def test_no_value_of_a_file_gets_into_the_log(tmp_path, caplog):
    content = as_bytes(monochrome(slope(), PatientBirthDate="19700101"))
    broken = content.replace(b"19700101", b"SECRET!!")
    made = plan()
    made = replace(made, readers=(ComponentRef("reader", "dicom", made.readers[0].target),))
    made = replace(made, tags=("PatientBirthDate",))
    save(monochrome(slope()), tmp_path / "in" / "a")
    (tmp_path / "in" / "b").write_bytes(broken)
    with caplog.at_level(logging.DEBUG):
        list(Run(made, [str(tmp_path / "in")], tmp_path / "out", registry=registry()))
    assert "SECRET" not in caplog.text
