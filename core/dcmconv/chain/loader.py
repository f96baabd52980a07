"""Chains from files and presets, with what they extend laid below them."""

from __future__ import annotations

import importlib.resources
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from dcmconv.chain.document import MOST_BYTES, Document, Link, Node, node_of
from dcmconv.chain.errors import (
    NOWHERE,
    ChainProblem,
    InvalidChain,
    Location,
    chain_error,
)
from dcmconv.chain.layering import merge
from dcmconv.chain.spec import ChainSpec
from dcmconv.errors import UsageError
from dcmconv.plugins.registry import Registry
from dcmconv.plugins.suggestions import find_closest

__all__ = ["chain_from_data", "load_chain"]

PRESET = "preset:"


def load_chain(name_or_path: str, registry: Registry) -> ChainSpec:
    """Read a chain and everything that it extends.

    Parameters
    ----------
    name_or_path : str
        A file, or ``preset:NAME``.
    registry : Registry
        Where presets are found.

    Returns
    -------
    ChainSpec
        Its ``problems`` say what is wrong with keys and forms; ``compile_chain`` raises them
        together with what it finds itself.

    Raises
    ------
    ChainError
        If a file cannot be read at all: missing, not YAML, too large.
    """
    loading = _Loading(registry)
    try:
        spec = loading.load(name_or_path, Path(), NOWHERE)
    except InvalidChain as invalid:
        raise chain_error([invalid.problem]) from None
    return replace(spec, problems=tuple(loading.problems))


def chain_from_data(data: Mapping[str, Any], registry: Registry) -> ChainSpec:
    """Read a chain that is plain data in Python, with the keys of a chain file.

    ``version`` may be left out.  Files in ``extends`` are relative to the current folder.
    """
    loading = _Loading(registry)
    node = node_of({"version": 1, **data})
    try:
        spec = loading.resolved(node, _Origin("", Path()))
    except InvalidChain as invalid:
        raise chain_error([invalid.problem]) from None
    return replace(spec, problems=tuple(loading.problems))


@dataclass(frozen=True)
class _Origin:
    """Where a document comes from: ``folder`` is None for presets, which have none."""

    source: str
    folder: Path | None


@dataclass
class _Loading:
    registry: Registry
    problems: list[ChainProblem] = field(default_factory=list)
    trail: tuple[str, ...] = ()

    def load(self, name: str, folder: Path | None, location: Location) -> ChainSpec:
        from dcmconv.chain.yaml import read_yaml

        identity, origin, content = self._content(name, folder, location)
        if identity in self.trail:
            raise InvalidChain(
                location,
                f"{name} extends itself: {' → '.join((*self.trail, identity))}.",
                "Take it out of extends.",
            )
        node, problems = read_yaml(content, origin.source)
        self.problems += problems
        outer, self.trail = self.trail, (*self.trail, identity)
        try:
            return self.resolved(node, origin)
        finally:
            self.trail = outer

    def resolved(self, node: Node, origin: _Origin) -> ChainSpec:
        document = Document()
        spec, links = document.chain(node)
        self.problems += document.problems
        below = ChainSpec()
        for link in links:
            linked = self._linked(link, origin)
            below = replace(
                merge(below, linked), extended=(*below.extended, *linked.extended, linked)
            )
        return merge(below, spec)

    def _linked(self, link: Link, origin: _Origin) -> ChainSpec:
        try:
            return self.load(link.text, origin.folder, link.location)
        except InvalidChain as invalid:
            self.problems.append(invalid.problem)
            return ChainSpec()

    def _content(
        self, name: str, folder: Path | None, location: Location
    ) -> tuple[str, _Origin, bytes]:
        if name.startswith(PRESET):
            return self._preset(name, location)
        if folder is None:
            raise InvalidChain(
                location, f"A preset extends presets only, not '{name}'.", "Write preset:NAME."
            )
        path = folder / name
        try:
            with path.open("rb") as stream:
                content = stream.read(MOST_BYTES + 1)
        except OSError as error:
            message = f"The chain file '{path}' cannot be read: {error.strerror or error}."
            raise InvalidChain(location, message, self._advice(name)) from None
        return str(path.resolve()), _Origin(str(path), path.parent), content

    def _preset(self, name: str, location: Location) -> tuple[str, _Origin, bytes]:
        try:
            offer = self.registry.find("preset", name.removeprefix(PRESET))
        except UsageError as error:
            raise InvalidChain(location, error.message, error.hint) from None
        package, _, inner = offer.target.partition(":")
        try:
            content = importlib.resources.files(package).joinpath(inner).read_bytes()
        except (OSError, ImportError) as error:
            message = f"The preset '{offer.name}' of {offer.distribution} cannot be read: {error}."
            raise InvalidChain(location, message, "Reinstall the plugin.") from None
        return f"{PRESET}{offer.qualified_name}", _Origin(f"{PRESET}{offer.name}", None), content

    def _advice(self, name: str) -> str:
        presets = self.registry.names("preset")
        if name in presets:
            return f"Did you mean the preset? Write {PRESET}{name}."
        closest = find_closest(Path(name).stem, presets)
        if closest:
            return f"Did you mean the preset? Write {PRESET}{closest}."
        return f"A chain is a file, or {PRESET}NAME: {', '.join(presets)}."
