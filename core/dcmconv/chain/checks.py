"""Checks before the first file is opened.

Stages: each takes what the one before it gives.  Attributes: a reader knows each name that rules,
tags, file names and texts ask for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple, cast

from dcmconv.chain.errors import ChainProblem, Location
from dcmconv.chain.spec import ChainSpec, ComponentSpec, OutputSpec
from dcmconv.chain.values import COLUMN_NAME
from dcmconv.errors import DcmconvError, UsageError
from dcmconv.model.components import (
    Colormap,
    Decoder,
    NamedDecoder,
    Normalizer,
    Reader,
    Source,
    Step,
    Writer,
)
from dcmconv.model.executor import Executor
from dcmconv.model.options import Component, option_fields
from dcmconv.model.outcome import PICTURE_COLUMNS
from dcmconv.model.records import record
from dcmconv.model.template import Template, is_tag, split_path
from dcmconv.plugins.references import ComponentRef
from dcmconv.plugins.registry import Registry
from dcmconv.plugins.suggestions import end_with_suggestion, find_closest

__all__ = [
    "DEFAULT_COLUMNS",
    "KIND_CLASSES",
    "Made",
    "Stages",
    "attribute_problems",
    "columns_of",
    "stage_problems",
    "tag_columns",
]

KIND_CLASSES: dict[str, type[Component]] = {
    "reader": Reader,
    "normalizer": Normalizer,
    "colormap": Colormap,
    "step": Step,
    "writer": Writer,
    "source": Source,
    "decoder": Decoder,
    "executor": Executor,
}
"""The base class of the components of each kind."""

_NAME_FIELDS = ("name", "frame", "frames", "folder", "output", "hash")
"""Fields of a name template that are not attributes."""

_TEXT_FIELDS = ("frame", "frames")
"""Fields of the text of a step that are not attributes."""

DEFAULT_COLUMNS = "default"
"""The list of columns that a tag table has if none is named."""

_SYNONYMS = {
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
    "lane": "output",
    "id": "output",
    "sha256": "hash",
    "digest": "hash",
    "checksum": "hash",
    "width": "columns",
    "height": "rows",
    "window": "tone",
    "normalizer": "tone",
}
"""What other programs call the fields."""

_CLOSE = 0.8
_VERY_CLOSE = 0.9
"""How close a word must be to a known one to be a misspelling: the second if there are readers that
do not list their attributes, so that an unknown word may be right."""


@record(frozen=True)
class Made:
    """A component that was made from its spec, and the reference that makes it again."""

    spec: ComponentSpec
    component: Component
    ref: ComponentRef


@record(frozen=True)
class Stages:
    """The components of one lane."""

    normalizer: Made
    steps: Sequence[Made]
    colormap: Made | None
    writer: Made


def stage_problems(
    stages: Stages, aspect: str | None, registry: Registry
) -> Iterator[ChainProblem]:
    """Yield a problem for each stage that cannot take the values of the normalizer.

    ``aspect`` counts as a stage: ``square`` resamples, and so changes values to compute with.
    """
    normalizer, colormap = stages.normalizer, stages.colormap
    domain = cast("Normalizer", normalizer.component).domain()
    gives = f"'{normalizer.spec.use}' gives {domain} values"
    for step in stages.steps:
        accepts = cast("Step", step.component).accepts
        if domain not in accepts:
            yield ChainProblem(
                _location(step, normalizer),
                f"'{step.spec.use}' takes {_listed(accepts)} values; {gives}.",
                "Give that output 'steps: []', or use another normalizer.",
            )
    if colormap is not None and domain != "display":
        yield ChainProblem(
            _location(colormap, normalizer),
            f"The colormap '{colormap.spec.use}' takes display values; {gives}.",
            "Give that output 'colormap: none', or use another normalizer.",
        )
    if aspect == "square" and domain != "display":
        yield ChainProblem(
            normalizer.spec.location,
            f"'aspect: square' resamples display values; {gives}, which are never resampled.",
            "Give that output 'aspect: keep', or use another normalizer.",
        )
    yield from _writer_problems(stages, domain, gives, registry)


def _writer_problems(
    stages: Stages, domain: str, gives: str, registry: Registry
) -> Iterator[ChainProblem]:
    name, writer = stages.writer.spec.use, cast("Writer", stages.writer.component)
    colormap = stages.colormap
    if colormap is not None and not writer.takes_color and not _is_gray(colormap):
        others = _listed(
            each
            for each, other in _writers(registry)
            if other.takes_color and "display" in other.accepts
        )
        yield ChainProblem(
            _location(colormap, stages.writer),
            f"The colormap '{colormap.spec.use}' makes color pictures; '{name}' writes only gray.",
            f"Give that output 'colormap: none', or use another writer: {others}.",
        )
    # Which frames are labels is known only when a file is opened, and normalizers leave labels as
    # they are: a writer of labels alone fits any normalizer.
    if domain not in writer.accepts and writer.accepts != {"label"}:
        others = _listed(each for each, other in _writers(registry) if domain in other.accepts)
        other_writer = f"the writer {others}, or " if others else ""
        yield ChainProblem(
            _location(stages.writer, stages.normalizer),
            f"'{name}' takes {_listed(writer.accepts)} values; {gives}.",
            f"Use {other_writer}another normalizer.",
        )


def _is_gray(colormap: Made) -> bool:
    table = cast("Colormap", colormap.component).table()
    return bool((table == table[:, :1]).all())


def _location(made: Made, other: Made) -> Location:
    """Return the location of a stage, or of the other one if the first is only a default."""
    is_default = not made.spec.location.line and not made.spec.location.is_flag
    return other.spec.location if is_default else made.spec.location


def _listed(words: Iterable[str]) -> str:
    return " or ".join(sorted(words))


def _writers(registry: Registry) -> Iterator[tuple[str, type[Writer]]]:
    """Yield every writer that can be imported."""
    for name in registry.names("writer"):
        # Do not suggest what cannot be imported; `dcmconv doctor` reports it.
        with suppress(DcmconvError):
            yield name, cast("type[Writer]", registry.load("writer", name))


class _Asked(NamedTuple):
    """An attribute that a chain asks for, where, and the fields that are possible there too."""

    word: str
    location: Location
    fields: tuple[str, ...] = ()
    is_column: bool = False
    """For the tag table, where fields are written without braces."""


class _Known(NamedTuple):
    """The attributes that readers list; not all, if one of the readers lists none."""

    names: frozenset[str]
    is_all: bool


def attribute_problems(
    spec: ChainSpec, registry: Registry, made: Iterable[Made] = ()
) -> Iterator[ChainProblem]:
    """Yield a problem for each attribute that a chain asks for and no reader knows.

    Readers are imported only if the chain names an attribute by its keyword.

    Parameters
    ----------
    made : iterable of Made
        The chain's components; their options may be templates that ask for attributes.
    """
    asked = [*_asked_as_columns(spec, registry), *_asked(spec), *_asked_in_texts(made)]
    # Each step of a path is an attribute, and is checked by itself.
    asked = [each._replace(word=name) for each in asked for name, _ in split_path(each.word)]
    asked = [each for each in asked if not is_tag(each.word)]
    known = _known(registry) if asked else _Known(frozenset(), is_all=False)
    for each in asked:
        if each.word not in known.names:
            yield from _unknown_attribute(each, known)


def _unknown_attribute(asked: _Asked, known: _Known) -> Iterator[ChainProblem]:
    cutoff = _CLOSE if known.is_all else _VERY_CLOSE
    closest = _closest_field(asked) or find_closest(asked.word, known.names, cutoff=cutoff)
    # A reader that lists no attributes may know this one: report only what looks misspelled.
    if not closest and not (known.names and known.is_all):
        return
    hint = "Write an attribute without a keyword as its tag, such as '0010,0020'."
    if "," in asked.word:
        hint = f"Name each attribute by itself: {' and '.join(asked.word.split(','))}."
    elif asked.is_column:
        hint = f"Columns that are not attributes, and lists: {', '.join(asked.fields)}. {hint}"
    elif asked.fields:
        fields = ", ".join(f"{{{name}}}" for name in asked.fields)
        text = f"Text after a | that looks like a keyword needs quotes: {{X|'{asked.word}'}}."
        hint = f"Fields that are not attributes: {fields}. {hint} {text}"
    ending = f"; did you mean '{closest}'?" if closest else "."
    message = f"No reader knows the attribute '{asked.word}'{ending}"
    yield ChainProblem(asked.location, message, hint)


def _closest_field(asked: _Asked) -> str | None:
    synonym = _SYNONYMS.get(asked.word.lower())
    if synonym in asked.fields:
        return synonym
    return find_closest(asked.word, asked.fields, cutoff=_CLOSE)


def columns_of(words: Sequence[str], registry: Registry) -> tuple[str, ...]:
    """Return the columns of a tag table: lists such as ``article`` replaced by their attributes."""
    # Readers are imported only if a list is named.
    lists = _column_lists(registry) if any(map(COLUMN_NAME.fullmatch, words)) else {}
    return tuple(dict.fromkeys(each for word in words for each in lists.get(word, (word,))))


def tag_columns(registry: Registry, *, keywords: bool) -> tuple[list[str], list[str]]:
    """Return the columns of a tag table that are not attributes, and the keywords of those."""
    columns = sorted({*_column_lists(registry), *PICTURE_COLUMNS})
    return columns, sorted(_known(registry).names) if keywords else []


def _column_lists(registry: Registry) -> dict[str, tuple[str, ...]]:
    """Return the lists of columns that have a name; those of several readers are joined."""
    lists: dict[str, tuple[str, ...]] = {DEFAULT_COLUMNS: ()}
    for offer in registry.offered("reader"):
        with suppress(DcmconvError):  # `dcmconv doctor` reports a broken reader
            reader = cast("type[Reader]", registry.load("reader", offer.qualified_name))
            lists[DEFAULT_COLUMNS] += tuple(reader.usual_attributes())
            for name, attributes in reader.attribute_sets().items():
                lists[name] = (*lists.get(name, ()), *attributes)
    lists[DEFAULT_COLUMNS] += PICTURE_COLUMNS
    return lists


def _asked_as_columns(spec: ChainSpec, registry: Registry) -> Iterator[_Asked]:
    words = spec.tags or ()
    is_any = any(map(COLUMN_NAME.fullmatch, words))
    fields = (*_column_lists(registry), *PICTURE_COLUMNS) if is_any else ()
    for word in words:
        if word not in fields:
            location = spec.tag_locations.get(word, Location("tags"))
            yield _Asked(word, location, fields, is_column=is_any)


def _asked(spec: ChainSpec) -> Iterator[_Asked]:
    for rule in spec.rules or ():
        for word in rule.when:
            yield _Asked(word, rule.when_locations.get(word, rule.location))
        yield from _asked_in_names(rule.outputs or ())
    yield from _asked_in_names(spec.outputs or ())


def _asked_in_names(outputs: tuple[OutputSpec, ...]) -> Iterator[_Asked]:
    for output in outputs:
        yield from _asked_in(output.name, output.name_location, _NAME_FIELDS)


def _asked_in_texts(made: Iterable[Made]) -> Iterator[_Asked]:
    for each in made:
        for option in option_fields(type(each.component)):
            if option.opt.template:
                written = each.spec.written.get(option.name)
                location = written.value if written else each.spec.location
                text = str(getattr(each.component, option.name) or "")
                yield from _asked_in(text, location, _TEXT_FIELDS)


def _asked_in(template: str, location: Location, fields: tuple[str, ...]) -> Iterator[_Asked]:
    # A text that is not a template is reported where the plan is made.
    with suppress(UsageError):
        words = set(Template(template).fields) - set(fields)
        # Sorted: the order of a set of strings differs from process to process.
        yield from (_Asked(word, location, fields) for word in sorted(words))


def _known(registry: Registry) -> _Known:
    offers = registry.offered("reader")
    listed = [_attribute_names(registry, offer.qualified_name) for offer in offers]
    # A reader that does not list its attributes has an empty set.
    return _Known(frozenset().union(*listed), is_all=all(listed))


def _attribute_names(registry: Registry, reader: str) -> frozenset[str]:
    try:
        component = registry.load("reader", reader)
    except DcmconvError:
        return frozenset()  # it might know any attribute; `dcmconv doctor` reports it
    return frozenset(cast("type[Reader]", component).attribute_names())


def ignored_settings(executor: Made, run: ComponentSpec) -> Iterator[ChainProblem]:
    """Yield a problem for each setting that has no effect with the executor.

    A chain below may have settings for another executor: only those that are given together with
    this one, or by a flag, count.
    """
    source = executor.spec.location.source
    ignores = cast("Executor", executor.component).ignores
    for name, value in run.options.items():
        location = run.written[name].value if name in run.written else run.location
        is_explicit = location.is_flag or location.source.startswith("--set ")
        # One worker is what an executor without workers has anyway.
        is_alone = name == "workers" and str(value) == "1"
        is_given = is_explicit or location.source == source
        if name in ignores and is_given and not is_alone:
            message = f"'{name}' has no effect with the executor '{executor.spec.use}'."
            yield ChainProblem(location, message, "Remove one of the two.")


def find_uid(transfer_syntax: str, names: Mapping[str, str]) -> str | None:
    """Return the UID of a Transfer Syntax that is given by UID or by name, if it has one.

    In a name only letters and digits count.

    >>> find_uid("RLELossless", {"1.2.840.10008.1.2.5": "RLE Lossless"})
    '1.2.840.10008.1.2.5'
    """
    if re.fullmatch(r"[0-9]+(\.[0-9]+)+", transfer_syntax):
        return transfer_syntax
    wanted = _letters_and_digits(transfer_syntax)
    return next((uid for uid, name in names.items() if _letters_and_digits(name) == wanted), None)


def _letters_and_digits(text: str) -> str:
    return "".join(filter(str.isalnum, text)).lower()


def unknown_transfer_syntax(
    location: Location, transfer_syntax: str, names: Mapping[str, str]
) -> ChainProblem:
    """Return the problem of a name that ``find_uid`` does not find."""
    message = f"Unknown Transfer Syntax '{transfer_syntax}'"
    message = end_with_suggestion(message, transfer_syntax, names.values())
    return ChainProblem(location, message, "Write its UID or its name. See: dcmconv doctor")


def decoder_problems(
    uid: str, made: Made, readers: Sequence[Reader], names: Mapping[str, str]
) -> Iterator[ChainProblem]:
    """Yield a problem if a decoder cannot be chosen for a Transfer Syntax.

    ``names`` are the Transfer Syntaxes that the readers know, by UID.
    """
    name, location = made.spec.use, made.spec.location
    decoder = cast("Decoder", made.component)
    if uid not in decoder.transfer_syntaxes:
        known = ", ".join(names.get(each, each) for each in sorted(decoder.transfer_syntaxes))
        wanted = f"{names[uid]} ({uid})" if uid in names else uid
        message = f"The decoder '{name}' does not decode {wanted}."
        yield ChainProblem(location, message, f"It decodes: {known}.")
        return
    try:
        for reader in readers:
            reader.with_decoders({uid: NamedDecoder(name, decoder)})
    except UsageError as error:
        yield ChainProblem(location, error.message, error.hint)
