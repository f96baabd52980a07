"""``dcmconv run``: the main job."""

from __future__ import annotations

import logging
import shlex
import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from dcmconv.cli.component_flags import FlagTarget
from dcmconv.cli.flags import Body
from dcmconv.cli.guard import EXIT_NOTHING
from dcmconv.cli.progress import Progress, progress_for
from dcmconv.cli.report import (
    Tally,
    closing_line,
    counted,
    exit_code,
    line_of,
    notices,
    outcome_data,
    summary_data,
)
from dcmconv.cli.run_flags import RunFlags
from dcmconv.cli.stopping import stop_on_signals
from dcmconv.cli.terminal import harmless, print_json, print_result, say
from dcmconv.errors import UsageError
from dcmconv.model.outcome import Outcome, Summary

if TYPE_CHECKING:
    from dcmconv.chain.plan import Plan
    from dcmconv.plugins.registry import Registry
    from dcmconv.run.journal.chain_change import ChainChange

__all__ = ["body_of_run"]

JOURNAL = Path(".dcmconv", "journal.jsonl")


def body_of_run(targets: Sequence[FlagTarget]) -> Body:
    """Return what ``dcmconv run`` does; ``targets`` are the components with flags of their own."""

    def body(values: Mapping[str, Any]) -> int:
        flags = RunFlags.of(values, targets)
        if flags.quiet and flags.verbose:
            raise UsageError("--quiet and --verbose contradict each other.", hint="Leave one out.")
        return convert(flags)

    return body


def convert(flags: RunFlags) -> int:
    """Do what the flags ask for and return the exit code."""
    from dcmconv.chain.compile import compile_chain
    from dcmconv.cli.chain_of_flags import chain_of
    from dcmconv.cli.installed import installed
    from dcmconv.plugins.discovery import check_left_out

    check_left_out(flags.no_plugin)
    registry = installed(tuple(flags.no_plugin))
    for problem in registry.problems:
        say(f"Warning: {problem}", emphasis="Warning:")
    chain = chain_of(flags, registry)
    plan = compile_chain(chain, registry)
    if flags.dry_run:
        from dcmconv.chain.show import chain_as_yaml
        from dcmconv.cli.dry_run import show_plan

        return show_plan(flags, chain_as_yaml(chain, registry), plan)
    return _run(flags, plan, registry)


def _run(flags: RunFlags, plan: Plan, registry: Registry) -> int:
    from dcmconv.run.engine import Run
    from dcmconv.run.walk import Selection

    # What a library logs may hold a value of the file, and nobody has asked for it.
    logging.getLogger().addHandler(logging.NullHandler())
    progress, tally = progress_for(quiet=flags.quiet), Tally()
    ears = _Ears(flags, plan, progress)
    run = Run(
        plan,
        flags.inputs or ["."],
        Path(flags.out),
        selection=Selection(tuple(flags.include), tuple(flags.exclude)),
        tag_table=Path(flags.tag_table) if flags.tag_table else None,
        listener=ears,
        events=registry.events,
        registry=registry,
        argv=tuple(sys.argv),
    )
    # Closed here and now, so that Ctrl-C ends the workers before anything else is printed.
    outcomes = cast("Generator[Outcome]", iter(run))
    with stop_on_signals(run.stop, progress.note) as signals, progress, closing(outcomes):
        for outcome in outcomes:
            tally.add(outcome)
            progress.moved(tally.done, tally.failures)
            _tell(outcome, flags, progress)
    code = exit_code(run.summary, verified=plan.run.verify)
    if signals.received is not None and run.summary.stopped:
        code = signals.exit_code
    _report(flags, run.summary, tally, code)
    if (ears.chain_has_changed or run.summary.left_behind) and not flags.quiet:
        _say_orphans(flags)
    if code == signals.exit_code and signals.received is not None:
        raise signals.received
    return code


def _say_orphans(flags: RunFlags) -> None:
    from dcmconv.run.journal.reader import orphans

    count = sum(1 for _ in orphans(Path(flags.out)))
    if count:
        say(
            f"{counted(count, 'picture')} of earlier runs stayed that no input has now; see them: "
            f"dcmconv journal orphans {shlex.quote(flags.out)}"
        )


@dataclass
class _Ears:
    """Passes on what the engine knows before an outcome is there."""

    flags: RunFlags
    plan: Plan
    progress: Progress
    chain_has_changed: bool = False

    def started(self, total_known: int | None, workers: int) -> None:
        if not self.flags.quiet:
            self.progress.note(opening_line(self.flags, self.plan, workers))

    def chain_changed(self, change: ChainChange) -> None:
        self.chain_has_changed = True
        if not self.flags.quiet:
            lines = "".join(f"\n  {line}" for line in change.lines)
            self.progress.note(
                "The chain is not that of the last run here; "
                f"{counted(change.inputs, 'input')} with {counted(change.pictures, 'picture')} "
                f"are done again:{lines}"
            )

    def suspected(self, key: str) -> None:
        self.progress.note(
            f"A run ended, without a word, while it read {key}; a worker process reads it now."
        )

    def statistics_pass_started(self) -> None:
        if not self.flags.quiet:
            self.progress.note(
                "Every input is read twice: first for the statistics that they share."
            )

    def found(self, count: int) -> None:
        self.progress.found(count)

    def finished(self, outcome: Outcome) -> None:
        """Nothing: the loop over the run sees every outcome itself."""


def opening_line(flags: RunFlags, plan: Plan, workers: int) -> str:
    """Say what begins: ``DICOM files under . → ./dcmconv-out (jpg, minmax, 2 workers)``."""
    inputs = flags.inputs or ["."]
    some = ", ".join(map(_shown_input, inputs[:3])) + (
        f" and {len(inputs) - 3:,} more" if len(inputs) > 3 else ""
    )
    lanes = plan.all_lanes
    writers = dict.fromkeys(lane.writer.name for lane in lanes)
    normalizers = dict.fromkeys(lane.normalizer.name for lane in lanes)
    colormaps = dict.fromkeys(lane.colormap.name for lane in lanes if lane.colormap)
    words = ", ".join([*writers, *normalizers, *colormaps])
    pool = counted(workers, "worker") if workers else "in this process"
    return f"DICOM files under {some} → {shown_folder(flags.out)} ({words}, {pool})"


def _shown_input(place: str) -> str:
    """Return an INPUT as it is shown: the folders above this one by their names."""
    parts = Path(place).parts
    return str(Path(place).resolve()) if parts and set(parts) == {".."} else place


def shown_folder(out: str) -> str:
    """Return the output folder as it is shown: a relative one with ``./`` before it."""
    path = Path(out)
    return out if path.is_absolute() or out.startswith((".", "~")) else f"./{path.as_posix()}"


def _tell(outcome: Outcome, flags: RunFlags, progress: Progress) -> None:
    if not flags.verbose:
        return
    if flags.as_json:
        print_json(outcome_data(outcome))
    else:
        progress.note(line_of(outcome))


def _report(flags: RunFlags, summary: Summary, tally: Tally, code: int) -> None:
    for line in tally.failure_lines():
        say(line, emphasis="Failed")
    journal = Path(flags.out) / JOURNAL
    for line in notices(summary):
        say(line)
    if tally.failures and journal.exists():
        say(f"Every input has a line in {harmless(str(journal))}")
    if code == EXIT_NOTHING:
        say(_nothing_found(flags, summary))
    if flags.as_json:
        print_json(summary_data(summary, tally, out=flags.out, code=code))
    if not flags.quiet:
        tell = say if flags.as_json else print_result
        tell(closing_line(summary, tally, shown_folder(flags.out)))


def _nothing_found(flags: RunFlags, summary: Summary) -> str:
    where = " ".join(shlex.quote(_shown_input(each)) for each in flags.inputs or ["."])
    found = (
        f"{counted(summary.skipped, 'input')}, none with a picture,"
        if summary.skipped
        else "no input"
    )
    return (
        f"Nothing to convert: {found} under {where}.\n"
        "  Real files to try it on: dcmconv samples demo && dcmconv run demo"
    )
