"""Chains from files, presets and Python data, layered over the chains that they extend."""

from __future__ import annotations

import importlib.resources
import importlib.util
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from dcmconv.chain.document import MAX_BYTES, VERSION, Extended, Node, node_of, read_document
from dcmconv.chain.errors import NOWHERE, ChainProblem, InvalidChainError, Location, invalid_chain
from dcmconv.chain.found import PYPROJECT
from dcmconv.chain.layers.layering import merge
from dcmconv.chain.spec import ChainSpec
from dcmconv.chain.validate import with_options_named
from dcmconv.errors import UsageError
from dcmconv.model.records import record
from dcmconv.plugins.registry import Registry
from dcmconv.plugins.suggestions import find_closest

__all__ = ["PRESET", "chain_from_data", "load_chain"]

PRESET = "preset:"


def load_chain(name_or_path: str, registry: Registry) -> ChainSpec:
    """Read a chain and everything that it extends.

    Parameters
    ----------
    name_or_path : str
        A file, or ``preset:NAME``; of a ``pyproject.toml``, the table ``[tool.dcmconv]``.
    registry : Registry
        Where presets are looked up.

    Returns
    -------
    ChainSpec
        Its ``problems`` list wrong keys and forms; ``compile_chain`` raises them together with the
        problems that it finds itself.

    Raises
    ------
    ChainError
        If the file itself cannot be read: missing, not YAML, or too large.
    """
    return _Loading(registry).load(name_or_path, Path(), NOWHERE)


def chain_from_data(data: Mapping[str, Any], registry: Registry) -> ChainSpec:
    """Read a chain that is plain data in Python, with the keys of a chain file.

    ``version`` may be left out.  Files in ``extends`` are relative to the current folder.
    """
    node = node_of({"version": VERSION, **data})
    return _Loading(registry).layered(node, _Origin("", Path()))


@record(frozen=True)
class _Origin:
    """Where a document comes from; ``folder`` is None for a preset, which extends no files."""

    source: str
    folder: Path | None


@record
class _Loading:
    registry: Registry
    open_documents: tuple[str, ...] = ()
    """The documents that are being read, outermost first, to find a chain that extends itself."""

    def load(self, name: str, folder: Path | None, location: Location) -> ChainSpec:
        # Imported here, because a chain of flags alone needs no YAML.
        from dcmconv.chain.yaml import read_yaml

        identity, origin, content = self._content(name, folder, location)
        if identity in self.open_documents:
            raise invalid_chain(
                location,
                f"{name} extends itself: {' → '.join((*self.open_documents, identity))}.",
                "Remove it from 'extends'.",
            )
        is_table = Path(origin.source).name == PYPROJECT
        read = _read_table if is_table else read_yaml
        node, problems = read(content, origin.source)
        outer, self.open_documents = self.open_documents, (*self.open_documents, identity)
        try:
            spec = self.layered(node, origin)
        finally:
            self.open_documents = outer
        files = () if origin.folder is None else (origin.source,)
        return replace(spec, problems=(*problems, *spec.problems), files=(*files, *spec.files))

    def layered(self, node: Node, origin: _Origin) -> ChainSpec:
        """Return the chain of a document, layered over the chains that it extends."""
        spec, extended = read_document(node)
        spec = with_options_named(spec, self.registry)
        base = ChainSpec()
        for each in extended:
            layer = self._extended(each, origin)
            merged = merge(base, layer)
            # Kept as written too: what other layers replace is still checked.
            base = replace(merged, extended=(*merged.extended, layer))
        return merge(base, spec)

    def _extended(self, extended: Extended, origin: _Origin) -> ChainSpec:
        try:
            return self.load(extended.name, origin.folder, extended.location)
        except InvalidChainError as invalid:
            # Not raised: what is wrong elsewhere is still found and reported with it.
            return ChainSpec(problems=(invalid.problem,))

    def _content(
        self, name: str, folder: Path | None, location: Location
    ) -> tuple[str, _Origin, bytes]:
        """Return what identifies a document, its origin, and its bytes."""
        if name.startswith(PRESET):
            return self._preset(name, location)
        if folder is None:
            raise invalid_chain(
                location, f"A preset can extend only presets, not '{name}'.", "Write preset:NAME."
            )
        path = folder / name
        try:
            with path.open("rb") as stream:
                # One byte more than allowed is enough for read_yaml to reject the file.
                content = stream.read(MAX_BYTES + 1)
        except OSError as error:
            message = f"The chain file '{path}' cannot be read: {error.strerror or error}."
            raise invalid_chain(location, message, self._advice(name)) from None
        # Resolved, so that a chain that extends itself through a link is found.
        return str(path.resolve()), _Origin(str(path), path.parent), content

    def _preset(self, name: str, location: Location) -> tuple[str, _Origin, bytes]:
        try:
            offer = self.registry.find("preset", name.removeprefix(PRESET))
        except UsageError as error:
            raise invalid_chain(location, error.message, error.hint) from None
        package, _, inner = offer.target.partition(":")
        try:
            if _is_single_module(package):
                message = f"{offer.target}, offered as preset '{offer.name}' by "
                message += f"{offer.distribution} {offer.version}, is not in a package: "
                message += f"'{package}' is a single module, which has no data files."
                hint = "Report it to its author: the plugin must be a folder with __init__.py."
                raise invalid_chain(location, message, hint)
            content = importlib.resources.files(package).joinpath(inner).read_bytes()
        except (OSError, ImportError, TypeError, ValueError) as error:
            message = f"The preset '{offer.name}' of {offer.distribution} cannot be read: {error}."
            raise invalid_chain(location, message, "Reinstall the plugin.") from None
        return f"{PRESET}{offer.qualified_name}", _Origin(f"{PRESET}{offer.name}", None), content

    def _advice(self, name: str) -> str:
        presets = self.registry.names("preset")
        closest = name if name in presets else find_closest(Path(name).stem, presets)
        if closest:
            return f"Did you mean the preset? Write {PRESET}{closest}."
        return f"Write the path of a chain file, or {PRESET}NAME: {', '.join(presets)}."


def _read_table(content: bytes, source: str) -> tuple[Node, list[ChainProblem]]:
    """Return what the table ``[tool.dcmconv]`` says; ``version`` may be left out."""
    import tomllib

    location = Location(f"{source} [tool.dcmconv]")
    try:
        table = tomllib.loads(content.decode())["tool"]["dcmconv"]
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        message = f"The file is not valid TOML: {error}."
        raise invalid_chain(location, message, "Correct it, or use --chain none.") from None
    except (KeyError, TypeError):
        hint = "Add the table, or name another chain."
        raise invalid_chain(location, "The file has no such table.", hint) from None
    if isinstance(table, Mapping):
        table = {"version": VERSION, **table}
    return node_of(table, location), []


def _is_single_module(name: str) -> bool:
    found = importlib.util.find_spec(name)
    return found is not None and found.submodule_search_locations is None
