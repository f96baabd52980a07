"""The report of a run: failures by reason, and the last line with counts and time."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from dcmconv.cli.guard import EXIT_DAMAGED, EXIT_FAILED, EXIT_NOTHING, EXIT_STOPPED
from dcmconv.cli.terminal import harmless
from dcmconv.model.outcome import Converted, Failed, Outcome, Skipped, Summary

__all__ = [
    "Tally",
    "closing_line",
    "counted",
    "exit_code",
    "line_of",
    "notices",
    "outcome_data",
    "summary_data",
]

EXAMPLES = 3
"""Failures of one reason that are named; the rest are counted."""


@dataclass
class Tally:
    """What is kept of the outcomes while they pass: counts, and a few examples of each reason."""

    skipped: dict[str, int] = field(default_factory=dict)
    failed: dict[str, int] = field(default_factory=dict)
    examples: dict[str, list[Failed]] = field(default_factory=dict)
    done: int = 0
    made: int = 0
    """Pictures that this run has made; those of an earlier run are not among them."""

    def add(self, outcome: Outcome) -> None:
        """Count one outcome."""
        self.done += 1
        if isinstance(outcome, Converted):
            self.made += 0 if outcome.unchanged else len(outcome.outputs)
        elif isinstance(outcome, Skipped):
            self.skipped[outcome.reason] = self.skipped.get(outcome.reason, 0) + 1
        elif isinstance(outcome, Failed):
            self.failed[outcome.reason] = self.failed.get(outcome.reason, 0) + 1
            kept = self.examples.setdefault(outcome.reason, [])
            if len(kept) < EXAMPLES:
                kept.append(outcome)

    @property
    def failures(self) -> int:
        """How many inputs have failed."""
        return sum(self.failed.values())

    def failure_lines(self) -> list[str]:
        """Return the failures, grouped by reason, the most frequent first."""
        lines = []
        for reason, count in sorted(self.failed.items(), key=lambda item: (-item[1], item[0])):
            lines.append(f"Failed, {reason}: {count:,}")
            for failure in self.examples[reason]:
                lines += [f"  {line}" for line in _sentences(failure)]
            more = count - len(self.examples[reason])
            if more:
                lines.append(f"  ... and {more:,} more.")
        return lines


def line_of(outcome: Outcome) -> str:
    """Return what ``--verbose`` prints for one input."""
    name = harmless(outcome.input)
    if isinstance(outcome, Converted):
        if outcome.unchanged:
            return f"{name}: unchanged"
        tones = "; ".join(dict.fromkeys(filter(None, (file.tone for file in outcome.outputs))))
        first = harmless(outcome.outputs[0].path) if outcome.outputs else ""
        more = f" and {len(outcome.outputs) - 1} more" if len(outcome.outputs) > 1 else ""
        told = [f"{name} → {first}{more}" + (f" ({tones})" if tones else "")]
    elif isinstance(outcome, Skipped | Failed):
        told = [f"{name}: {outcome.status}, {outcome.reason}: {harmless(outcome.message)}"]
    else:
        told = [f"{name}: {outcome.status}"]
    return "\n".join(told + [f"  {harmless(note)}" for note in outcome.notes])


def closing_line(summary: Summary, tally: Tally, out: str) -> str:
    """Return the last line: what became of the inputs, how fast, and how long it took."""
    parts = [
        f"{counted(summary.converted, 'input')} converted to {counted(summary.pictures, 'picture')}"
    ]
    if summary.unchanged:
        parts[0] += f" ({summary.unchanged:,} unchanged)"
    if summary.skipped:
        parts.append(f"{summary.skipped:,} skipped{_reasons(tally.skipped)}")
    if summary.failed:
        parts.append(f"{summary.failed:,} failed{_reasons(tally.failed)}")
    if tally.made and summary.seconds > 0:
        parts.append(f"{tally.made / summary.seconds:,.1f} pictures/s")
    parts.append(_elapsed(summary.seconds))
    stopped = f"Stopped: {harmless(summary.stopped)}\n" if summary.stopped else ""
    return f"{stopped}{', '.join(parts)} → {harmless(out)}"


def notices(summary: Summary) -> list[str]:
    """Return what is worth a sentence beside the counts."""
    lines = []
    if summary.failed_before:
        lines.append(
            f"{counted(summary.failed_before, 'input')} failed in an earlier run and did not "
            "change; --retry-failed tries again."
        )
    if summary.salvaged:
        lines.append(f"{counted(summary.salvaged, 'input')} could be salvaged in part only.")
    if summary.missing or summary.altered:
        lines.append(
            f"Of the pictures of earlier runs {summary.missing:,} were missing and "
            f"{summary.altered:,} no longer what the journal says; their inputs were converted "
            "again."
        )
    return lines


def exit_code(summary: Summary, *, verified: bool = False) -> int:
    """Return how the program ends after a run; ``verified`` makes damaged pictures count."""
    if summary.stopped:
        return EXIT_STOPPED
    if verified and (summary.missing or summary.altered):
        return EXIT_DAMAGED
    if summary.failed:
        return EXIT_FAILED
    return 0 if summary.converted else EXIT_NOTHING


def outcome_data(outcome: Outcome) -> dict[str, Any]:
    """Return an outcome as a line of JSON has it."""
    return {"kind": "outcome", "status": outcome.status, **asdict(outcome)}


def summary_data(summary: Summary, tally: Tally, *, out: str, code: int) -> dict[str, Any]:
    """Return the summary as JSON has it: counts, reasons, a few failures, and the exit code."""
    failures = [
        {"input": f.input, "reason": f.reason, "message": f.message, "hint": f.hint}
        for kept in tally.examples.values()
        for f in kept
    ]
    return {
        "kind": "summary",
        **asdict(summary),
        "inputs": summary.inputs,
        "skipped_reasons": tally.skipped,
        "failed_reasons": tally.failed,
        "failures": failures,
        "out": out,
        "exit_code": code,
    }


def _sentences(failure: Failed) -> list[str]:
    where = harmless(failure.input)
    message = [harmless(line) for line in failure.message.split("\n")]
    hint = [f"  {harmless(line)}" for line in failure.hint.split("\n") if line.strip()]
    return [f"{where}: {message[0]}", *message[1:], *hint]


def _reasons(counts: dict[str, int]) -> str:
    most = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    told = ", ".join(f"{count:,} {reason}" for reason, count in most)
    return f" ({told})" if told else ""


def counted(number: int, word: str) -> str:
    """Return a number with its word: ``1 input``, ``2 inputs``."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def _elapsed(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d} h" if hours else f"{minutes}:{rest:02d} min"
