"""Components by reference: what is sent to a worker process instead of an object."""

from __future__ import annotations

import importlib
from collections.abc import Collection, Mapping
from dataclasses import field
from functools import cached_property
from typing import Any

from dcmconv.errors import DcmconvError, PluginError
from dcmconv.model.options import Component
from dcmconv.model.records import record

__all__ = ["ComponentRef", "broken_component", "fault_of_class", "load_target"]


_NEEDED = {"writer": "suffix", "decoder": "transfer_syntaxes"}
"""The class attribute that a component of a kind must have."""


def load_target(target: str) -> Any:
    """Import what ``"package.module:name"`` names.

    Raises
    ------
    PluginError
        If the import fails; the message has the cause.
    """
    module_name, _, attribute = target.partition(":")
    try:
        return getattr(importlib.import_module(module_name), attribute)
    except (Exception, SystemExit) as error:  # a plugin's import may raise anything
        raise PluginError(
            f"{target} cannot be loaded: {type(error).__name__}: {error}",
            hint="See: dcmconv doctor",
        ) from error


def fault_of_class(kind: str, loaded: Any) -> str:
    """Say what a component class lacks before it can be made; empty if nothing."""
    missing = sorted(getattr(loaded, "__abstractmethods__", ()))
    if missing:
        return f"does not implement {', '.join(missing)}"
    needed = _NEEDED.get(kind, "")
    if needed and not getattr(loaded, needed, None):
        return f"has no class attribute '{needed}'"
    return _FAULTS[kind](loaded) if kind in _FAULTS else ""


def _fault_of_suffixes(writer: Any) -> str:
    # A string is a sequence too, of suffixes that any file may end with.
    if not isinstance(writer.other_suffixes, (tuple, list)):
        return f"has other_suffixes {writer.other_suffixes!r}; expected a tuple of suffixes"
    for suffix in (writer.suffix, *writer.other_suffixes):
        if not isinstance(suffix, str) or not suffix.startswith(".") or len(suffix) < 2:
            return f"has the suffix {suffix!r}; expected a dot and letters, such as '.jpg'"
    return ""


def _fault_of_syntaxes(decoder: Any) -> str:
    syntaxes = decoder.transfer_syntaxes
    if isinstance(syntaxes, str) or not isinstance(syntaxes, Collection):
        return f"has transfer_syntaxes {syntaxes!r}; expected a frozenset of UIDs"
    return ""


_FAULTS = {"writer": _fault_of_suffixes, "decoder": _fault_of_syntaxes}


def broken_component(target: str, offered_as: str, plugin: str, fault: str) -> PluginError:
    """Return the error of a component that cannot be used."""
    return PluginError(
        f"{target}, offered as {offered_as}, {fault}.",
        hint=f"Report it to its author, or leave it out: --no-plugin {plugin}",
    )


@record(frozen=True)
class ComponentRef:
    """A component by reference: what to import, and the options to make it with.

    Parameters
    ----------
    options : mapping
        Only the options that were given, as validated values: numbers, strings, tuples.
    version : str
        Distribution and version that offer the component, such as ``dcmconv 0.1.0``.
    fingerprint : str
        What the pictures depend on besides the options; see ``Component.fingerprint``.
    """

    kind: str
    name: str
    target: str
    options: Mapping[str, Any] = field(default_factory=dict)
    version: str = ""
    fingerprint: str = ""

    @classmethod
    def of(
        cls, kind: str, component: Component, options: Mapping[str, Any], fingerprint: str
    ) -> ComponentRef:
        """Return a reference to an object whose class no plugin offers.

        In this process the object itself is used, so its class may be defined anywhere.
        """
        made = type(component)
        target = f"{made.__module__}:{made.__qualname__}"
        ref = cls(kind, made.__name__, target, options, fingerprint=fingerprint)
        vars(ref)["_component"] = component
        return ref

    def load(self) -> Component:
        """Import the class and make the component, once in each process."""
        return self._component

    @cached_property
    def _component(self) -> Component:
        loaded = load_target(self.target)
        fault = fault_of_class(self.kind, loaded)
        if fault:
            raise self.broken(fault)
        try:
            component: Component = loaded(**self.options)
        except DcmconvError:
            # The component's own error says already what to do.
            raise
        except (Exception, SystemExit) as error:
            raise self.broken(f"cannot be made: {type(error).__name__}: {error}") from error
        return component

    def broken(self, fault: str) -> PluginError:
        """Return an error that names the component, its distribution and its fault."""
        distribution = self.version.partition(" ")[0]
        offered_as = f"{self.kind} '{self.name}' by {self.version}"
        return broken_component(self.target, offered_as, distribution, fault)

    def __getstate__(self) -> dict[str, Any]:
        # Workers make the component from its options.
        return {name: value for name, value in vars(self).items() if name != "_component"}

    def as_data(self) -> dict[str, Any]:
        """Return the reference as plain data, in a stable order."""
        return {
            "kind": self.kind,
            "name": self.name,
            "target": self.target,
            "version": self.version,
            "options": dict(sorted(self.options.items())),
            "fingerprint": self.fingerprint,
        }
