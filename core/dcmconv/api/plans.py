"""From Python keywords to what the engine works with: the registry, plans and components."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from os import PathLike
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypedDict, TypeVar, cast

from dcmconv.errors import UsageError

if TYPE_CHECKING:
    from dcmconv.api.chain import Chain
    from dcmconv.chain.plan import Plan
    from dcmconv.model.components import Writer
    from dcmconv.model.options import Component
    from dcmconv.plugins.registry import Registry

__all__ = [
    "ChainKeywords",
    "ChainLike",
    "ComponentLike",
    "SharedKeywords",
    "listing",
    "make_writer",
    "plan_from",
    "registry",
]

ComponentLike: TypeAlias = "str | Mapping[str, Any] | Component"
"""``"window:center=40,width=400"``, ``{"use": "window", "center": 40, "width": 400}``, or an object
such as ``Window(center=40, width=400)``."""

ChainLike: TypeAlias = "str | PathLike[str] | Mapping[str, Any] | Chain"
"""The path of a chain file, ``preset:NAME``, a mapping with its keys, or a chain."""

Components: TypeAlias = "ComponentLike | Iterable[ComponentLike]"


class SharedKeywords(TypedDict, total=False):
    """What ``Chain``, ``convert`` and ``run`` all take; None means not given."""

    read: Components | None
    decoders: Mapping[str, ComponentLike] | None
    normalize: ComponentLike | None
    invert: bool | None
    steps: Components | None
    colormap: ComponentLike | None
    aspect: Literal["auto", "square", "keep"] | None
    rules: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None
    outputs: Components | None
    writers: Components | None
    writer: ComponentLike | None
    frames: int | str | Sequence[int | str] | None
    policy: Literal["strict", "default", "salvage"] | None


class ChainKeywords(SharedKeywords, total=False):
    """What a chain can say in Python besides the chain that it starts from."""

    bits: Literal[8, 16] | None


Function = TypeVar("Function", bound=Callable[..., Any])


def listing(keywords: type) -> Callable[[Function], Function]:
    """List the keywords of a TypedDict in the signature of a function.

    Type checkers read them from ``**keywords: Unpack[...]``; ``help()`` and notebooks do not.
    """

    def listed(function: Function) -> Function:
        signature = inspect.signature(function)
        given = list(signature.parameters.values())[:-1]
        kind = inspect.Parameter.KEYWORD_ONLY
        more = [
            inspect.Parameter(word, kind, default=None, annotation=each.__forward_arg__)
            for word, each in keywords.__annotations__.items()
        ]
        function.__signature__ = signature.replace(parameters=[*given, *more])  # type: ignore[attr-defined]
        return function

    return listed


@lru_cache(maxsize=1)
def registry() -> Registry:
    """Return the registry of this process; plugins are discovered once."""
    from dcmconv.plugins.registry import Registry

    return Registry.discover()


def plan_from(options: Mapping[str, Any]) -> Plan:
    """Compile keyword arguments to a plan, through the same chain model as flags and YAML."""
    from dcmconv.chain.compile import compile_chain
    from dcmconv.chain.keywords import chain_from_keywords

    chain = options.get("chain")
    options = {**options, "chain": getattr(chain, "spec", chain)}  # of a Chain
    return compile_chain(chain_from_keywords(options, registry()), registry())


def make_writer(writer: ComponentLike) -> Writer:
    """Return the writer that a text or a mapping names; a writer object is returned unchanged."""
    from dcmconv.chain.compile import make_component
    from dcmconv.model.components import Writer

    if isinstance(writer, Writer):
        return writer
    if not isinstance(writer, (str, Mapping)):
        raise UsageError(
            f"Expected a writer, got {writer!r:.80}.", hint="Write a name, such as 'png'."
        )
    return cast("Writer", make_component("writer", writer, registry()))
