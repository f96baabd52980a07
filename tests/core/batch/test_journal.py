"""The journal survives whatever a crash leaves of it."""

from __future__ import annotations

import json
import stat

import pytest

from dcmconv.batch.digests import digest_of, folded_digest
from dcmconv.batch.journal import Journal, read_journal
from dcmconv.outcome import Converted, Failed, OutputFile


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


def test_what_was_written_is_found_again(path):
    journal = Journal(path).open()
    journal.record(converted("a"), "chain-1")
    journal.close()
    journal = Journal(path).open()
    entry = journal.find("/in/a")
    assert (entry.outcome, entry.chain) == (converted("a"), "chain-1")
    assert journal.find("/in/b") is None
    assert journal.owners == {folded_digest("A.PNG"): digest_of("/in/a")}
    journal.close()


def test_only_its_owner_may_read_it(path):
    Journal(path).open().close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_last_line_about_an_input_holds(path):
    journal = Journal(path).open()
    journal.record(converted("a"), "1")
    journal.record(Failed(input="a", locator="/in/a", reason="damaged", message="It is."), "1")
    journal.record(converted("b"), "1")
    journal.record(converted("b", size=77), "2")
    journal.close()
    journal = Journal(path).open()
    assert journal.find("/in/a") is None
    assert (journal.find("/in/b").outcome.size, journal.find("/in/b").chain) == (77, "2")
    assert folded_digest("a.png") in journal.owners
    journal.close()


def test_cut_anywhere_it_opens_and_keeps_every_whole_line(path):
    journal = Journal(path).open()
    for name in "abc":
        journal.record(converted(name), "1")
    journal.close()
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        journal = Journal(path).open()
        lines = whole[:length].count(b"\n")
        assert [journal.find(f"/in/{name}") is not None for name in "abc"] == [
            number < lines for number in range(3)
        ]
        journal.record(converted("d"), "1")
        journal.close()
        assert len(list(read_journal(path))) == lines + 1


@pytest.mark.parametrize(
    "line", [b"\0" * 80, b"[]", b"{}", b'{"status": 1, "locator": 2}', b"\xff"]
)
def test_a_line_that_is_something_else_is_left_out(path, line):
    path.write_bytes(line + b"\n")
    journal = Journal(path).open()
    journal.record(converted("a"), "1")
    assert journal.find("/in/a") is None
    journal.close()
    assert [entry["input"] for entry in read_journal(path)] == ["a"]


def test_attributes_never_stand_in_it(path):
    journal = Journal(path).open()
    journal.record(converted("a", attributes={"PatientID": "SECRET"}), "1")
    journal.close()
    assert "SECRET" not in path.read_text()


def test_names_that_are_no_unicode_come_back_as_they_were(path):
    journal = Journal(path).open()
    journal.record(converted("caf\udce9"), "1")
    journal.close()
    journal = Journal(path).open()
    assert journal.find("/in/caf\udce9").outcome.input == "caf\udce9"
    journal.close()
    json.loads(path.read_text("ascii"))
