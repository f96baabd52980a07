"""Mutation testing: change one operator, see whether a test fails.

    cd tests && python -m proof.code_mutation map             # which tests run which line (once)
    cd tests && python -m proof.code_mutation run core/dcmconv/render --count 60 --seed 1

``run`` picks mutants by seed, runs the tests that execute the changed line, and prints those that
survive.  A survivor is a missing test, dead code, or equivalent: read it and decide.  Use a
separate checkout: files are changed in place, and restored afterwards.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import random
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COVERAGE = ROOT / ".mutation-coverage"
MOST_TESTS = 60
"""Most tests that are run for one mutant, those that execute the fewest lines first.

So a survivor on a line with more tests may be killed by one that was not run; a line without any
test in the map counts as a survivor untested.  Try both by hand.
"""
SECONDS = 300

COMPARED = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
COMPUTED = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult, ast.LShift: ast.RShift, ast.RShift: ast.LShift,
    ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """One changed expression: the text at a position in a file, and its replacement."""

    path: str
    line: int
    start: int
    end: int
    before: str
    after: str


def mutants_of(path: Path) -> Iterator[Mutant]:
    """Yield every mutant of a file; annotations, docstrings and ``__all__`` are left alone."""
    text = path.read_bytes()
    module = ast.parse(text)
    starts = [0]
    for row in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(row))
    for node, new in _changes(module):
        start = starts[node.lineno - 1] + node.col_offset
        end = starts[node.end_lineno - 1] + node.end_col_offset
        before = text[start:end].decode()
        name = path.relative_to(ROOT).as_posix()
        yield Mutant(name, node.lineno, start, end, before, ast.unparse(new))


def _changes(module: ast.Module) -> Iterator[tuple[ast.AST, ast.expr]]:
    for node in _code(module):
        for new in [*_other_operators(node), *_other_values(node)]:
            yield node, new


def _other_operators(node: ast.AST) -> Iterator[ast.expr]:
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in COMPARED:
        operator = COMPARED[type(node.ops[0])]()
        yield ast.Compare(node.left, [operator], node.comparators)
    elif isinstance(node, ast.BinOp) and type(node.op) in COMPUTED:
        yield ast.BinOp(node.left, COMPUTED[type(node.op)](), node.right)
    elif isinstance(node, ast.BoolOp):
        yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield node.operand


def _other_values(node: ast.AST) -> Iterator[ast.expr]:
    if isinstance(node, ast.BoolOp):
        yield node.values[0]
    elif isinstance(node, ast.Constant) and type(node.value) is bool:
        yield ast.Constant(not node.value)
    elif isinstance(node, ast.Constant) and type(node.value) is int:
        yield ast.Constant(node.value + 1)
    elif isinstance(node, ast.IfExp):
        yield from (node.body, node.orelse)


def _code(module: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes that do something: no annotation, no ``__all__``, no type checking block."""
    waiting = [module]
    while waiting:
        node = waiting.pop()
        yield node
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns", "decorator_list"):
                continue
            children = value if isinstance(value, list) else [value]
            waiting += [child for child in children if _counts(child)]


def _counts(node: object) -> bool:
    if isinstance(node, ast.Assign):
        return getattr(node.targets[0], "id", "") != "__all__"
    if isinstance(node, ast.If):
        return getattr(node.test, "id", "") != "TYPE_CHECKING"
    return isinstance(node, ast.AST)


def make_map(arguments: list[str]) -> int:
    """Run the quick tests once, and keep which of them execute which line."""
    options = ["--cov=dcmconv", "--cov=dcmconv_builtins", "--cov-context=test", "--cov-report="]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", *options, *arguments]
    environment = os.environ | {"COVERAGE_FILE": str(COVERAGE)}
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


def tests_of(line: int, path: str) -> list[str]:
    """Return the tests that execute a line, fewest lines first: those are closest to it."""
    from coverage.numbits import num_in_numbits

    with sqlite3.connect(f"file:{COVERAGE}?mode=ro", uri=True) as database:
        rows = database.execute(
            "select context.context, numbits from line_bits join file on file.id = file_id "
            "join context on context.id = context_id where file.path = ?",
            (str(ROOT / path),),
        ).fetchall()
    found = [(len(bits), context) for context, bits in rows if num_in_numbits(line, bits)]
    return [context.partition("|")[0] for _, context in sorted(found) if context]


def survives(mutant: Mutant) -> bool:
    """Return whether all tests pass with a mutant in place."""
    path = ROOT / mutant.path
    whole = path.read_bytes()
    path.write_bytes(whole[: mutant.start] + f"({mutant.after})".encode() + whole[mutant.end :])
    try:
        tests = list(dict.fromkeys(tests_of(mutant.line, mutant.path)))[:MOST_TESTS]
        return not tests or _pass(tests)
    finally:
        path.write_bytes(whole)


def _pass(tests: list[str]) -> bool:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-x",
        "-q",
        "-p",
        "no:randomly",
        "-p",
        "no:cacheprovider",
    ]
    try:
        done = subprocess.run(
            [*command, *tests], cwd=ROOT, capture_output=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def run(folders: list[str], *, count: int, seed: int) -> int:
    """Try ``count`` mutants of some folders; print and return how many survive."""
    files = [file for folder in folders for file in _files(ROOT / folder)]
    every = [mutant for file in files for mutant in mutants_of(file)]
    chosen = random.Random(seed).sample(every, min(count, len(every)))
    alive = 0
    for number, mutant in enumerate(chosen, start=1):
        if survives(mutant):
            alive += 1
            print(json.dumps(vars(mutant) | {"tests": len(tests_of(mutant.line, mutant.path))}))
        if number % 20 == 0:
            print(f"# {number} of {len(chosen)}: {alive} survive", flush=True)
    print(f"# {len(chosen)} mutants of {len(every)}: {len(chosen) - alive} killed, {alive} survive")
    return alive


def _files(path: Path) -> list[Path]:
    return [path] if path.suffix == ".py" else sorted(path.rglob("*.py"))


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("map").add_argument("pytest", nargs="*", default=["-m", "not slow"])
    trial = commands.add_parser("run")
    trial.add_argument("folders", nargs="+")
    trial.add_argument("--count", type=int, default=50)
    trial.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if options.command == "map":
        return make_map(options.pytest)
    return bool(run(options.folders, count=options.count, seed=options.seed))


if __name__ == "__main__":
    sys.exit(main())
