"""``dcmconv journal show | failures | stats | verify | orphans``: the outcome of every input."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dcmconv.cli.exit_codes import EXIT_DAMAGED
from dcmconv.cli.flags import AS_JSON, Flag, add_command
from dcmconv.cli.run_flags import DEFAULT_OUT
from dcmconv.errors import UsageError

if TYPE_CHECKING:
    import typer

    from dcmconv.model.components import Row
    from dcmconv.run.journal.reader import Stats

__all__ = ["add_to"]

OUT = Flag("out", str, (), "The output folder of a run.", "OUT", default=DEFAULT_OUT)
SAMPLE = Flag(
    "sample", str, ("--sample",), "Check only a random share of the pictures.", "5%", "", "all"
)
MOST_NOTES = 10


def add_to(group: typer.Typer) -> None:
    """Add the six commands."""
    for name, rows, help_text in (
        ("show", _show, "List every input with its outcome."),
        ("failures", _failures, "List the failed inputs, with the reason and what to do."),
        ("notes", _notes, "Group the notes by kind, with counts and examples of inputs."),
        ("stats", _stats, "Count inputs, reasons, contrasts, decoders, notes and times."),
        ("orphans", _orphans, "List pictures of earlier runs that no longer belong to an input."),
    ):
        _add(group, name, rows, help_text, [OUT, AS_JSON])
    help_text = "Compare every picture with its hash in the journal; exit code 6 if any is damaged."
    _add(group, "verify", _verify, help_text, [OUT, SAMPLE, AS_JSON])


def _add(group: typer.Typer, name: str, rows: Any, help_text: str, flags: list[Flag]) -> None:
    def body(values: Mapping[str, Any]) -> int:
        from dcmconv.cli.terminal import print_rows

        out = Path(values["out"] or DEFAULT_OUT)
        return print_rows(rows(out, values), as_json=bool(values["as_json"]))

    add_command(group, name, body, flags, help_text=help_text)


def _show(out: Path, values: Mapping[str, Any]) -> Iterator[Row]:
    from dcmconv.model.components import Row
    from dcmconv.run.journal.reader import last_lines

    for line in last_lines(out):
        if values["as_json"]:
            yield Row(**line)
            continue
        outputs = line.get("outputs", ())
        tones = dict.fromkeys(output.get("tone") or "" for output in outputs)
        yield Row(
            input=line["input"],
            status=line["status"],
            reason=line.get("reason", ""),
            pictures=len(outputs) or None,
            contrast=", ".join(filter(None, tones)),
            seconds=line.get("seconds"),
            notes="; ".join(line.get("notes", ())),
        )


def _failures(out: Path, values: Mapping[str, Any]) -> Iterator[Row]:
    from dcmconv.model.components import Row
    from dcmconv.run.journal.reader import last_lines

    for line in last_lines(out):
        if line["status"] == "failed":
            keys = ("input", "reason", "message", "hint", "locator", "time")
            yield Row(**{key: line.get(key, "") for key in keys[: 6 if values["as_json"] else 4]})


def _notes(out: Path, values: Mapping[str, Any]) -> Iterator[Row]:
    from dcmconv.model.components import Ending, Heading, Row
    from dcmconv.model.outcome import counted
    from dcmconv.run.journal.reader import read_stats

    kinds = read_stats(out).notes.most_common()
    for kind in kinds:
        if values["as_json"]:
            examples = [{"input": key, "note": note} for key, note in kind.examples.items()]
            yield Row(note=kind.text, inputs=kind.inputs, examples=examples)
            continue
        yield Heading(title=f"{counted(kind.inputs, 'input')}: {kind.text}")
        for key, note in kind.examples.items():
            # The heading may have the note already.
            yield Row(input=key) if note == kind.text else Row(input=key, note=note)
    if not kinds:
        yield Ending(text="No input has a note.", code=0)


def _stats(out: Path, values: Mapping[str, Any]) -> Iterator[Row]:
    from dcmconv.model.components import Heading, Row
    from dcmconv.run.journal.reader import read_stats

    found = read_stats(out)
    yield Heading(title="Inputs")
    for status, count in found.status.most_common():
        yield Row(status=status, count=count)
    yield from _titled(
        "Reasons",
        [
            Row(status=status, reason=reason, count=count)
            for (status, reason), count in found.reasons.most_common()
        ],
    )
    yield Heading(title="Pictures")
    yield Row(what="pictures", value=found.pictures)
    yield Row(what="bytes", value=found.picture_bytes)
    yield Row(what="inputs salvaged in part", value=found.salvaged)
    for title, counts in (("Contrasts", found.tones), ("Decoders", found.decoders)):
        yield from _titled(title, [Row(name=n, inputs=c) for n, c in counts.most_common()])
    notes = found.notes.most_common()[:MOST_NOTES]
    yield from _titled("Notes", [Row(note=each.text, inputs=each.inputs) for each in notes])
    yield from _times(found)


def _titled(title: str, rows: list[Row]) -> Iterator[Row]:
    from dcmconv.model.components import Heading

    if rows:
        yield Heading(title=title)
        yield from rows


def _times(found: Stats) -> Iterator[Row]:
    from dcmconv.model.components import Heading, Row

    yield Heading(title="Times")
    yield Row(what="first line", value=found.first)
    yield Row(what="last line", value=found.last)
    if found.seconds:
        yield Row(what="median seconds per input", value=found.seconds[len(found.seconds) // 2])
        yield Row(what="most seconds per input", value=found.seconds[-1])


def _verify(out: Path, values: Mapping[str, Any]) -> Iterator[Row]:
    from dcmconv.model.components import Ending, Row
    from dcmconv.model.outcome import counted
    from dcmconv.run.journal.reader import check_pictures
    from dcmconv.run.output.verify import PictureState

    count = damaged = 0
    for checked in check_pictures(out, share=_share(values["sample"])):
        count += 1
        if checked.state is not PictureState.WHOLE:
            damaged += 1
            yield Row(picture=checked.path, state=checked.state.value, input=checked.line["input"])
    if not damaged:
        yield Ending(text=f"{counted(count, 'picture')} checked, none damaged.", code=0)
        return
    yield Ending(
        text=f"{counted(count, 'picture')} checked, {damaged:,} damaged.\n"
        "  Replace them: dcmconv run with the same arguments and --verify",
        code=EXIT_DAMAGED,
    )


def _share(text: str | None) -> float:
    if not text:
        return 1.0
    try:
        share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        share = -1.0
    # NaN fails every comparison, so it is rejected as well.
    if not 0 < share <= 1:
        raise UsageError(
            f"--sample is '{text}'; expected a share above 0%, up to 100%.",
            hint="For example: --sample 5%",
        )
    return share


def _orphans(out: Path, values: Mapping[str, Any]) -> Iterator[Row]:
    from dcmconv.model.components import Row
    from dcmconv.run.journal.reader import orphans

    for orphan in orphans(out):
        gone = "exists" if orphan.input_is_gone else "produces it"
        yield Row(picture=orphan.path, input=orphan.input, why=f"the input no longer {gone}")
