"""The static check: each stage takes what the one before it gives."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple, cast

from dcmconv.chain.errors import ChainProblem, Location
from dcmconv.chain.spec import ChainSpec, ComponentSpec, OutputSpec
from dcmconv.errors import DcmconvError, UsageError
from dcmconv.model.components import Colormap, Normalizer, Reader, Source, Step, Writer
from dcmconv.model.components import Reader as ReaderKind
from dcmconv.model.options import Component, option_fields
from dcmconv.model.template import Template, is_tag
from dcmconv.plugins.references import ComponentRef
from dcmconv.plugins.registry import Registry
from dcmconv.plugins.suggestions import find_closest

__all__ = ["KIND_CLASSES", "Made", "Stages", "attribute_problems", "stage_problems"]

KIND_CLASSES: dict[str, type[Component]] = {
    "reader": ReaderKind,
    "normalizer": Normalizer,
    "colormap": Colormap,
    "step": Step,
    "writer": Writer,
    "source": Source,
}
"""What a component of a kind has to be."""


@dataclass(frozen=True)
class Made:
    """A component that was made from its spec, and the reference that makes it again."""

    spec: ComponentSpec
    component: Component
    ref: ComponentRef


@dataclass(frozen=True)
class Stages:
    """The components of one lane."""

    normalizer: Made
    steps: Sequence[Made]
    colormap: Made | None
    writer: Made


def stage_problems(stages: Stages, registry: Registry) -> Iterator[ChainProblem]:
    """Yield a problem for each stage that cannot take the values it would be given."""
    name = stages.normalizer.spec.use
    domain = cast("Normalizer", stages.normalizer.component).domain()
    gives = f"'{name}' gives {domain} values"
    for made in stages.steps:
        accepts = cast("Step", made.component).accepts
        if domain not in accepts:
            yield ChainProblem(
                _location(made, stages.normalizer),
                f"'{made.spec.use}' takes {_listed(accepts)} values; {gives}.",
                "Leave the step out there, or use another normalizer.",
            )
    if stages.colormap is not None and domain != "display":
        yield ChainProblem(
            _location(stages.colormap, stages.normalizer),
            f"The colormap '{stages.colormap.spec.use}' takes display values; {gives}.",
            "Give that output 'colormap: none', or use another normalizer.",
        )
    writer = cast("Writer", stages.writer.component)
    if stages.colormap is not None and not (writer.takes_color or _is_gray(stages.colormap)):
        yield ChainProblem(
            _location(stages.colormap, stages.writer),
            f"The colormap '{stages.colormap.spec.use}' gives colours; "
            f"{stages.writer.spec.use} files have none.",
            "Give that output 'colormap: none', or write png.",
        )
    accepts = writer.accepts
    # What is a label shows only when a file is opened; labels pass every normalizer by.
    if domain not in accepts and accepts != {"label"}:
        yield ChainProblem(
            _location(stages.writer, stages.normalizer),
            f"{stages.writer.spec.use} takes {_listed(accepts)} values; {gives}.",
            _writers_for(domain, registry),
        )


def _is_gray(colormap: Made) -> bool:
    """Say whether a colormap has no colours, like ``gray``."""
    table = cast("Colormap", colormap.component).table()
    return bool((table == table[:, :1]).all())


def _location(made: Made, normalizer: Made) -> Location:
    """Return where to look: the stage itself, or the normalizer where a default chose the stage."""
    return (
        made.spec.location
        if made.spec.location.line or made.spec.location.is_flag
        else normalizer.spec.location
    )


def _listed(accepts: frozenset[str]) -> str:
    return " or ".join(sorted(accepts))


def _writers_for(domain: str, registry: Registry) -> str:
    fit: list[str] = []
    for name in registry.names("writer"):
        try:
            writer = cast("type[Writer]", registry.load("writer", name))
        except DcmconvError:
            continue  # A writer that cannot be loaded is no advice.
        if domain in writer.accepts:
            fit.append(name)
    if not fit:
        return "Use another normalizer; no writer that is installed takes them."
    return f"Write {' or '.join(fit)} instead, or use another normalizer."


_NAME_FIELDS = ("name", "frame", "frames", "folder")
"""What a name template may ask for beside attributes."""

_TEXT_FIELDS = ("frame", "frames")
"""The same for the text of a step."""

_OTHER_WORDS = {
    "stem": "name",
    "input": "name",
    "file": "name",
    "filename": "name",
    "basename": "name",
    "path": "folder",
    "dir": "folder",
    "directory": "folder",
    "parent": "folder",
    "index": "frame",
    "number": "frame",
    "page": "frame",
    "slice": "frame",
    "count": "frames",
}
"""What other programs call the fields."""

_NEAR = 0.8
_SURELY_A_SLIP = 0.9
"""How close a word must be to a known one; the second where a reader may have names of its own."""


class _Asked(NamedTuple):
    """An attribute, where it was asked for, and which fields could have stood there instead."""

    word: str
    location: Location
    fields: tuple[str, ...] = ()


class _Known(NamedTuple):
    """The names that readers list; not all there are, where a reader cannot list its own."""

    names: frozenset[str]
    is_all: bool


def attribute_problems(
    spec: ChainSpec, registry: Registry, made: Iterable[Made] = ()
) -> Iterator[ChainProblem]:
    """Yield a problem for each attribute in rules, tags, names and texts that no reader knows.

    Readers are imported only if the chain asks for an attribute by its name.

    Parameters
    ----------
    made : iterable of Made
        The chain's components; their options that are templates are looked through.
    """
    asked = [*_asked(spec), *_asked_by_texts(made)]
    asked = [each for each in asked if not is_tag(each.word)]
    known = _known(registry) if asked else _Known(frozenset(), is_all=False)
    for each in asked:
        if each.word not in known.names:
            yield from _problem(each, known)


def _problem(asked: _Asked, known: _Known) -> Iterator[ChainProblem]:
    advice = "An attribute without a name is written as its tag, such as '0010,0020'."
    if asked.fields:
        own = ", ".join(f"{{{name}}}" for name in asked.fields)
        advice = f"Fields of its own: {own}. {advice}"
    closest = _closest_field(asked) or find_closest(
        asked.word, known.names, cutoff=_NEAR if known.is_all else _SURELY_A_SLIP
    )
    if closest or (known.names and known.is_all):
        ending = f"; did you mean '{closest}'?" if closest else "."
        message = f"No reader knows the attribute '{asked.word}'{ending}"
        yield ChainProblem(asked.location, message, advice)


def _closest_field(asked: _Asked) -> str | None:
    other = _OTHER_WORDS.get(asked.word.lower(), "")
    if other in asked.fields:
        return other
    return find_closest(asked.word, asked.fields, cutoff=_NEAR)


def _asked(spec: ChainSpec) -> Iterator[_Asked]:
    for word in spec.tags or ():
        yield _Asked(word, spec.tag_locations.get(word, Location("tags")))
    for rule in spec.rules or ():
        for word in rule.when:
            yield _Asked(word, rule.when_locations.get(word, rule.location))
        yield from _asked_by_names(rule.outputs or ())
    yield from _asked_by_names(spec.outputs or ())


def _asked_by_names(outputs: tuple[OutputSpec, ...]) -> Iterator[_Asked]:
    for output in outputs:
        yield from _fields_of(output.name, output.name_location, _NAME_FIELDS)


def _asked_by_texts(made: Iterable[Made]) -> Iterator[_Asked]:
    for each in made:
        for option in option_fields(type(each.component)):
            if option.opt.template:
                written = each.spec.written.get(option.name)
                location = written.value if written else each.spec.location
                text = str(getattr(each.component, option.name) or "")
                yield from _fields_of(text, location, _TEXT_FIELDS)


def _fields_of(text: str, location: Location, own: tuple[str, ...]) -> Iterator[_Asked]:
    with suppress(UsageError):  # Compiling says it: this text is no template.
        wanted = set(Template(text).fields) - set(own)
        yield from (_Asked(word, location, own) for word in sorted(wanted))


def _known(registry: Registry) -> _Known:
    listed = [frozenset(_names_of(registry, o.qualified_name)) for o in registry.offered("reader")]
    return _Known(frozenset().union(*listed), is_all=all(listed))


def _names_of(registry: Registry, name: str) -> frozenset[str]:
    try:
        reader = registry.load("reader", name)
    except DcmconvError:
        return (
            frozenset()
        )  # `dcmconv doctor` names it; nobody knows which attributes it would have.
    return frozenset(cast("type[Reader]", reader).attribute_names())
