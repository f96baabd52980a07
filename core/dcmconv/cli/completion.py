"""What the shell may complete: names of components, their options, presets and plugins."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dcmconv.cli.flags import Completer
from dcmconv.model.options import OptionField

__all__ = ["component_of", "names_of", "plugin_names", "preset_names", "words_from"]

Answers = list[tuple[str, str]]
_OUTPUT_KEYS = {
    "name": "Where the pictures of this output go",
    "normalize": "A normalizer for this output alone",
    "steps": "Steps for this output alone",
    "colormap": "A colormap for this output alone",
    "invert": "Swap black and white in this output alone",
    "aspect": "What becomes of pixels that are not square",
}


def words_from(*words: str) -> Completer:
    """Complete one of a few words."""
    return lambda incomplete: [(word, "") for word in words if word.startswith(incomplete)]


def names_of(*kinds: str) -> Completer:
    """Complete the names of some kinds of component."""

    def complete(incomplete: str) -> Answers:
        from dcmconv.plugins.registry import Registry

        offered = [offer for kind in kinds for offer in Registry.discover().offered(kind)]
        return [(o.name, o.summary or o.kind) for o in offered if o.name.startswith(incomplete)]

    return complete


def component_of(kind: str) -> Completer:
    """Complete a component in its short form: ``wi``, ``window:ce``, ``window:name=lu``."""

    def complete(incomplete: str) -> Answers:
        name, colon, rest = incomplete.partition(":")
        if not colon:
            return names_of(kind)(incomplete)
        last = rest.rpartition(",")[2]
        before = incomplete.removesuffix(last)
        given = {piece.partition("=")[0] for piece in rest.split(",")[:-1]}
        key, equals, value = last.partition("=")
        fields = _fields(kind, name)
        if equals:
            found = _values(kind, key, fields)
            return [(f"{before}{key}={word}", "") for word in found if word.startswith(value)]
        keys = {field.name: field.opt.help for field in fields} | {"id": "What --set calls it"}
        keys |= _OUTPUT_KEYS if kind == "writer" else {}
        return [
            (f"{before}{word}=", meaning)
            for word, meaning in keys.items()
            if word.startswith(key) and word not in given
        ]

    return complete


def preset_names(incomplete: str) -> Answers:
    """Complete ``preset:NAME``."""
    from dcmconv.plugins.registry import Registry

    whole = [f"preset:{name}" for name in Registry.discover().names("preset")]
    return [(word, "") for word in whole if incomplete and word.startswith(incomplete)]


def plugin_names(incomplete: str) -> Answers:
    """Complete the names of plugins."""
    from dcmconv.plugins.registry import Registry

    plugins = Registry.discover().plugins
    return [(p.name, p.distribution) for p in plugins if p.name.startswith(incomplete)]


def _fields(kind: str, name: str) -> list[OptionField]:
    from dcmconv.errors import DcmconvError
    from dcmconv.model.options import option_fields
    from dcmconv.plugins.registry import Registry

    try:
        return list(option_fields(Registry.discover().load(kind, name)))
    except (DcmconvError, TypeError):
        return []  # unknown or broken: the command itself says so


def _values(kind: str, key: str, fields: Iterable[OptionField]) -> Iterator[str]:
    from dcmconv.cli.component_flags import literals_of
    from dcmconv.plugins.registry import Registry

    for field in fields:
        if field.name == key:
            yield from ("true", "false") if field.annotation is bool else ()
            yield from literals_of(field.annotation)
    if kind == "writer":
        yield from {"invert": ("true", "false"), "aspect": ("square", "keep")}.get(key, ())
        kinds = {"normalize": "normalizer", "colormap": "colormap", "steps": "step"}
        yield from Registry.discover().names(kinds[key]) if key in kinds else ()
