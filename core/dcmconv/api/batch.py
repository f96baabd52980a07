"""``run``: many inputs to files."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import replace
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Unpack, cast

from dcmconv.api.plans import ChainLike, ComponentLike, SharedKeywords, listing, plan_from, registry
from dcmconv.errors import UsageError

if TYPE_CHECKING:
    from dcmconv.model.outcome import Converted, Outcome, Summary
    from dcmconv.run.engine import Run
    from dcmconv.run.progress import Progress

__all__ = ["BatchRun", "RunKeywords", "run"]


class RunKeywords(SharedKeywords, total=False):
    """The keywords of ``run`` besides ``progress`` and ``dry_run``; None means not given."""

    chain: ChainLike | None
    name: str | None
    tags: str | Iterable[str] | None
    tag_table: str | PathLike[str] | None
    include: str | Iterable[str] | None
    exclude: str | Iterable[str] | None
    executor: ComponentLike | None
    on_collision: Literal["suffix", "skip", "fail"] | None
    on_existing: Literal["resume", "skip", "replace", "fail"] | None
    workers: int | Literal["auto"] | None
    timeout: float | None
    memory: int | None
    on_error: Literal["continue", "stop"] | None
    max_failures: int | str | None
    retry_failed: bool | None
    verify: bool | None
    durable: bool | None
    tracebacks: bool | None
    replace: bool | None
    separate: bool | None


@listing(RunKeywords)
def run(
    inputs: str | PathLike[str] | Iterable[str | PathLike[str]],
    out: str | PathLike[str],
    *,
    progress: bool | Callable[[Progress], object] = False,
    dry_run: bool = False,
    **keywords: Unpack[RunKeywords],
) -> BatchRun:
    """Convert many inputs to files; iterate over the result to do the work.

    Parameters
    ----------
    inputs : path or sequence of paths
        Files, folders, and patterns such as ``"scans/**/*.dcm"``.
    out : path
        The output folder, or one picture if its suffix is one that the writer makes; a text that
        ends with ``/`` is always a folder.
    chain : path, mapping or Chain, optional
        A chain file, ``"preset:NAME"``, a mapping with the keys of a chain file, or a ``Chain``.
        The other keywords take precedence.
    read : component or sequence of components, optional
        Options of readers, such as ``"dicom:overlays=draw"``.
    decoders : mapping, optional
        UID or name of a Transfer Syntax to the decoder that is used instead of the usual one.
    normalize : component, optional
        How stored values become display values, such as ``"window:40,400"``.
    invert : bool, optional
        Swap black and white.
    steps : component or sequence of components, optional
        What is done after the normalizer, in order, such as ``"resize:512"``.
    colormap : component, optional
        Colors for grayscale pictures.
    aspect : str, optional
        What to do with pixels that are not square.
    rules : sequence of mappings, optional
        What is different for inputs whose attributes match, as in a chain file.
    outputs : component or sequence of components, optional
        Writers, such as ``"jpg:95"``; PNG by default.
    writers, writer : optional
        Other names of ``outputs``.
    name : str, optional
        Path of each picture in the output folder, such as ``"{PatientID}/{SOPInstanceUID}"``.
    frames : int, str or sequence, optional
        Frames to convert, counted from 1, such as ``"1,3-5"``.
    tags : str or sequence of str, optional
        The columns of the tag table, which are also the ``attributes`` of outcomes: keywords,
        tags or paths into sequences.
    tag_table : path, optional
        Write a table of tags there, one row for every picture: ``.csv`` or ``.jsonl``.
    include, exclude : str or sequence of str, optional
        Convert only the inputs that match a pattern, or leave out those that do.
    executor : component, optional
        What runs the work, such as ``"inline"``.
    on_collision : str, optional
        What to do when two inputs would get the same file name.
    on_existing : str, optional
        What to do when a picture already exists.
    workers : int or "auto", optional
        Number of worker processes; auto is one per available CPU.
    timeout : float, optional
        Time limit for one input (seconds).
    memory : int, optional
        Memory limit of one worker; by default a fair share, at least 2048 (MiB).
    policy : str, optional
        How to treat doubtful files: strict turns every note into a failure, salvage also converts
        what is left of damaged files.
    on_error : str, optional
        What to do after an input has failed.
    max_failures : int or str, optional
        Stop when more inputs than this have failed in this run; by default never.
    retry_failed : bool, optional
        Retry inputs that failed in an earlier run, even if they did not change.
    verify : bool, optional
        Check the pictures of earlier runs against the journal and convert damaged ones again; the
        exit code is then 6.
    durable : bool, optional
        Flush every picture to disk before its journal line is written; slower.
    tracebacks : bool, optional
        Write tracebacks of unexpected errors to OUT/.dcmconv/tracebacks.log.
    replace : bool, optional
        Whether pictures that another chain made from the same inputs may be replaced; otherwise
        such a run raises ``UsageError`` and changes nothing.
    separate : bool, optional
        Write the pictures of each chain into a folder of their own in ``out``, named after the
        chain.
    progress : bool or callable, optional
        True shows a bar, in a notebook too, or a line now and then where stderr is a file.  A
        callable gets a ``Progress`` after every input.
    dry_run : bool, optional
        Write nothing: the outcomes say which pictures would be written, with size 0, and what is
        unchanged.  Headers are read and pixels are not decoded, so damaged pixels are not found.

    Returns
    -------
    BatchRun
        Iterate over it once: it yields one ``Converted``, ``Skipped`` or ``Failed`` per input.
        Or call ``wait()``, which returns the ``Summary``.

    Raises
    ------
    UsageError
        If a keyword has a value that it cannot have.  A missing input or an output that cannot be
        written raises when the iteration begins.

    Examples
    --------
    >>> for outcome in dcmconv.run("scans", "out", normalize="minmax"):  # doctest: +SKIP
    ...     print(outcome.status, outcome.input)
    >>> dcmconv.run("scans", "out", outputs=["jpg"], progress=True).wait()  # doctest: +SKIP
    """
    from dcmconv.api.python_hints import python_hints
    from dcmconv.chain.checks import DEFAULT_COLUMNS, columns_of
    from dcmconv.chain.keywords import check_keywords
    from dcmconv.run.engine import Run
    from dcmconv.run.journal.chain_change import folder_of_chain
    from dcmconv.run.output.out_path import check_out, ends_like_a_folder
    from dcmconv.run.walk import Selection

    check_keywords(keywords, tuple(inspect.signature(run).parameters), registry())
    given: dict[str, Any] = dict(keywords)
    include, exclude = (_patterns(word, given.pop(word, None)) for word in ("include", "exclude"))
    tag_table = _table(given.pop("tag_table", None))
    separate, may_replace = (_truth(key, given.pop(key, None)) for key in ("separate", "replace"))
    named, folder = _paths(inputs), _path("out", out)
    with python_hints():
        check_out(folder)
        plan = plan_from(given)
        if tag_table and not plan.tags:
            plan = replace(plan, tags=columns_of((DEFAULT_COLUMNS,), registry()))
    prepared = Run(
        plan,
        named,
        Path(folder, folder_of_chain(plan)) if separate else Path(folder),
        selection=Selection(include, exclude),
        tag_table=tag_table,
        events=registry().events,
        registry=registry(),
        out_is_folder=separate or ends_like_a_folder(folder),
        replace=may_replace,
        avoid=[Path(folder)] if separate else (),
    )
    return BatchRun(prepared, progress, dry_run=_truth("dry_run", dry_run))


def _patterns(word: str, given: str | Iterable[str] | None) -> tuple[str, ...]:
    if given is None:
        return ()
    is_one = isinstance(given, str) or not isinstance(given, Iterable)
    patterns: tuple[Any, ...] = (given,) if is_one else tuple(given)
    for pattern in patterns:
        if not isinstance(pattern, str):
            raise UsageError(
                f"{word}: expected a pattern or several, got {pattern!r:.80}.",
                hint=f"For example: {word}='*.dcm'",
            )
    return patterns


def _path(word: str, given: str | PathLike[str]) -> str:
    # An empty path would be the working folder.
    path = os.fspath(given) if isinstance(given, (str, PathLike)) else None
    if not isinstance(path, str) or not path:
        raise UsageError(f"{word}: expected a path, got {given!r:.80}.", hint="Pass a str or Path.")
    return path


def _table(given: str | PathLike[str] | None) -> Path | None:
    return None if given is None else Path(_path("tag_table", given))


def _truth(word: str, given: bool | None) -> bool:
    # The text "no" would be true.
    if given is not None and not isinstance(given, bool):
        raise UsageError(
            f"{word}: expected True or False, got {given!r:.80}.", hint=f"For example: {word}=True"
        )
    return bool(given)


def _paths(given: str | PathLike[str] | Iterable[str | PathLike[str]]) -> list[str]:
    listed = [given] if isinstance(given, (str, PathLike)) else given
    is_buffer = isinstance(listed, (bytes, bytearray, memoryview))
    # An open file can be iterated over too: its lines.
    if isinstance(listed, Iterable) and not is_buffer and not hasattr(listed, "read"):
        paths = list(listed)
        if all(isinstance(path, (str, PathLike)) for path in paths):
            return [os.fspath(path) for path in paths]
        if isinstance(given, (list, tuple, set)):
            given = next(path for path in paths if not isinstance(path, (str, PathLike)))
    raise UsageError(
        f"inputs: expected a path or several paths, got {type(given).__name__}.",
        hint="For bytes, open files and datasets in memory, use dcmconv.convert().",
    )


NOT_STARTED = "not started: iterate over the run, or call its wait()"

DRY_RUN = "dry run: nothing was written"
RUNNING, FINISHED = "running", "finished"


class BatchRun:
    """What ``run`` returns: iterate over it once to do the work, or call ``wait``.

    Nothing is done before the first outcome is asked for.  Leaving the loop ends the workers; a
    later run of the same call does the rest.  It may be used in a thread and in a running event
    loop, as in ``await asyncio.to_thread(run.wait)``, and installs no signal handlers.
    """

    def __init__(
        self,
        run: Run,
        progress: bool | Callable[[Progress], object] = False,
        *,
        dry_run: bool = False,
    ) -> None:
        if not (isinstance(progress, bool) or callable(progress)):
            raise UsageError(
                f"progress: expected True, False or a function, got {progress!r:.80}.",
                hint="For example: progress=True, or progress=print",
            )
        self._run = run
        self._progress = progress
        self._dry_run = dry_run
        self._state = NOT_STARTED

    def __iter__(self) -> Iterator[Outcome]:
        """Do the work, and yield the outcome of each input, in the order of the inputs.

        Raises
        ------
        UsageError
            If it has been iterated over before, or an input does not exist.
        OutputError
            If the destination is in use, full or read-only; finished pictures stay.
        """
        if self._state != NOT_STARTED:
            raise UsageError(
                f"This run has been iterated over before: {self._state}.",
                hint="A run is iterated over once.  Keep its outcomes, as in outcomes = list(run), "
                "or call dcmconv.run() again, which converts only what is missing or has changed.",
            )
        self._state = RUNNING
        return self._outcomes()

    def _outcomes(self) -> Iterator[Outcome]:
        from dcmconv.api.python_hints import outcome_in_python, python_hints
        from dcmconv.model.outcome import Converted

        run = self._run
        try:
            with python_hints(run.plan), self._display() as show:
                run.tell = show
                planned = self._planned(show) if self._dry_run else iter(run)
                with closing(cast("Generator[Outcome]", planned)) as outcomes:
                    for outcome in outcomes:
                        if isinstance(outcome, Converted):
                            yield _with_whole_paths(outcome, self._folder)
                        else:
                            yield outcome_in_python(outcome, run.plan)
            self._state = FINISHED
        except GeneratorExit:
            self._state = FINISHED  # the loop was left; the summary says so
            raise
        except BaseException as error:
            about = str(error).partition("\n")[0] or type(error).__name__
            self._state = f"failed: {about}"
            raise

    def _planned(self, show: Callable[[Progress], object] | None) -> Iterator[Outcome]:
        """Yield the outcomes that the run would have."""
        from dcmconv.run.dry_run import DryRun

        run = self._run
        dry = DryRun(run.plan, run.out, is_folder=run.out_is_folder)
        run.tally, run.folder = dry.tally, dry.folder
        for number, outcome in enumerate(dry.outcomes(run.walk()), start=1):
            if show is not None:
                show(dry.tally.progress(found=number, total=None))
            yield outcome
        run.summary = replace(dry.tally.summary, stopped=DRY_RUN)

    def _display(self) -> AbstractContextManager[Callable[[Progress], object] | None]:
        if self._progress is True:
            from dcmconv.api.progress_bar import progress_display

            return progress_display()
        return nullcontext(self._progress or None)

    @cached_property
    def _folder(self) -> str:
        """Where the paths of pictures begin; the working folder may change later."""
        return os.fspath((self._run.folder or self._run.out).absolute())

    def wait(self) -> Summary:
        """Do the work without a loop, and return the summary; a finished run returns it again."""
        if self._state != FINISHED:
            for _ in self:
                pass
        return self.summary

    def stop(self, reason: str = "interrupted") -> None:
        """Start no new input, and end when running tasks are done, after ten seconds at most.

        May be called from another thread; the next run does the rest.
        """
        self._run.stop(reason)

    @property
    def summary(self) -> Summary:
        """The counts so far; ``stopped`` says if the run has not started, or is not finished."""
        from dcmconv.model.outcome import Summary

        if self._state == FINISHED:
            return self._run.summary
        if self._state == NOT_STARTED:
            return Summary(stopped=NOT_STARTED)
        return replace(self._run.tally.summary, stopped=self._state)

    @property
    def progress(self) -> Progress:
        """How far the run is; may be asked for from another thread."""
        return self._run.progress

    def __repr__(self) -> str:
        shown = ", ".join(map(repr, self._run.inputs[:3]))
        more = f" and {len(self._run.inputs) - 3:,} more" if len(self._run.inputs) > 3 else ""
        about = f"{self._state}, {self.progress}" if self._state == RUNNING else self._state
        if self._state == FINISHED:
            done = self._run.summary
            about = f"stopped ({done.stopped})" if done.stopped else self._state
            about += (
                f", {done.converted:,} converted, {done.skipped:,} skipped, {done.failed:,} failed"
            )
        return f"<dcmconv.run of {shown}{more} to {str(self._run.out)!r}: {about}>"


def _with_whole_paths(outcome: Converted, folder: str) -> Converted:
    """Return an outcome whose pictures can be opened from any working folder."""
    from dcmconv.model.outcome import Converted, OutputFile

    # Not replace(), which takes many calls.
    outputs = [
        OutputFile(**{**vars(each), "path": f"{folder}/{each.path}"}) for each in outcome.outputs
    ]
    return Converted(**{**vars(outcome), "outputs": tuple(outputs)})
