"""``run``: many inputs to files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dcmconv.api.plans import plan_from, registry

if TYPE_CHECKING:
    from dcmconv.run.engine import Run

__all__ = ["run"]


def run(
    inputs: str | PathLike[str] | Sequence[str | PathLike[str]],
    out: str | PathLike[str],
    **options: Any,
) -> Run:
    """Convert many inputs to files; iterate over the result to do the work.

    Parameters
    ----------
    inputs : path or sequence of paths
        Files and folders.
    out : path
        The output folder, or one picture if its suffix is one that the writer makes; a text that
        ends with ``/`` is always a folder.
    **options
        ``chain``, ``read``, ``decoders``, ``normalize``, ``colormap``, ``steps``, ``writers``,
        ``invert``, ``frames``, ``name``, ``tags`` and the settings of a run (``workers``,
        ``timeout``, ``policy``, ``retry_failed``, ...) as on the command line;
        ``include``, ``exclude`` (patterns), ``tag_table`` (a file for the tag table).

    Returns
    -------
    Run
        An iterator of ``Converted``, ``Skipped`` and ``Failed``; ``run.summary`` afterwards.

    Examples
    --------
    >>> for outcome in dcmconv.run("scans", "out", normalize="minmax"):  # doctest: +SKIP
    ...     print(outcome.status, outcome.input)
    """
    from dcmconv.chain.checks import DEFAULT_COLUMNS, columns_of
    from dcmconv.run.engine import Run
    from dcmconv.run.output.out_path import check_out, ends_like_a_folder
    from dcmconv.run.walk import Selection

    include, exclude = (_patterns(options.pop(name, ())) for name in ("include", "exclude"))
    tag_table = options.pop("tag_table", None)
    check_out(str(out))
    plan = plan_from(options)
    if tag_table and not plan.tags:
        plan = replace(plan, tags=columns_of((DEFAULT_COLUMNS,), registry()))
    named = [inputs] if isinstance(inputs, (str, PathLike)) else list(inputs)
    return Run(
        plan,
        [str(item) for item in named],
        Path(out),
        selection=Selection(include=include, exclude=exclude),
        tag_table=Path(tag_table) if tag_table else None,
        events=registry().events,
        registry=registry(),
        out_is_folder=ends_like_a_folder(str(out)),
    )


def _patterns(given: str | Iterable[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)
