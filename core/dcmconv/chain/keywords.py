"""Chains from Python keyword arguments: what ``dcmconv.Chain`` and ``dcmconv.run`` take."""

from __future__ import annotations

import inspect
import os
import warnings
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import fields, replace
from typing import Any, cast

from dcmconv.chain.compile import make_component
from dcmconv.chain.document import CHAIN_KEYS
from dcmconv.chain.errors import ChainProblem, Location, chain_error
from dcmconv.chain.layers.explicit import FlagForm, with_flags, with_name, without_rules
from dcmconv.chain.layers.layering import merge
from dcmconv.chain.loader import chain_from_data, load_chain
from dcmconv.chain.settings import RunSettings
from dcmconv.chain.spec import (
    DEFAULT_CHAIN,
    ChainSpec,
    ComponentSpec,
    Extent,
    OutputSpec,
    split_extent,
)
from dcmconv.errors import UsageError
from dcmconv.model.components import Writer
from dcmconv.model.options import Component, option_fields
from dcmconv.plugins.registry import Registry
from dcmconv.plugins.suggestions import end_with_suggestion

__all__ = ["KEYWORDS", "chain_from_keywords", "check_keywords", "with_bits"]

_SETTINGS = tuple(item.name for item in fields(RunSettings))
_OF_CHAIN = tuple(key for key in CHAIN_KEYS if key not in ("version", "extends", "run"))
_OUTPUTS = ("outputs", "writers", "writer")
"""Three spellings of one key."""
KEYWORDS = ("chain", *_OF_CHAIN, *_OUTPUTS[1:], "name", "executor", *_SETTINGS)
"""Every keyword of ``chain_from_keywords``."""

_FORMS = {
    "normalizer": "normalize='{0}:...'",
    "step": "steps=['{0}:...']",
    "colormap": "colormap='{0}'",
    "writer": "outputs=['{0}']",
}
"""How a component of a kind is written, for those who take its name for a keyword."""

_OTHER_NAMES = {
    "bits": "outputs=['png:bits=16']",
    "format": "outputs=['jpg']",
    "quality": "outputs=['jpg:quality=95']",
    "size": "steps=['resize:512']",
    "overwrite": "on_existing='replace'",
    "n_jobs": "workers=2",
}
"""What to write instead of keywords that other libraries have, and that resemble none of ours."""

_HINTS = {
    "true or false, without quotes": "True or False",
    "1,3-5 or 10- or all": "frames='1,3-5' or '10-' or 'all'",
    "aspect: keep": "aspect='keep'",
    "outputs: [": "outputs=[",
    "[png]": "['png']",
    "{use: window}": "{'use': 'window'}",
}
"""Parts of hints in the words of chain files, and the same in Python."""


def chain_from_keywords(options: Mapping[str, Any], registry: Registry) -> ChainSpec:
    """Return the chain that keyword arguments describe; None means that one is not given.

    Parameters
    ----------
    options : mapping
        ``chain`` (a file, ``preset:NAME``, a mapping with the keys of a chain file, or a
        ``ChainSpec``); the keys of a chain file, where a component may be a short form, a mapping
        with ``use`` or an object; ``writers`` or ``writer`` for ``outputs``; ``name``,
        ``executor``, and the run settings.

    Returns
    -------
    ChainSpec
        Its ``problems`` are those of ``chain``; ``compile_chain`` raises them.

    Raises
    ------
    UsageError
        If a keyword is unknown, given in two spellings, or has a value of another form.

    Warns
    -----
    UserWarning
        If keywords replace a part of ``chain``, or cannot change it.
    """
    given = {word: value for word, value in options.items() if value is not None}
    check_keywords(given, KEYWORDS, registry)
    data = _document(given, registry)
    flags = chain_from_data(data, registry)
    if flags.problems:
        raise chain_error(_problems_by_keyword(data, registry))
    form = FlagForm(extent=_extent(given))
    chain = _chain(given.get("chain"), registry)
    if flags.rules is not None:
        chain = without_rules(chain)
    spec = with_flags(chain, flags, form=form)
    if flags.rules is not None:
        # Rules of the same call are written with the other keywords in view, and refine them.
        spec = replace(spec, rules=flags.rules)
    if "name" in given:
        spec = with_name(spec, str(given["name"]), "name")
    for note in spec.notes:
        warnings.warn(note, stacklevel=_level_of_caller())
    return spec


def _level_of_caller() -> int:
    """Return the stack level of the line that called ``run``, ``Chain`` or ``convert``."""
    frame, level = inspect.currentframe(), 0
    while frame is not None and frame.f_globals.get("__name__", "").startswith("dcmconv."):
        frame, level = frame.f_back, level + 1
    return level


def check_keywords(given: Iterable[str], known: Collection[str], registry: Registry) -> None:
    """Raise ``UsageError`` for the first keyword that is not known."""
    for word in given:
        if word in known:
            continue
        for kind, form in _FORMS.items():
            if word in registry.names(kind):
                raise UsageError(
                    f"Unknown keyword '{word}'; it is the name of a {kind}.",
                    hint=f"Write {form.format(word)}; its options: dcmconv plugins show {word}",
                )
        instead = _OTHER_NAMES.get(word, "")
        if instead.partition("=")[0] in known:
            raise UsageError(f"Unknown keyword '{word}'.", hint=f"Write {instead}, for example.")
        raise UsageError(
            end_with_suggestion(f"Unknown keyword '{word}'", word, known),
            hint=f"Known: {', '.join(known)}.",
        )


def with_bits(chain: ChainSpec, bits: int, registry: Registry) -> ChainSpec:
    """Return the chain with one depth for the display values of all its outputs.

    Raises
    ------
    UsageError
        If the writer of an output has no such depth.
    """
    if bits not in (8, 16):
        raise UsageError(f"bits is {bits!r}; expected 8 or 16.", hint="For example: bits=16")

    def deep(outputs: tuple[OutputSpec, ...]) -> tuple[OutputSpec, ...]:
        return tuple(
            replace(output, writer=_deep_writer(output.writer, bits, registry))
            for output in outputs
        )

    full = merge(DEFAULT_CHAIN, chain)
    rules = full.rules and tuple(
        replace(rule, outputs=rule.outputs and deep(rule.outputs)) for rule in full.rules
    )
    return replace(full, outputs=deep(full.outputs or ()), rules=rules)


def _deep_writer(writer: ComponentSpec, bits: int, registry: Registry) -> ComponentSpec:
    kind = registry.load("writer", writer.use) if writer.made is None else type(writer.made)
    if any(option.name == "bits" for option in option_fields(kind)):
        return replace(writer, options={**writer.options, "bits": bits})
    made = cast("Writer", make_component("writer", writer, registry))
    if made.depth() != bits:
        raise UsageError(
            f"The writer '{writer.use}' has {made.depth()} bits; bits is {bits}.",
            hint="Leave out bits, or choose another writer, such as outputs=['png'].",
        )
    return writer


def _chain(chain: Any, registry: Registry) -> ChainSpec:
    if chain is None:
        return ChainSpec()
    if isinstance(chain, ChainSpec):
        return replace(chain, notes=())  # were shown when it was made
    if isinstance(chain, Mapping):
        return chain_from_data(_plain(chain, registry), registry)
    if not isinstance(chain, (str, os.PathLike)) or not os.fspath(chain):
        raise UsageError(
            f"chain: expected a path, 'preset:NAME', a mapping or a Chain, got {chain!r:.80}.",
            hint="For example: chain='preset:ml-8bit'",
        )
    return load_chain(os.fspath(chain), registry)


def _document(given: Mapping[str, Any], registry: Registry) -> dict[str, Any]:
    """Return keywords as the document of a chain."""
    spellings = [word for word in _OUTPUTS if word in given]
    if len(spellings) > 1:
        raise UsageError(
            f"{' and '.join(spellings)} mean the same; expected one of them.",
            hint="Name all outputs in one list: outputs=['png', 'jpg'].",
        )
    data = {key: given[key] for key in _OF_CHAIN if key in given}
    if spellings:
        data["outputs"] = _without_extent(given[spellings[0]])
    run = {word: given[word] for word in ("executor", *_SETTINGS) if word in given}
    return {key: _plain(value, registry) for key, value in {**data, "run": run}.items()}


def _extent(given: Mapping[str, Any]) -> Extent:
    """Return which outputs of the chain the given ones replace: ``outputs="all:jpg"``."""
    value = next((given[word] for word in _OUTPUTS if word in given), ())
    listed = [value] if isinstance(value, str) else value if isinstance(value, list) else ()
    extents = {split_extent(each)[0] if isinstance(each, str) else "" for each in listed}
    if len(extents) > 1:
        raise UsageError(
            f"outputs: {value} cannot be combined.",
            hint="Write 'all:' before the only writer, or 'only:' before each of them.",
        )
    return next(iter(extents), "")


def _without_extent(outputs: Any) -> Any:
    if isinstance(outputs, str):
        return split_extent(outputs)[1]
    if isinstance(outputs, list):
        return [split_extent(each)[1] if isinstance(each, str) else each for each in outputs]
    return outputs


def _problems_by_keyword(data: Mapping[str, Any], registry: Registry) -> Iterator[ChainProblem]:
    """Yield the problems of a document with the keyword that each belongs to."""
    for key, value in data.items():
        for problem in chain_from_data({key: value}, registry).problems:
            message = problem.message
            if message.lower().startswith(f"{key}: "):
                message = message[len(key) + 2 :]  # the location says so
            hint = problem.hint
            for of_file, of_python in _HINTS.items():
                hint = hint.replace(of_file, of_python)
            yield replace(problem, location=Location(key), message=message, hint=hint)


def _plain(value: Any, registry: Registry) -> Any:
    """Return data in which components are specs, and everything that can be iterated is a list."""
    if isinstance(value, Component):
        return _spec_of(value, registry)
    if isinstance(value, Mapping):
        return {key: _plain(item, registry) for key, item in value.items()}
    # Text and a path are one item; a path cannot be iterated.
    if isinstance(value, Iterable) and not isinstance(value, (str, bytes)):
        return [_plain(item, registry) for item in value]
    if type(value).__module__ == "numpy" and hasattr(value, "item"):
        return value.item()  # a number or a truth value of NumPy as one of Python
    return value


def _spec_of(component: Component, registry: Registry) -> ComponentSpec:
    """Return the spec of an object, by its name if a plugin offers it."""
    options = {
        option.name: getattr(component, option.name)
        for option in fields(component)  # type: ignore[arg-type]
        # Only what differs from the defaults, so that the plan equals that of the text form.
        if getattr(component, option.name) != option.default
    }
    name = registry.name_of(type(component))
    if name is None:
        return ComponentSpec(type(component).__name__, options, made=component)
    return ComponentSpec(name, options)
