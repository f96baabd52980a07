import pytest

from dcmconv.cli.exit_codes import Terminated, exit_code_of_run, exit_code_of_signal
from dcmconv.cli.report import closing_line, failure_lines, outcome_line, summary_data
from dcmconv.model.outcome import Converted, Failed, OutputFile, Skipped, Summary
from dcmconv.run.progress import Tally


def failed(name, reason="truncated"):
    return Failed(
        input=name, locator=name, reason=reason, message="Too short.", hint="Copy it again."
    )


def converted(name="a.dcm", *, pictures=1, unchanged=False, notes=()):
    outputs = tuple(
        OutputFile(
            path=f"a_{number:04d}.jpg",
            output="jpg",
            frame_number=number,
            size=1,
            sha256="",
            rows=1,
            columns=1,
            tone="minmax",
        )
        for number in range(1, pictures + 1)
    )
    return Converted(input=name, locator=name, outputs=outputs, unchanged=unchanged, notes=notes)


def test_failures_are_grouped_with_examples():
    tally = Tally()
    for number in range(5):
        tally.add(failed(f"{number}.dcm"))
    tally.add(failed("e\x1b[1m.dcm", "empty"))
    assert failure_lines(tally) == [
        "Failed, truncated: 5",
        "  0.dcm: Too short.",
        "    Copy it again.",
        "  1.dcm: Too short.",
        "    Copy it again.",
        "  2.dcm: Too short.",
        "    Copy it again.",
        "  ... and 2 more.",
        "Failed, empty: 1",
        "  e\\x1b[1m.dcm: Too short.",
        "    Copy it again.",
    ]


@pytest.mark.parametrize(
    ("summary", "code"),
    [
        (Summary(converted=3), 0),
        (Summary(converted=3, skipped=9), 0),
        (Summary(converted=3, failed=1), 1),
        (Summary(failed=1), 1),
        (Summary(), 3),
        (Summary(skipped=9), 3),
        (Summary(converted=3, failed=1, stopped="the disk is full"), 5),
        (Summary(failed=2, reasons={"not-installed": 2}), 4),
        (Summary(failed=2, skipped=1, reasons={"not-installed": 2, "not-dicom": 1}), 4),
        (Summary(failed=2, reasons={"not-installed": 1, "damaged": 1}), 1),
        (Summary(failed=2, converted=1, reasons={"not-installed": 2}), 1),
    ],
)
def test_summary_decides_the_exit_code(summary, code):
    assert exit_code_of_run(summary) == code


@pytest.mark.parametrize("damaged", [{"missing": 1}, {"altered": 1}])
def test_damaged_pictures_count_only_when_verified(damaged):
    summary = Summary(converted=3, failed=1, **damaged)
    assert exit_code_of_run(summary, verified=True) == 6
    assert exit_code_of_run(summary) == 1
    assert exit_code_of_run(Summary(converted=3), verified=True) == 0


@pytest.mark.parametrize(
    ("received", "code"), [(KeyboardInterrupt(), 130), (Terminated(15), 143), (Terminated(1), 129)]
)
def test_signal_decides_how_a_stopped_run_ends(received, code):
    stopped = Summary(converted=3, missing=1, stopped="interrupted")
    assert exit_code_of_run(stopped, verified=True, signal_received=received) == code
    assert exit_code_of_signal(received) == code


def test_equally_frequent_reasons_are_sorted_by_name():
    tally = Tally()
    for reason in ("truncated", "empty", "damaged", "damaged"):
        tally.add(failed(f"{reason}.dcm", reason))
    heads = [line for line in failure_lines(tally) if line.startswith("Failed")]
    assert heads == ["Failed, damaged: 2", "Failed, empty: 1", "Failed, truncated: 1"]
    summary = Summary(failed=4)
    assert "4 failed (2 damaged, 1 empty, 1 truncated), " in closing_line(summary, tally, "o")


def test_message_and_hint_of_several_lines_are_indented():
    tally = Tally()
    tally.add(Failed(input="a", locator="a", reason="x", message="One.\nTwo.", hint="Do\n\nthis."))
    assert failure_lines(tally) == ["Failed, x: 1", "  a: One.", "  Two.", "    Do", "    this."]


def test_closing_line_has_counts_speed_and_time():
    tally = Tally()
    tally.add(converted(pictures=30))
    tally.add(Skipped(input="b", locator="b", reason="not-dicom", message="No."))
    tally.add(failed("c"))
    summary = Summary(converted=1, skipped=1, failed=1, pictures=30, seconds=2.0)
    assert closing_line(summary, tally, "./out") == (
        "1 input converted to 30 pictures, 1 skipped (1 not-dicom), 1 failed (1 truncated), "
        "15.0 pictures/s, 2.0 s → ./out"
    )


def test_unchanged_pictures_do_not_count_as_speed():
    tally = Tally()
    tally.add(converted(pictures=8, unchanged=True))
    summary = Summary(converted=1, unchanged=1, pictures=8, seconds=4.0)
    printed = closing_line(summary, tally, "o")
    assert printed == "1 input unchanged, 4.0 s → o"
    assert "pictures/s" not in printed


def test_unchanged_inputs_are_not_counted_as_converted():
    tally = Tally()
    tally.add(converted(pictures=2))
    tally.add(converted("b", pictures=8, unchanged=True))
    printed = closing_line(tally.summary, tally, "o")
    assert printed.startswith("1 input converted to 2 pictures, 1 unchanged, ")


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.04, "0.0 s"), (59.9, "59.9 s"), (61, "1:01 min"), (3725, "1:02:05 h")]
)
def test_times_are_readable(seconds, text):
    assert f", {text} →" in closing_line(Summary(converted=1, seconds=seconds), Tally(), "o")


def test_verbose_line_names_pictures_and_tone():
    assert outcome_line(converted(pictures=3)) == "a.dcm → a_0001.jpg and 2 more (minmax)"
    assert outcome_line(converted(unchanged=True)) == "a.dcm: unchanged"
    assert outcome_line(failed("c")) == "c: failed, truncated: Too short."


def test_closing_line_counts_inputs_with_notes_and_says_how_to_read_them():
    tally = Tally()
    for number in range(5):
        tally.add(converted(f"{number}.dcm", notes=("The table has 4 entries.", "It is dark.")))
    tally.add(converted("old.dcm", unchanged=True, notes=("The table has 7 entries.",)))
    tally.add(converted("good.dcm"))
    printed = closing_line(tally.summary, tally, "o", read_notes="dcmconv journal notes o")
    assert ", 6 with notes (to read them: dcmconv journal notes o), " in printed
    assert "with notes" not in closing_line(Summary(converted=1), Tally(), "o")


def test_unchanged_input_shows_its_notes_if_verbose():
    outcome = converted(unchanged=True, notes=("It is dark.",))
    assert outcome_line(outcome) == "a.dcm: unchanged\n  It is dark."


def test_json_summary_has_notes_by_kind_with_examples():
    tally = Tally()
    for number in range(5):
        tally.add(converted(f"{number}.dcm", notes=(f"The table has {number} entries.",)))
    data = summary_data(tally.summary, tally, out="out", code=0)
    assert data["with_notes"] == 5
    assert data["notes"] == {"The table has # entries.": 5}
    assert data["note_examples"] == {"The table has # entries.": ["0.dcm", "1.dcm", "2.dcm"]}


def test_json_summary_has_reasons_and_examples():
    tally = Tally()
    tally.add(failed("c"))
    data = summary_data(Summary(failed=1), tally, out="out", code=1)
    assert data["failed_reasons"] == {"truncated": 1}
    assert data["failures"] == [
        {"input": "c", "reason": "truncated", "message": "Too short.", "hint": "Copy it again."}
    ]
    assert (data["kind"], data["exit_code"], data["inputs"]) == ("summary", 1, 1)
