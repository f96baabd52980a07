"""The worker: what it reports of one input, and what it writes."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from support.plans import plan, registry

from dcmconv.run.engine import Run


def run(made, folder, out):
    return list(Run(made, [str(folder)], out, registry=registry()))


def action(folder, name, text):
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"DEED {text}")


@pytest.mark.parametrize(
    ("text", "reason", "message"),
    [
        pytest.param("warn", "strict", "Invalid value for VR PN: '...'", id="a-warning-alone"),
        pytest.param("warn-damaged", "truncated", "The stream ends early.", id="a-failure-too"),
    ],
)
def test_strict_keeps_the_reason_of_a_failure(tmp_path, text, reason, message):
    action(tmp_path / "in", "a", text)
    (outcome,) = run(plan(policy="strict"), tmp_path / "in", tmp_path / "out")
    assert (outcome.status, outcome.reason) == ("failed", reason)
    assert message in outcome.message
    assert outcome.notes == ("Invalid value for VR PN: '...'",)
    assert list((tmp_path / "out" / ".dcmconv" / "parts").iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc/self/fd")
@pytest.mark.parametrize("durable", [True, False])
def test_durable_syncs_every_picture_before_its_line(tmp_path, monkeypatch, durable):
    synced = []
    fsync = os.fsync

    def watched(descriptor):
        synced.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", watched)
    action(tmp_path / "in", "a", "frames 2")
    run(plan(durable=durable), tmp_path / "in", tmp_path / "out")
    parts = [index for index, name in enumerate(synced) if name.endswith(".part")]
    assert len(parts) == (2 if durable else 0)
    if durable:
        lines = [i for i, name in enumerate(synced) if name.endswith("journal.jsonl")]
        assert max(parts) < max(lines)
