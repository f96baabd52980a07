"""The command of the referee: ``python -m benchmarks``."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks import anatomy
from benchmarks.chart import chart
from benchmarks.corpora import Corpora
from benchmarks.cost import CommandError, adopt_orphans
from benchmarks.limit import build_limit
from benchmarks.referee import Referee
from benchmarks.report import publish, tables
from benchmarks.results import Gain, Results, machine, row_of
from benchmarks.startup import measure_starts
from benchmarks.tasks import TASKS
from benchmarks.tools import Tool, find_tools

PAGE = Path(__file__).parent.parent / "docs" / "explanation" / "performance.md"
EXTRAS = ("scaling", "memory", "start")
CT = TASKS[0]


def main() -> int:
    """Measure; write ``results.json``, ``results.md`` and ``results.svg``; publish if asked."""
    options = _options()
    options.out.mkdir(parents=True, exist_ok=True)
    saved = options.out / "results.json"
    if options.report:
        results = Results.from_data(json.loads(saved.read_text()))
    else:
        results = _measured(options, saved)
    (options.out / "results.md").write_text(tables(results), encoding="utf-8")
    (options.out / "results.svg").write_text(chart(results), encoding="utf-8")
    if options.publish:
        publish(results, PAGE)
        PAGE.with_suffix(".svg").write_text(chart(results), encoding="utf-8")
    print(tables(results))
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few files, two rounds: 25 minutes")
    parser.add_argument(
        "--only",
        nargs="+",
        metavar="WORD",
        help="only tasks whose names start so, such as ct-jpg; or "
        f"{', '.join(EXTRAS)}; other results in the folder are kept",
    )
    parser.add_argument("--tools", nargs="+", metavar="TOOL", help="only these tools, by name")
    parser.add_argument(
        "--rounds", type=int, help="how often everything runs (default: 5; with --quick, 2)"
    )
    parser.add_argument(
        "--workers", type=int, default=2, help="processes of every tool (default: 2)"
    )
    parser.add_argument(
        "--out", type=Path, default=Path("benchmark-results"), help="folder for the results"
    )
    parser.add_argument(
        "--work",
        type=Path,
        default=Path(tempfile.gettempdir()) / "dcmconv-benchmarks",
        help="folder for corpora and pictures: 6 GB, on the kind of disk that you want to measure",
    )
    parser.add_argument(
        "--report", action="store_true", help="measure nothing, write the report again"
    )
    parser.add_argument("--publish", action="store_true", help=f"put the tables into {PAGE.name}")
    return parser.parse_args()


def _measured(options: argparse.Namespace, saved: Path) -> Results:
    adopt_orphans()
    # As in our own workers: library threads would only make CPU times harder to compare.
    os.environ.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1")
    # An installation is compiled once; with this variable, every start would compile it again.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    limit = build_limit(options.work / "climit")
    tools, missing = find_tools(limit, options.work)
    dcmconv = tools[0]
    if options.tools:
        tools = [tool for tool in tools if tool.name in options.tools]
    rounds = options.rounds or (2 if options.quick else 5)
    referee = Referee(
        dcmconv,
        Corpora(options.work / "corpora"),
        options.work,
        options.workers,
        options.quick,
        _say,
    )
    results = _begun(options, saved, rounds)
    results.tools |= {tool.name: tool.version for tool in tools}
    results.missing = missing
    referee.forget()
    for task in TASKS:
        if _wanted(options.only, task.name):
            _say(task.name)
            results.add([row_of(each) for each in referee.judge(task, tools, rounds)])
            _save(results, saved)
    _measure_extras(results, referee, tools, options.only)
    _save(results, saved)
    referee.tidy_up()
    return results


def _begun(options: argparse.Namespace, saved: Path, rounds: int) -> Results:
    """Return empty results, or those in the folder if only some tasks are measured again."""
    here = machine(anatomy.where_from())
    if options.only and saved.exists():
        results = Results.from_data(json.loads(saved.read_text()))
        results.machine, results.quick, results.rounds = here, options.quick, rounds
        return results
    return Results(here, options.quick, rounds)


def _measure_extras(
    results: Results, referee: Referee, tools: Sequence[Tool], only: Sequence[str] | None
) -> None:
    fast = [tool for tool in tools if tool.pace == "fast" and tool.handles(CT)]
    small, large = (200, 1200) if referee.quick else (1000, 10_000)
    if _wanted(only, "scaling"):
        _say("scaling")
        results.gains = _gains(referee, fast, large, results.rounds)
    if _wanted(only, "memory"):
        _say("memory")
        for tool in fast:
            peaks = {str(count): referee.memory(CT, tool, count) for count in (small, large)}
            results.memory[tool.name] = peaks
    if _wanted(only, "start"):
        _say("start")
        rounds = 5 if referee.quick else 9
        starts, results.imports = measure_starts(
            referee.dcmconv, referee.corpora, referee.folder, rounds
        )
        results.starts = {start.name: start.seconds for start in starts}


def _gains(referee: Referee, tools: Sequence[Tool], count: int, rounds: int) -> list[Gain]:
    gains = [Gain(tool.name, [], []) for tool in tools]
    for _ in range(rounds):
        for tool, gain in zip(tools, gains, strict=True):
            gain.one.append(referee.run(CT, tool, count, 1).wall)
            gain.two.append(referee.run(CT, tool, count, 2).wall)
    return gains


def _wanted(only: Sequence[str] | None, name: str) -> bool:
    return only is None or any(name.startswith(word) for word in only)


def _save(results: Results, saved: Path) -> None:
    saved.write_text(json.dumps(results.as_data(), indent=1), encoding="utf-8")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except CommandError as error:
        sys.exit(f"The referee stopped: {error}")
