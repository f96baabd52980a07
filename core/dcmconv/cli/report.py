"""What is printed about a run: the first line, its outcomes, failures by reason, the last line."""

from __future__ import annotations

import shlex
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dcmconv.cli.exit_codes import EXIT_NOTHING
from dcmconv.cli.terminal import harmless, print_json, print_result, say
from dcmconv.model.outcome import Converted, Failed, Outcome, Skipped, Summary, counted

if TYPE_CHECKING:
    from dcmconv.chain.plan import Plan
    from dcmconv.cli.run_flags import RunArguments
    from dcmconv.run.progress import Tally

__all__ = [
    "opening_line",
    "outcome_data",
    "outcome_line",
    "print_report",
    "shown_folder",
]

JOURNAL = Path(".dcmconv", "journal.jsonl")


def opening_line(arguments: RunArguments, plan: Plan, workers: int) -> str:
    """Return the first line: ``Converting . → ./dcmconv-out (jpg, minmax, 2 workers)``."""
    inputs = _named_inputs(arguments)
    shown = ", ".join(inputs[:3])
    more = f" and {len(inputs) - 3:,} more" if len(inputs) > 3 else ""
    lanes = plan.all_lanes
    writers = dict.fromkeys(lane.writer.name for lane in lanes)
    normalizers = dict.fromkeys(lane.normalizer.name for lane in lanes)
    colormaps = dict.fromkeys(lane.colormap.name for lane in lanes if lane.colormap)
    names = ", ".join([*writers, *normalizers, *colormaps])
    pool = counted(workers, "worker") if workers else "in this process"
    return f"Converting {shown}{more} → {shown_folder(arguments.out)} ({names}, {pool})"


def print_report(arguments: RunArguments, summary: Summary, tally: Tally, code: int) -> None:
    """Print the report after a run; failures are printed even with ``--quiet``."""
    for line in failure_lines(tally):
        say(line, emphasis="Failed")
    for line in notices(summary):
        say(line)
    journal = Path(arguments.out) / JOURNAL
    if summary.failed and journal.exists():
        say(f"Details of every input: {harmless(str(journal))}")
    if code == EXIT_NOTHING:
        say(_nothing_to_convert(arguments, summary, tally))
    if arguments.as_json:
        print_json(summary_data(summary, tally, out=arguments.out, code=code))
    if not arguments.quiet:
        command = f"dcmconv journal notes {shlex.quote(arguments.out)}" if journal.exists() else ""
        for line in [] if command else note_lines(tally):
            say(line)
        # With --json, stdout has nothing but JSON; with -o -, nothing but the picture.
        tell = say if arguments.as_json or arguments.is_to_stdout else print_result
        tell(closing_line(summary, tally, shown_folder(arguments.out), read_notes=command))


def _nothing_to_convert(arguments: RunArguments, summary: Summary, tally: Tally) -> str:
    where = ", ".join(_named_inputs(arguments))
    reasons = tally.reasons_of("skipped")
    skipped = f"{counted(summary.skipped, 'input')} skipped{_shown_reasons(reasons)}"
    hint = "To try dcmconv on sample files: dcmconv samples demo && dcmconv run demo"
    filters = ["--include"] * bool(arguments.include) + ["--exclude"] * bool(arguments.exclude)
    if filters and not summary.skipped:
        hint = f"To see which inputs there are: run it without {' and '.join(filters)}."
    if "exists" in reasons:
        hint = "To convert inputs whose pictures exist already: --on-existing replace"
    found = skipped if summary.skipped else "no inputs found"
    only = tally.first_skipped
    # A file that is named itself, such as a DICOMDIR: its own reason and hint help more.
    if only is not None and only.hint and any(Path(each).is_file() for each in arguments.inputs):
        return f"{harmless(only.input)}: {harmless(only.message)}\n  {harmless(only.hint)}"
    return f"Nothing to convert in {where}: {found}.\n  {hint}"


def _named_inputs(arguments: RunArguments) -> list[str]:
    lists = [f"the list {listed.name}" for listed in arguments.lists]
    return [*map(_shown_input, arguments.locations), *lists]


def _shown_input(text: str) -> str:
    """Return an INPUT for display; parent folders such as ``../..`` by their names."""
    if text == "-":
        return "standard input"
    parts = Path(text).parts
    return str(Path(text).resolve()) if parts and set(parts) == {".."} else text


def shown_folder(out: str) -> str:
    """Return the output folder for display; a relative one starts with ``./``."""
    if out == "-":
        return "standard output"
    path = Path(out)
    return out if path.is_absolute() or out.startswith((".", "~")) else f"./{path.as_posix()}"


def failure_lines(tally: Tally) -> list[str]:
    """Return the failures, grouped by reason, the most frequent first."""
    lines = []
    for reason, count in _most_frequent(tally.reasons_of("failed")):
        lines.append(f"Failed, {reason}: {count:,}")
        examples = tally.examples[reason]
        for failure in examples:
            lines += [f"  {line}" for line in _failure_lines(failure)]
        if count > len(examples):
            lines.append(f"  ... and {count - len(examples):,} more.")
    return lines


def outcome_line(outcome: Outcome) -> str:
    """Return what ``--verbose`` prints for one input."""
    name = harmless(outcome.input)
    if isinstance(outcome, Converted):
        tones = "; ".join(dict.fromkeys(filter(None, (file.tone for file in outcome.outputs))))
        first = harmless(outcome.outputs[0].path) if outcome.outputs else ""
        more = f" and {len(outcome.outputs) - 1} more" if len(outcome.outputs) > 1 else ""
        lines = [f"{name} → {first}{more}" + (f" ({tones})" if tones else "")]
        if outcome.unchanged:
            lines = [f"{name}: unchanged"]
    elif isinstance(outcome, Skipped | Failed):
        lines = [f"{name}: {outcome.status}, {outcome.reason}: {harmless(outcome.message)}"]
    else:
        lines = [f"{name}: {outcome.status}"]
    return "\n".join(lines + [f"  {harmless(note)}" for note in outcome.notes])


def note_lines(tally: Tally) -> list[str]:
    """Return the notes of one named file, which has no journal to read them in."""
    return [f"Note: {harmless(kind.text)}" for kind in tally.notes.most_common()]


def closing_line(summary: Summary, tally: Tally, out: str, *, read_notes: str = "") -> str:
    """Return the last line: counts, speed and time; ``read_notes`` is a command."""
    converted, parts = summary.converted - summary.unchanged, []
    if converted or not summary.unchanged:
        made = summary.pictures if not summary.unchanged else tally.new_pictures
        parts.append(f"{counted(converted, 'input')} converted to {counted(made, 'picture')}")
    if summary.unchanged:
        # What it is that is unchanged, if nothing before it says so.
        number = f"{summary.unchanged:,}" if parts else counted(summary.unchanged, "input")
        parts.append(f"{number} unchanged")
    if summary.skipped:
        parts.append(f"{summary.skipped:,} skipped{_shown_reasons(tally.reasons_of('skipped'))}")
    if summary.failed:
        parts.append(f"{summary.failed:,} failed{_shown_reasons(tally.reasons_of('failed'))}")
    if summary.with_notes:
        how = f" (to read them: {harmless(read_notes)})" if read_notes else ""
        parts.append(f"{summary.with_notes:,} with notes{how}")
    if tally.new_pictures and summary.seconds > 0:
        parts.append(f"{tally.new_pictures / summary.seconds:,.1f} pictures/s")
    parts.append(_elapsed(summary.seconds))
    stopped = f"Stopped: {harmless(summary.stopped)}\n" if summary.stopped else ""
    return f"{stopped}{', '.join(parts)} → {harmless(out)}"


def notices(summary: Summary) -> list[str]:
    """Return sentences about what the counts alone do not explain."""
    lines = []
    if summary.failed_before:
        lines.append(
            f"{counted(summary.failed_before, 'input')} failed in an earlier run and did not "
            "change since; use --retry-failed to try again."
        )
    if summary.salvaged:
        lines.append(f"{counted(summary.salvaged, 'input')} could only be partly salvaged.")
    if summary.missing or summary.altered:
        lines.append(
            f"Pictures of earlier runs: {summary.missing:,} missing, {summary.altered:,} changed "
            "since they were written; their inputs were converted again."
        )
    return lines


def outcome_data(outcome: Outcome) -> dict[str, Any]:
    """Return an outcome as JSON data."""
    return {"kind": "outcome", "status": outcome.status, **asdict(outcome)}


def summary_data(summary: Summary, tally: Tally, *, out: str, code: int) -> dict[str, Any]:
    """Return the summary as JSON data: counts, reasons, a few failures, and the exit code."""
    failures = [
        {"input": f.input, "reason": f.reason, "message": f.message, "hint": f.hint}
        for kept in tally.examples.values()
        for f in kept
    ]
    return {
        "kind": "summary",
        **asdict(summary),
        "inputs": summary.inputs,
        "skipped_reasons": tally.reasons_of("skipped"),
        "failed_reasons": tally.reasons_of("failed"),
        "failures": failures,
        "note_examples": {kind.text: list(kind.examples) for kind in tally.notes.most_common()},
        "out": out,
        "exit_code": code,
    }


def _failure_lines(failure: Failed) -> list[str]:
    where = harmless(failure.input)
    message = [harmless(line) for line in failure.message.split("\n")]
    hint = [f"  {harmless(line)}" for line in failure.hint.split("\n") if line.strip()]
    return [f"{where}: {message[0]}", *message[1:], *hint]


def _shown_reasons(counts: dict[str, int]) -> str:
    shown = ", ".join(f"{count:,} {reason}" for reason, count in _most_frequent(counts))
    return f" ({shown})" if shown else ""


def _most_frequent(counts: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _elapsed(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    # Rounded before it is split: never 1:60 min.
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d} h" if hours else f"{minutes}:{rest:02d} min"
