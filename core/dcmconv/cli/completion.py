"""What the shell may complete: names of components, presets and plugins."""

from __future__ import annotations

from dcmconv.cli.flags import Completer

__all__ = ["names_of", "plugin_names", "preset_names", "words_from"]


def words_from(*words: str) -> Completer:
    """Complete one of a few words."""
    return lambda incomplete: [(word, "") for word in words if word.startswith(incomplete)]


def names_of(*kinds: str) -> Completer:
    """Complete the names of some kinds of component."""

    def complete(incomplete: str) -> list[tuple[str, str]]:
        from dcmconv.registry import Registry

        offered = [offer for kind in kinds for offer in Registry.discover().offered(kind)]
        return [(o.name, o.summary or o.kind) for o in offered if o.name.startswith(incomplete)]

    return complete


def preset_names(incomplete: str) -> list[tuple[str, str]]:
    """Complete ``preset:NAME``; bash has split the word at the colon, and wants the rest alone."""
    from dcmconv.registry import Registry

    names = Registry.discover().names("preset")
    whole = [f"preset:{name}" for name in names]
    return [(word, "") for word in [*whole, *names] if incomplete and word.startswith(incomplete)]


def plugin_names(incomplete: str) -> list[tuple[str, str]]:
    """Complete the names of plugins."""
    from dcmconv.registry import Registry

    plugins = Registry.discover().plugins
    return [(p.name, p.distribution) for p in plugins if p.name.startswith(incomplete)]
