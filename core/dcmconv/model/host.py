"""What a command may know of the program that runs it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Host", "InstalledPlugin"]


@dataclass(frozen=True, kw_only=True)
class InstalledPlugin:
    """A plugin that is registered: ``offers`` maps a kind to the names offered."""

    name: str
    distribution: str
    version: str
    offers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Host:
    """The program around a command: its version, its plugins, and how much of the machine it uses.

    ``problems`` holds one sentence for each plugin that could not be used, or not wholly.
    """

    version: str
    plugins: tuple[InstalledPlugin, ...] = ()
    problems: tuple[str, ...] = ()
    workers: int = 1
