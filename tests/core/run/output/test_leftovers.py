"""What a killed run left behind is removed by the next one."""

from __future__ import annotations

import os

from support.plans import plan, registry

from dcmconv.run.engine import Run


def test_unfinished_files_are_removed_at_the_next_start(tmp_path):
    scans, out = tmp_path / "in", tmp_path / "out"
    scans.mkdir()
    (scans / "a").write_text("DEED frames 1")
    list(Run(plan(), [str(scans)], out, registry=registry()))
    left = out / ".dcmconv" / "parts" / ".dcmconv-1-7-0.part"
    left.write_text("half a picture")
    list(Run(plan(), [str(scans)], out, registry=registry()))
    assert not left.exists()


def test_old_parts_of_a_dead_process_next_to_a_named_file_are_removed(tmp_path):
    (tmp_path / "a").write_text("DEED frames 1")
    old, young = tmp_path / ".dcmconv-99999999-1-0.part", tmp_path / ".dcmconv-99999998-1-0.part"
    mine = tmp_path / f".dcmconv-{os.getpid()}-1-7.part"
    for path in (old, young, mine):
        path.write_text("half a picture")
    for path in (old, mine):
        os.utime(path, (1.0, 1.0))
    list(Run(plan(), [str(tmp_path / "a")], tmp_path / "x.png", registry=registry()))
    assert [path.exists() for path in (old, young)] == [False, True]
