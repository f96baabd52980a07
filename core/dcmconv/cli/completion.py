"""Shell completion of components, options, presets and plugins; how bash splits words."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout, suppress
from io import StringIO
from typing import TYPE_CHECKING, NamedTuple, cast

from dcmconv.chain.spec import split_extent
from dcmconv.cli.flags import Completer
from dcmconv.model.options import OptionField

if TYPE_CHECKING:
    from dcmconv.model.components import Decoder

__all__ = [
    "Rejoined",
    "chain_names",
    "component_of",
    "decoder_of_syntax",
    "names_of",
    "overrides",
    "plugin_names",
    "rejoined",
    "tag_names",
    "whole_words_for_bash",
]

Answers = list[tuple[str, str]]
_OUTPUT_KEYS = {
    "name": "Path of the pictures of this output",
    "normalize": "A normalizer for this output only",
    "steps": "Steps for this output only",
    "colormap": "A colormap for this output only",
    "invert": "Swap black and white in this output only",
    "aspect": "What to do with pixels that are not square",
}


def names_of(*kinds: str) -> Completer:
    """Complete component names of the given kinds."""

    def complete(incomplete: str) -> Answers:
        from dcmconv.plugins.registry import Registry

        offered = [offer for kind in kinds for offer in Registry.discover().offered(kind)]
        return [(o.name, o.summary or o.kind) for o in offered if o.name.startswith(incomplete)]

    return complete


def component_of(kind: str) -> Completer:
    """Complete the short form of a component: ``wi``, ``window:ce``, ``window:name=lu``."""

    def complete(incomplete: str) -> Answers:
        extent, component = split_extent(incomplete) if kind == "writer" else ("", incomplete)
        if extent:
            return [(f"{extent}:{word}", meaning) for word, meaning in complete(component)]
        name, colon, rest = incomplete.partition(":")
        if not colon:
            return names_of(kind)(incomplete)
        last = rest.rpartition(",")[2]
        before = incomplete.removesuffix(last)
        before_last = rest.split(",")[:-1]
        given = {piece.partition("=")[0] for piece in before_last}
        all_bare = not any("=" in piece for piece in before_last)
        key, equals, value = last.partition("=")
        fields = _fields(kind, name)
        if equals:
            found = _values(kind, key, fields)
            return [(f"{before}{key}={word}", "") for word in found if word.startswith(value)]
        words = _bare_words(kind, name, len(before_last)) if all_bare else []
        keys = {field.name: field.opt.help for field in fields} | {"id": "Name for --set"}
        keys |= _OUTPUT_KEYS if kind == "writer" else {}
        return [
            *((f"{before}{word}", "") for word in words if word.startswith(key)),
            *(
                (f"{before}{word}=", meaning)
                for word, meaning in keys.items()
                if word.startswith(key) and word not in given
            ),
        ]

    return complete


def decoder_of_syntax(incomplete: str) -> Answers:
    """Complete ``UID=NAME``: a UID that some decoder declares, then a decoder for it."""
    from dcmconv.errors import DcmconvError
    from dcmconv.plugins.registry import Registry

    registry, syntaxes = Registry.discover(), {}
    for name in registry.names("decoder"):
        with suppress(DcmconvError):
            decoder = cast("type[Decoder]", registry.load("decoder", name))
            syntaxes[name] = decoder.transfer_syntaxes
    uid, equals, rest = incomplete.partition("=")
    if not equals:
        found = sorted({each for uids in syntaxes.values() for each in uids})
        return [(f"{each}=", "") for each in found if each.startswith(uid)]
    # After the name of a Transfer Syntax, every decoder is offered.
    is_uid = any(uid in uids for uids in syntaxes.values())
    return [
        (f"{uid}={word}", meaning)
        for word, meaning in component_of("decoder")(rest)
        if not is_uid or uid in syntaxes.get(word.partition(":")[0], ())
    ]


def _presets(incomplete: str) -> Answers:
    from dcmconv.plugins.registry import Registry

    offers = Registry.discover().offered("preset")
    whole = [(f"preset:{offer.name}", offer.summary) for offer in offers]
    return [answer for answer in whole if answer[0].startswith(incomplete)]


def chain_names(incomplete: str) -> Answers:
    """Complete ``preset:NAME``, and the names of folders and of files that can be chains."""
    from pathlib import Path

    folder, slash, start = incomplete.rpartition("/")
    found = []
    with suppress(OSError):
        for path in sorted(Path(folder + slash or ".").iterdir()):
            is_hidden = path.name.startswith(".") and not start
            if not is_hidden and path.name.startswith(start):
                is_chain = path.suffix in (".yaml", ".yml", ".json") and path.is_file()
                ending = "/" if path.is_dir() else ""
                found += [(f"{folder}{slash}{path.name}{ending}", "")] if is_chain or ending else []
    return [*_presets(incomplete), *found]


def tag_names(incomplete: str) -> Answers:
    """Complete a column of a tag table: a list, a fact about the picture, or a keyword."""
    from dcmconv.chain.checks import tag_columns
    from dcmconv.plugins.registry import Registry

    columns, keywords = tag_columns(Registry.discover(), keywords=bool(incomplete))
    # Keywords only once a letter is typed: there are thousands.
    return [(word, "") for word in (*columns, *keywords) if word.startswith(incomplete)]


def overrides(incomplete: str) -> Answers:
    """Complete ``ID.KEY=VALUE``, for the run and for components under their own names."""
    from dcmconv.chain.settings import RunSettings
    from dcmconv.model.options import option_fields

    name, dot, rest = incomplete.partition(".")
    kinds = ("normalizer", "step", "colormap", "writer", "reader")
    if not dot:
        found = names_of(*kinds)(incomplete)
        return [
            (f"{word}.", help_)
            for word, help_ in [("run", "Settings of the run"), *found]
            if word.startswith(incomplete)
        ]
    fields = (
        list(option_fields(RunSettings))
        if name == "run"
        else [field for kind in kinds for field in _fields(kind, name)]
    )
    key, equals, value = rest.partition("=")
    if equals:
        words = _values("", key, fields)
        return [(f"{name}.{key}={word}", "") for word in words if word.startswith(value)]
    return [(f"{name}.{f.name}=", f.opt.help) for f in fields if f.name.startswith(key)]


def plugin_names(incomplete: str) -> Answers:
    """Complete the names of plugins."""
    from dcmconv.plugins.registry import Registry

    plugins = Registry.discover().plugins
    return [(p.name, p.distribution) for p in plugins if p.name.startswith(incomplete)]


def _bare_words(kind: str, name: str, position: int) -> list[str]:
    """Return the fixed words that may stand at a position without the name of their option."""
    from dcmconv.errors import DcmconvError
    from dcmconv.model.options import fixed_values
    from dcmconv.plugins.registry import Registry

    fields = {field.name: field for field in _fields(kind, name)}
    try:
        forms = Registry.discover().load(kind, name).shorthand
    except DcmconvError:
        return []
    options = [form[position] for form in forms if len(form) > position]
    return [str(word) for option in options for word in fixed_values(fields[option].annotation)]


def _fields(kind: str, name: str) -> list[OptionField]:
    from dcmconv.errors import DcmconvError
    from dcmconv.model.options import option_fields
    from dcmconv.plugins.registry import Registry

    try:
        return list(option_fields(Registry.discover().load(kind, name)))
    except (DcmconvError, TypeError):
        return []  # unknown or broken: the command itself reports it


def _values(kind: str, key: str, fields: Iterable[OptionField]) -> Iterator[str]:
    from dcmconv.chain.spec import ASPECTS
    from dcmconv.cli.flags import literals_of
    from dcmconv.plugins.registry import Registry

    for field in fields:
        if field.name == key:
            yield from ("true", "false") if field.annotation is bool else ()
            yield from literals_of(field.annotation)
    if kind == "writer":
        yield from {"invert": ("true", "false"), "aspect": ASPECTS}.get(key, ())
        kinds = {"normalize": "normalizer", "colormap": "colormap", "steps": "step"}
        yield from Registry.discover().names(kinds[key]) if key in kinds else ()


_BREAKS = frozenset(":=")
"""Bash, unlike other shells, also splits words at these (COMP_WORDBREAKS)."""


class Rejoined(NamedTuple):
    """The words as typed, the index of the one being completed, and the part that bash keeps."""

    words: list[str]
    current: int
    before: str


def rejoined(words: Sequence[str], current: int) -> Rejoined:
    """Join the pieces of words that bash has split.

    Parameters
    ----------
    words : sequence of str
        The array ``COMP_WORDS``.
    current : int
        ``COMP_CWORD``: the index of the word being completed.

    Examples
    --------
    >>> rejoined(["dcmconv", "run", "-n", "window", ":", "ce"], 5)
    Rejoined(words=['dcmconv', 'run', '-n', 'window:ce'], current=3, before='window:')
    """
    whole: list[str] = []
    place, before = len(words), ""
    for index, word in enumerate(words):
        # Two pieces of one word always have a break character between them.
        is_inside = bool(whole) and bool(word) and (_is_break(word) or whole[-1][-1:] in _BREAKS)
        start = whole.pop() if is_inside else ""
        whole.append(start + word)
        if index == current:
            place = len(whole) - 1
            before = start + word if _is_break(word) else start
    return Rejoined(whole, min(place, len(whole)), before)


@contextmanager
def whole_words_for_bash() -> Iterator[None]:
    """Let typer complete whole words, and print only the part that bash replaces."""
    line = os.environ.get("COMP_WORDS", "")
    if os.environ.get("_DCMCONV_COMPLETE") != "complete_bash" or not line:
        yield
        return
    # typer's script for bash joins the words with line breaks.
    separator = "\n" if "\n" in line else " "
    found = rejoined(line.split(separator), int(os.environ.get("COMP_CWORD", "0")))
    os.environ["COMP_WORDS"] = separator.join(found.words)
    os.environ["COMP_CWORD"] = str(found.current)
    answers = StringIO()
    try:
        with redirect_stdout(answers):
            yield
    finally:
        # After SystemExit as well: that is how the parser ends.
        from dcmconv.cli.terminal import print_result

        for answer in answers.getvalue().splitlines():
            print_result(answer.removeprefix(_value_part(found.before, answer)))


def _value_part(before: str, answer: str) -> str:
    """Return the part that bash keeps: for ``--writer=jpg:``, an answer repeats only ``jpg:``."""
    return before if answer.startswith(before) else before.partition("=")[2]


def _is_break(word: str) -> bool:
    return bool(word) and set(word) <= _BREAKS
