"""The code as text: which module imports which, and how long things are."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from support.environments import ROOT

SOURCE_ROOTS = (ROOT / "core", ROOT / "plugins")


@cache
def modules() -> dict[str, Path]:
    """Return every module of both packages: dotted name to file."""
    found = {}
    for root in SOURCE_ROOTS:
        for path in sorted(root.rglob("*.py")):
            parts = path.relative_to(root).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def tree(name: str) -> ast.Module:
    """Return a module, parsed."""
    return ast.parse(modules()[name].read_text("utf-8"))


def imports(name: str) -> Iterator[tuple[str, int]]:
    """Yield what a module imports anywhere, functions and type checking included, and the line."""
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name}, line {node.lineno}: a relative import"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield (whole if whole in modules() else str(node.module)), node.lineno


def functions(name: str) -> Iterator[tuple[str, int]]:
    """Yield each function with the number of its lines, without the docstring."""
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            begin = node.lineno
            text = ast.get_docstring(node, clean=False)
            docstring = node.body[0].end_lineno - node.body[0].lineno + 1 if text is not None else 0
            yield f"{name}.{node.name}", node.end_lineno - begin + 1 - docstring


def definitions(name: str) -> Iterator[tuple[str, int]]:
    """Yield each name that a module defines or assigns at its top level, and the line."""
    for node in tree(name).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name, node.lineno
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        yield from ((each.id, node.lineno) for each in targets if isinstance(each, ast.Name))


def calls(name: str) -> Iterator[tuple[str, int]]:
    """Yield what is called by a plain or dotted name, and the line."""
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node.lineno


def circles(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """Return every group of modules that import each other, directly or indirectly."""
    reached = {name: _reachable(graph, name) for name in graph}
    groups = {
        tuple(sorted(other for other in reached[name] if name in reached[other]))
        for name in graph
        if name in reached[name]
    }
    return [list(group) for group in sorted(groups)]


def _reachable(graph: Mapping[str, set[str]], start: str) -> set[str]:
    found: set[str] = set()
    waiting = [start]
    while waiting:
        new = graph[waiting.pop()] - found
        found |= new
        waiting += new
    return found
