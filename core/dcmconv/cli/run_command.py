"""``dcmconv run``: convert files."""

from __future__ import annotations

import logging
import shlex
import sys
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from dcmconv.chain.found import chain_in_use
from dcmconv.cli.component_flags import NamedComponents, given_overrides
from dcmconv.cli.exit_codes import EXIT_NOTHING, exit_code_of_run, stop_on_signals
from dcmconv.cli.groups.chain_commands import save_chain
from dcmconv.cli.progress import progress_for
from dcmconv.cli.report import print_report
from dcmconv.cli.run_flags import RunArguments
from dcmconv.cli.terminal import (
    print_bytes,
    print_json,
    print_result,
    say,
    stdout_is_terminal,
)
from dcmconv.errors import UsageError
from dcmconv.model.outcome import Converted, counted

if TYPE_CHECKING:
    from dcmconv.chain.plan import Plan
    from dcmconv.chain.spec import ChainSpec
    from dcmconv.cli.progress import Display
    from dcmconv.model.components import Writer
    from dcmconv.model.outcome import Outcome
    from dcmconv.plugins.registry import Registry
    from dcmconv.run.engine import Run
    from dcmconv.run.walk import Walk

__all__ = ["run_command"]


def run_command(named: NamedComponents, values: Mapping[str, Any]) -> int:
    """Do what the flags ask for and return the exit code."""
    from dcmconv.plugins.discovery import check_left_out

    arguments = RunArguments.of(values, given_overrides(values, named.targets))
    is_found = arguments.chain is None
    arguments = replace(arguments, chain=chain_in_use(arguments.chain))
    if arguments.quiet and arguments.verbose:
        raise UsageError("--quiet and --verbose cannot be combined.", hint="Remove one of them.")
    if arguments.dry_run and arguments.check_names:
        message = "--dry-run and --check-names cannot be combined."
        raise UsageError(message, hint="Remove one of them; neither converts anything.")
    check_left_out(arguments.no_plugin)
    registry = named.registry
    for problem in registry.problems:
        say(f"Warning: {problem}", emphasis="Warning:")
    chain, plan = _planned(arguments, named)
    if not arguments.quiet:
        _say_chain(arguments.chain if is_found else None, chain.notes)
    if arguments.save_chain:
        save_chain(Path(arguments.save_chain), chain, registry)
    if arguments.dry_run or arguments.check_names:
        return _show(arguments, chain, plan, registry)
    if not arguments.tag_table:
        # A chain may name columns; without a table, nothing is looked up or printed.
        plan = replace(plan, tags=())
    return _convert(_with_separate(arguments, plan), plan, registry)


def _show(arguments: RunArguments, chain: ChainSpec, plan: Plan, registry: Registry) -> int:
    """Print what would be done; write nothing."""
    if arguments.dry_run:
        from dcmconv.chain.show import chain_as_yaml

        return _show_plan(arguments, chain_as_yaml(chain, registry), plan)
    from dcmconv.cli.name_check import print_names

    return print_names(arguments, plan, _walk(arguments, plan))


def _planned(arguments: RunArguments, named: NamedComponents) -> tuple[ChainSpec, Plan]:
    """Return the chain of the flags, and what it compiles to."""
    from dcmconv.chain.compile import compile_chain
    from dcmconv.cli.chain_of_flags import chain_of, check_effects

    base = named.loaded(arguments.chain) if arguments.chain else None
    chain = chain_of(arguments, named.registry, base=base)
    plan = compile_chain(chain, named.registry)
    check_effects(arguments, plan)
    return chain, plan


def _with_separate(arguments: RunArguments, plan: Plan) -> RunArguments:
    """Return the arguments with a folder of the chain's own, if ``--separate`` asks for it."""
    if not arguments.separate:
        return arguments
    from dcmconv.run.journal.chain_change import folder_of_chain
    from dcmconv.run.output.out_path import names_a_file

    out = arguments.out
    if out == "-" or names_a_file(Path(out), plan):
        raise UsageError(
            f"{out} names one file; --separate makes folders.", hint="Name a folder: -o pictures/"
        )
    return replace(arguments, out=str(Path(out, folder_of_chain(plan))), separate_in=out)


def _say_chain(found: str | None, notes: Sequence[str]) -> None:
    """Say which chain was found in the current folder, and what flags did to the chain."""
    if found:
        say(f"Chain: ./{found} (use --chain none to ignore it)")
    for note in notes:
        say(f"Note: {note}", emphasis="Note:")


def _convert(arguments: RunArguments, plan: Plan, registry: Registry) -> int:
    # Libraries may log values of the file, which can be patient data.
    logging.getLogger().addHandler(logging.NullHandler())
    progress = progress_for(arguments, plan)
    with _file_for_stdout(arguments, plan) if arguments.is_to_stdout else nullcontext() as picture:
        run = _run_of(arguments, plan, registry, progress, picture or Path(arguments.out))
        progress.watched = run
        # Closed before anything is printed: after Ctrl-C, the workers must have ended by then.
        outcomes = cast("Generator[Outcome]", iter(run))
        with stop_on_signals(run.stop, progress.note) as signals, progress, closing(outcomes):
            for outcome in outcomes:  # the listener sees every outcome
                if picture is not None and isinstance(outcome, Converted):
                    print_bytes(picture.with_name(outcome.outputs[0].path).read_bytes())
    stopped_by = signals.received if run.summary.stopped else None
    code = exit_code_of_run(run.summary, verified=plan.run.verify, signal_received=stopped_by)
    print_report(arguments, run.summary, run.tally, code)
    if (progress.chain_has_changed or run.summary.left_behind) and not arguments.quiet:
        _say_orphans(arguments.out)
    if stopped_by is not None:
        # exit_code_of_error prints how to resume.
        raise stopped_by
    return code


def _run_of(
    arguments: RunArguments, plan: Plan, registry: Registry, progress: Display, out: Path
) -> Run:
    from dcmconv.run.engine import Run
    from dcmconv.run.output.out_path import ends_like_a_folder
    from dcmconv.run.walk import Selection

    return Run(
        plan,
        arguments.locations,
        out,
        selection=Selection(tuple(arguments.include), tuple(arguments.exclude)),
        tag_table=Path(arguments.tag_table) if arguments.tag_table else None,
        listener=progress,
        events=registry.events,
        registry=registry,
        argv=tuple(sys.argv),
        out_is_folder=arguments.separate or ends_like_a_folder(arguments.out),
        replace=progress.may_replace,
        avoid=[Path(arguments.separate_in)] if arguments.separate_in else (),
        lists=arguments.lists,
        counts_ahead=not arguments.quiet,
    )


@contextmanager
def _file_for_stdout(arguments: RunArguments, plan: Plan) -> Iterator[Path]:
    """Yield the name of a temporary file for the picture that goes to standard output.

    Raises
    ------
    UsageError
        If there would be more than one picture, or standard output is needed for something else.
    """
    from tempfile import TemporaryDirectory

    one, hint = "-o - writes one picture to standard output", "Name a folder: -o pictures"
    if arguments.as_json:
        raise UsageError(f"{one}, where --json prints as well.", hint="Remove one of them.")
    if stdout_is_terminal():
        raise UsageError(
            f"{one}, which is a terminal.",
            hint="Redirect it: dcmconv run scan.dcm -o - > picture.png",
        )
    if len(plan.all_lanes) > 1:
        raise UsageError(f"{one}, but the chain has {len(plan.all_lanes)} outputs.", hint=hint)
    if len(list(islice(_inputs(arguments, plan), 2))) > 1:
        raise UsageError(f"{one}, but there is more than one input.", hint=hint)
    writer = cast("Writer", plan.lanes[0].writer.load())
    with TemporaryDirectory(prefix="dcmconv-") as folder:
        # The name is for messages.
        yield Path(folder, f"stdout{writer.suffix}")


def _say_orphans(out: str) -> None:
    from dcmconv.run.journal.reader import orphans

    gone = [orphan.input_is_gone for orphan in orphans(Path(out))]
    if gone:
        or_gone = ", or whose inputs no longer exist" if any(gone) else ""
        say(
            f"Orphans: {counted(len(gone), 'picture')} of earlier runs, no longer produced by "
            f"their inputs{or_gone}. To list them: dcmconv journal orphans {shlex.quote(out)}"
        )


def _show_plan(arguments: RunArguments, shown_chain: str, plan: Plan) -> int:
    """Print the chain and the number of inputs; nothing is opened and nothing is written."""
    count = total_bytes = 0
    for key, size in _inputs(arguments, plan):
        count, total_bytes = count + 1, total_bytes + size
        if arguments.verbose:
            say(key)
    if arguments.as_json:
        readers = [reader.as_data() for reader in plan.readers]
        made = {"readers": readers, "lanes": [lane.as_data() for lane in plan.lanes]}
        if plan.decoders:
            made["decoders"] = [
                {"transfer_syntax": uid, **ref.as_data()} for uid, ref in plan.decoders
            ]
        print_json({"kind": "dry-run", "inputs": count, "bytes": total_bytes, **made})
    else:
        print_result(shown_chain.rstrip())
        inputs = counted(count, "input")
        print_result(f"# Dry run: {inputs} found ({total_bytes / 1e6:,.1f} MB), nothing converted.")
    return 0 if count else EXIT_NOTHING


def _walk(arguments: RunArguments, plan: Plan) -> Walk:
    from dcmconv.run.walk import Selection, Walk

    selection = Selection(tuple(arguments.include), tuple(arguments.exclude))
    out = (Path(arguments.out),)
    return Walk(plan.sources, arguments.locations, out, selection, arguments.lists)


def _inputs(arguments: RunArguments, plan: Plan) -> Iterator[tuple[str, int]]:
    from dcmconv.model.inputs import Reference

    walk = _walk(arguments, plan)
    walk.check()
    for found, _ in walk.inputs():
        if isinstance(found, Reference):
            yield found.key, found.size or 0
