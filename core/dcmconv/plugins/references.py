"""Components by reference: what is sent to a worker process instead of an object."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from dcmconv.errors import PluginError
from dcmconv.model.options import Component

__all__ = ["ComponentRef", "load_target"]


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
    except Exception as error:  # a plugin's import may raise anything
        raise PluginError(
            f"{target} cannot be loaded: {type(error).__name__}: {error}",
            hint="See: dcmconv doctor",
        ) from error


@dataclass(frozen=True)
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

    def load(self) -> Component:
        """Import the class and make the component, once in each process."""
        return self._component

    @cached_property
    def _component(self) -> Component:
        component: Component = load_target(self.target)(**self.options)
        return component

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
