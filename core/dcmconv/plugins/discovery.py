"""Finding plugins: built-ins by name, third-party plugins by entry point, one at a time.

A broken plugin becomes a ``PluginProblem`` and the others still load.  pluggy's own loader stops at
the first error, so the loop over entry points is ours.
"""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any

import pluggy

from dcmconv import __version__
from dcmconv.errors import UsageError
from dcmconv.hooks import PROJECT, Specs
from dcmconv.model.records import record
from dcmconv.plugins.suggestions import end_with_suggestion

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = ["BUILTINS", "Plugin", "PluginProblem", "check_left_out", "find_plugins"]

BUILTINS = ("dcmconv_builtins.hooks",)
"""Hook modules of dcmconv itself; found by name, otherwise treated as any other plugin."""


@record(frozen=True)
class Plugin:
    """A hook module that was imported and registered."""

    name: str
    distribution: str
    version: str
    module: Any


@record(frozen=True)
class PluginProblem:
    """A plugin that cannot be used, or a part of one, and why."""

    plugin: str
    distribution: str
    version: str
    message: str

    def __str__(self) -> str:
        return f"Plugin '{self.plugin}' ({self.distribution} {self.version}): {self.message}"


def find_plugins(
    *, left_out: Collection[str] = (), only: Collection[str] | None = None
) -> tuple[pluggy.PluginManager, list[Plugin], list[PluginProblem]]:
    """Import every hook module and register it.

    Parameters
    ----------
    left_out : collection of str
        Plugins or distributions to leave out.
    only : collection of str, optional
        The third-party plugins or distributions to use.  None uses those that the environment
        variable ``DCMCONV_PLUGINS`` names (separated by commas, empty for none), or else all.
    """
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(Specs)
    plugins = [_register_builtin(manager, module) for module in BUILTINS]
    problems: list[PluginProblem] = []
    for entry in _entry_points(set(left_out), _wanted(only)):
        found = _register(manager, entry)
        if isinstance(found, Plugin):
            plugins.append(found)
        else:
            problems.append(found)
    return manager, plugins, problems


def check_left_out(names: Collection[str]) -> None:
    """Check that each of the plugins to leave out is installed and can be left out.

    Raises
    ------
    UsageError
        If a name is neither a plugin nor the distribution of one, or means the built-ins.
    """
    if not names:
        return
    import importlib.metadata

    entries = importlib.metadata.entry_points(group=PROJECT)
    known = sorted({name for entry in entries for name in (entry.name, _distribution(entry)[0])})
    for name in names:
        if name == PROJECT:
            raise UsageError(
                "The built-in plugin cannot be left out.",
                hint="Only third-party plugins can be left out.",
            )
        if name not in known:
            installed = f"Installed: {', '.join(known)}." if known else "No plugin is installed."
            raise UsageError(
                end_with_suggestion(f"Unknown plugin '{name}'", name, known), hint=installed
            )


def _register_builtin(manager: pluggy.PluginManager, module_name: str) -> Plugin:
    module = importlib.import_module(module_name)
    manager.register(module, name="dcmconv")
    return Plugin("dcmconv", "dcmconv", __version__, module)


def _wanted(only: Collection[str] | None) -> set[str] | None:
    if only is not None:
        return set(only)
    named = os.environ.get("DCMCONV_PLUGINS")
    return None if named is None else {name.strip() for name in named.split(",") if name.strip()}


def _entry_points(left_out: set[str], wanted: set[str] | None) -> Iterator[Any]:
    """Yield entry points by distribution and name: no result depends on the installation order."""
    if wanted is not None and not wanted:
        return
    import importlib.metadata

    found = importlib.metadata.entry_points(group=PROJECT)
    for entry in sorted(found, key=lambda item: (_distribution(item)[0], item.name)):
        names = {entry.name, _distribution(entry)[0]}
        if not names & left_out and (wanted is None or names & wanted):
            yield entry


def _distribution(entry: EntryPoint) -> tuple[str, str]:
    if entry.dist is None:
        return "", ""
    return entry.dist.name, entry.dist.version


def _register(manager: pluggy.PluginManager, entry: EntryPoint) -> Plugin | PluginProblem:
    distribution, version = _distribution(entry)
    # Checked before the import: a plugin for another version may fail in ways that hide the reason.
    unmet = _unmet_requirement(entry)
    if unmet:
        return PluginProblem(entry.name, distribution, version, unmet)
    try:
        module = entry.load()
        manager.register(module, name=entry.name)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - an import may raise anything, even exit
        message = f"{type(error).__name__}: {error}"
        return PluginProblem(entry.name, distribution, version, message)
    return Plugin(entry.name, distribution, version, module)


def _unmet_requirement(entry: EntryPoint) -> str:
    """Describe the version of dcmconv that the plugin's metadata requires, if this is not one."""
    for requirement in (entry.dist.requires if entry.dist else None) or ():
        named = re.match(r"\s*dcmconv\s*\(?([^;)\[]*)\)?\s*(?:;.*)?$", requirement, re.IGNORECASE)
        if named and not version_satisfies(__version__, named[1]):
            return f"needs dcmconv{named[1].strip()}, but this is dcmconv {__version__}"
    return ""


def version_satisfies(version: str, specifiers: str) -> bool:
    """Say whether a version fits specifiers such as ``>=1.2,<2``; only release numbers count.

    ``packaging`` would do more, but it is not a dependency.
    """
    have = _release(version)
    for specifier in filter(None, (part.strip() for part in specifiers.split(","))):
        operator, wanted = re.match(r"(>=|<=|==|!=|~=|>|<)?\s*(.+)", specifier).groups()  # type: ignore[union-attr]
        need = _release(wanted)
        width = max(len(have), len(need))
        # PEP 440: 1.2 and 1.2.0 are the same version.
        left, right = have + (0,) * (width - len(have)), need + (0,) * (width - len(need))
        fits = {
            ">=": left >= right,
            "<=": left <= right,
            ">": left > right,
            "<": left < right,
            "!=": left != right,
            # PEP 440: ~=1.4.2 means >=1.4.2 and ==1.4.*.
            "~=": left >= right and have[: len(need) - 1] == need[:-1],
        }
        if not fits.get(operator or "==", left == right):
            return False
    return True


def _release(version: str) -> tuple[int, ...]:
    # Without the local part: 1.2+7 is 1.2.
    return tuple(int(number) for number in re.findall(r"\d+", version.partition("+")[0])[:4])


def unknown_hooks(module: Any) -> list[str]:
    """Return names that look like hooks but are not: misspelled, or hooks of a later dcmconv."""
    return sorted(
        name for name in vars(module) if name.startswith(f"{PROJECT}_") and name not in vars(Specs)
    )
