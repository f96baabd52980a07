"""A folder in which the code of a page is run: samples in ``demo``, commands as a reader types them."""

from __future__ import annotations

import configparser
import contextlib
import doctest
import importlib
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from dcmconv._entry import main
from dcmconv.api.plans import registry
from support.markdown import Block

SHELL_WORDS = set("|&;<>*$")


@dataclass
class Workbench:
    """Runs the blocks of one page, in order, in one folder."""

    folder: Path
    monkeypatch: pytest.MonkeyPatch
    capture: pytest.CaptureFixture[str]
    names: dict[str, Any] = field(default_factory=lambda: {"__name__": "page"})

    def run(self, block: Block) -> None:
        """Run a block; a failure is reported at its first line."""
        if block.word == "not run":
            assert block.what.strip(), "a block that is not run needs a reason"
        elif block.word == "file":
            self._write(block)
        elif block.language in ("console", "sh", "python", "yaml"):
            getattr(self, f"_run_{block.language}")(block)

    def _write(self, block: Block) -> None:
        path = self.folder / block.what
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.code, "utf-8")
        if path.suffix == ".py":
            self._forget(path.stem)
        if path.name == "pyproject.toml":
            install_in_place(path)
            self.monkeypatch.syspath_prepend(path.parent)
        if path.suffix == ".yaml":
            self._run_yaml(block)

    def _forget(self, module: str) -> None:
        """Let a page rewrite a module: for its reader, the next command is a new process."""
        sys.modules.pop(module, None)
        importlib.invalidate_caches()
        registry.cache_clear()

    def _run_yaml(self, block: Block) -> None:
        from dcmconv.chain.compile import compile_chain
        from dcmconv.chain.loader import load_chain
        from dcmconv.plugins.registry import Registry

        path = self.folder / (block.what or "chain-of-the-page.yaml")
        path.write_text(block.code, "utf-8")
        registry = Registry.discover()
        assert compile_chain(load_chain(str(path), registry), registry).lanes

    def _run_python(self, block: Block) -> None:
        if ">>>" not in block.code:
            exec(compile(block.code, f"line {block.line}", "exec"), self.names)  # noqa: S102
            return
        test = doctest.DocTestParser().get_doctest(block.code, {}, "page", "page", block.line)
        test.globs = self.names
        printed: list[str] = []
        runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
        runner.run(test, out=printed.append, clear_globs=False)
        assert runner.summarize(verbose=False).failed == 0, "".join(printed)

    def _run_console(self, block: Block) -> None:
        conversations = list(_conversations(block.code))
        for number, (command, expected) in enumerate(conversations, start=1):
            is_last = number == len(conversations)
            wanted = int(block.what) if block.word == "exit" and is_last else 0
            code, output = self._do(command)
            assert code == wanted, f"$ {command}\nended with {code}, not {wanted}:\n{output}"
            check_output(command, expected, output)

    def _run_sh(self, block: Block) -> None:
        for command in block.code.replace("\\\n", " ").splitlines():
            code, output = self._do(command)
            assert code == 0, f"{command}\nended with {code}:\n{output}"

    def _do(self, command: str) -> tuple[int, str]:
        """Run a command: ``dcmconv`` in this process, which is faster; anything else in a shell."""
        if command.startswith("dcmconv ") and not SHELL_WORDS & set(command):
            self.capture.readouterr()
            code = main(shlex.split(command)[1:])
            printed = self.capture.readouterr()
            return code, printed.err + printed.out  # as they come on a terminal
        bin_folder = Path(sys.executable).parent
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env={
                **os.environ,
                "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}",
                "PYTHONPATH": str(self.folder),
            },
            check=False,
            capture_output=True,
            text=True,
            timeout=120,
        )
        return done.returncode, done.stderr + done.stdout


@contextlib.contextmanager
def workbench(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str]
) -> Iterator[Workbench]:
    """Provide a workbench; what its page imports is unloaded afterwards."""
    for name in ("DCMCONV_PLUGINS", "DCMCONV_SET"):
        monkeypatch.delenv(name, raising=False)
    # A fork server that has preloaded a plugin would not see a page's next version of it.
    monkeypatch.setenv("DCMCONV_PRELOAD", "")
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(folder)
    before = set(sys.modules)
    registry.cache_clear()
    try:
        yield Workbench(folder, monkeypatch, capture)
    finally:
        registry.cache_clear()
        for name in set(sys.modules) - before:
            if str(getattr(sys.modules[name], "__file__", "")).startswith(str(folder)):
                del sys.modules[name]


def install_in_place(pyproject: Path) -> None:
    """Do what ``pip install -e .`` does for discovery: metadata next to modules on the path.

    ``tests/packaging/test_third_party.py`` installs such projects for real.
    """
    project = tomllib.loads(pyproject.read_text("utf-8"))["project"]
    info = pyproject.parent / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir(exist_ok=True)
    head = [f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"]
    needs = [f"Requires-Dist: {one}\n" for one in project.get("dependencies", ())]
    (info / "METADATA").write_text("".join(head + needs), "utf-8")
    entries = configparser.ConfigParser(delimiters=("=",))
    entries.read_dict(project["entry-points"])
    with (info / "entry_points.txt").open("w", encoding="utf-8") as stream:
        entries.write(stream)


def check_output(command: str, expected: list[str], output: str) -> None:
    """Check the lines that a page shows, in their order; ``...`` matches anything."""
    lines = [" ".join(line.split()) for line in output.splitlines()]
    position = 0
    for line in expected:
        wanted = " ".join(line.split())
        if wanted in ("", "..."):
            continue
        pattern = re.compile(".*".join(re.escape(part) for part in wanted.split("...")))
        found = [at for at in range(position, len(lines)) if pattern.fullmatch(lines[at])]
        assert found, f"$ {command}\nshould print\n  {wanted}\nafter line {position} of\n{output}"
        position = found[0] + 1


def _conversations(code: str) -> Iterator[tuple[str, list[str]]]:
    """Yield each command with the lines that it should print; a backslash continues a command."""
    command, expected = "", []
    for line in code.replace("\\\n", " ").splitlines():
        if line.startswith("$ "):
            if command:
                yield command, expected
            command, expected = line[2:].strip(), []
        else:
            expected.append(line)
    if command:
        yield command, expected
