"""The journal can be read whatever a crash left of it."""

from __future__ import annotations

import errno
import json
import stat
import time

import pytest

from dcmconv.model.outcome import Converted, Failed, OutputFile, Skipped
from dcmconv.run.journal import writer
from dcmconv.run.journal.digests import digest_of, folded_digest
from dcmconv.run.journal.line import read_journal
from dcmconv.run.journal.writer import Journal


def converted(name, **changes):
    output = OutputFile(
        path=f"{name}.png", output="png", frame_number=1, size=9, sha256="ab", rows=3, columns=4
    )
    known = {
        "input": name,
        "locator": f"/in/{name}",
        "size": 5,
        "mtime_ns": 6,
        "outputs": (output,),
    }
    return Converted(**{**known, **changes})


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal.jsonl"


def test_written_outcomes_are_found(path):
    journal = Journal(path).open()
    journal.write(converted("a"), "chain-1")
    journal.close()
    journal = Journal(path).open()
    entry = journal.find("/in/a")
    assert (entry.outcome, entry.chain) == (converted("a"), "chain-1")
    assert journal.find("/in/b") is None
    assert journal.owners.get(folded_digest("A.PNG")) == digest_of("/in/a")
    assert len(journal.owners) == 1
    journal.close()


def test_only_the_owner_may_read_it(path):
    Journal(path).open().close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "line",
    [
        '{"locator": "/in/a", "status": "converted", "outputs": [{"path": 7}]}',
        '{"locator": "/in/a", "status": "converted", "outputs": 7}',
        '{"locator": "/in/a", "status": "converted", "outputs": ["a"]}',
        '{"locator": "/in/a", "status": "failed", "seconds": "long"}',
        '{"locator": "/in/a", "status": "failed", "notes": [1]}',
        '{"locator": 1, "status": "failed"}',
        '["/in/a"]',
        "[" * 100_000,
    ],
)
def test_a_line_with_wrong_types_is_ignored(path, line):
    path.write_text(f"{line}\n")
    journal = Journal(path).open()
    assert journal.find("/in/a") is None
    assert not list(journal.entries())
    journal.close()
    assert not list(read_journal(path))


def test_the_last_line_about_an_input_counts(path):
    journal = Journal(path).open()
    journal.write(converted("a"), "1")
    journal.write(Failed(input="a", locator="/in/a", reason="damaged", message="It is."), "1")
    journal.write(converted("b"), "1")
    journal.write(converted("b", size=77), "2")
    journal.close()
    journal = Journal(path).open()
    assert journal.find("/in/a").outcome.reason == "damaged"
    assert (journal.find("/in/b").outcome.size, journal.find("/in/b").chain) == (77, "2")
    assert journal.owners.get(folded_digest("a.png")) is not None
    journal.close()


def test_a_cut_journal_keeps_every_whole_line(path):
    journal = Journal(path).open()
    for name in "abc":
        journal.write(converted(name), "1")
    journal.close()
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        journal = Journal(path).open()
        lines = whole[:length].count(b"\n")
        assert [journal.find(f"/in/{name}") is not None for name in "abc"] == [
            number < lines for number in range(3)
        ]
        journal.write(converted("d"), "1")
        journal.close()
        assert len(list(read_journal(path))) == lines + 1


@pytest.mark.parametrize(
    "line", [b"\0" * 80, b"[]", b"{}", b'{"status": 1, "locator": 2}', b"\xff"]
)
def test_a_damaged_line_is_ignored(path, line):
    path.write_bytes(line + b"\n")
    journal = Journal(path).open()
    journal.write(converted("a"), "1")
    assert journal.find("/in/a") is None
    journal.close()
    assert [entry["input"] for entry in read_journal(path)] == ["a"]


def test_attributes_are_not_written(path):
    journal = Journal(path).open()
    journal.write(converted("a", attributes={"PatientID": "SECRET"}), "1")
    journal.close()
    assert "SECRET" not in path.read_text()


def test_names_that_are_not_utf8_are_kept(path):
    journal = Journal(path).open()
    journal.write(converted("caf\udce9"), "1")
    journal.close()
    journal = Journal(path).open()
    assert journal.find("/in/caf\udce9").outcome.input == "caf\udce9"
    journal.close()
    json.loads(path.read_text("ascii"))


def test_every_outcome_is_read_as_it_was_written(path):
    outcomes = [
        converted("a", notes=("noted",), salvaged=True, decoder="numpy"),
        Skipped(input="b", locator="/in/b", size=1, mtime_ns=2, reason="rule", message="Left out."),
        Failed(
            input="c",
            locator="/in/c",
            reason="crash",
            message="It died.",
            hint="ConversionReport it.",
        ),
    ]
    journal = Journal(path, {"run": 3, "dcmconv": "9.9"}).open()
    for outcome in outcomes:
        journal.write(outcome, "1")
    journal.close()
    journal = Journal(path).open()
    assert [journal.find(f"/in/{name}").outcome for name in "abc"] == outcomes
    assert journal.find("/in/a").time == pytest.approx(time.time(), abs=60)
    journal.close()
    assert {(line["run"], line["dcmconv"]) for line in read_journal(path)} == {(3, "9.9")}


def test_a_line_without_outputs_is_converted_again(path):
    path.write_text('{"status":"converted","input":"a","locator":"/in/a"}\n')
    journal = Journal(path).open()
    assert journal.find("/in/a") is None
    journal.close()


def test_a_begun_input_without_outcome_is_suspect(path):
    journal = Journal(path).open()
    for name in "abc":
        journal.write_begun(name, f"/in/{name}")
    journal.write(converted("a"), "1")
    # As a crash leaves it: not closed.
    crashed = Journal(path).open()
    assert [crashed.is_suspect(f"/in/{name}") for name in "abcd"] == [False, True, True, False]
    crashed.close()
    journal.close()


def test_an_input_left_at_close_is_not_suspect(path):
    journal = Journal(path).open()
    journal.write_begun("a", "/in/a")
    journal.close()
    journal = Journal(path).open()
    assert not journal.is_suspect("/in/a")
    journal.close()
    assert [line["status"] for line in read_journal(path)] == ["begun", "left"]


def test_inputs_of_equal_digests_are_not_confused(path, monkeypatch):
    monkeypatch.setattr(writer, "digest_of", lambda text: 7)
    journal = Journal(path).open()
    journal.write(converted("a"), "1")
    journal.close()
    journal = Journal(path).open()
    assert journal.find("/in/a").outcome == converted("a")
    assert journal.find("/in/b") is None
    journal.close()


def test_half_a_line_is_removed_before_the_next(path, monkeypatch):
    journal = Journal(path).open()
    journal.write(converted("a"), "1")
    real = journal._append.write

    class Short:
        """Takes ten bytes and is full, once."""

        def __init__(self, file):
            self.file, self.calls = file, 0

        def write(self, data):
            self.calls += 1
            if self.calls == 2:
                raise OSError(errno.ENOSPC, "No space left on device")
            return real(data[:10] if self.calls == 1 else data)

        def __getattr__(self, name):
            return getattr(self.file, name)

    monkeypatch.setattr(journal, "_append", Short(journal._append))
    with pytest.raises(OSError, match="No space left"):
        journal.write(converted("b"), "1")
    journal.write(converted("c"), "1")
    journal.close()
    assert [line["input"] for line in read_journal(path)] == ["a", "c"]
