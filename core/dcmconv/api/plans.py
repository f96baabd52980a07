"""From Python keywords to what the engine works with: the registry, plans and components."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from dcmconv.chain.plan import Plan
    from dcmconv.model.components import Writer
    from dcmconv.plugins.registry import Registry

__all__ = ["ComponentLike", "make_writer", "plan_from", "registry"]

ComponentLike = str | Mapping[str, Any]
"""``"window:center=40,width=400"``, or ``{"use": "window", "center": 40, "width": 400}``."""


@lru_cache(maxsize=1)
def registry() -> Registry:
    """Return the registry of this process; plugins are discovered once."""
    from dcmconv.plugins.registry import Registry

    return Registry.discover()


def plan_from(options: Mapping[str, Any]) -> Plan:
    """Compile keyword arguments to a plan, through the same chain model as flags and YAML."""
    from dcmconv.chain.compile import compile_chain
    from dcmconv.chain.keywords import chain_from_keywords

    return compile_chain(chain_from_keywords(options, registry()), registry())


def make_writer(writer: ComponentLike) -> Writer:
    """Return the writer that a text or a mapping names, with its options."""
    from dcmconv.chain.compile import make_component

    return cast("Writer", make_component("writer", writer, registry()))
