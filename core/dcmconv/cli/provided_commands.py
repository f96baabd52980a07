"""Subcommands that plugins provide; the built-in ones use the same hook."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from typing import Any

from dcmconv.cli.flags import AS_JSON, Body, Flag, default_of, describe, help_of
from dcmconv.cli.terminal import print_rows
from dcmconv.errors import PluginError
from dcmconv.model.components import Command
from dcmconv.model.options import OptionField, option_fields
from dcmconv.plugins.registry import Registry

__all__ = ["body_of", "command_class", "flags_of_command"]


def command_class(registry: Registry, name: str) -> type[Command]:
    """Import the command of that name.

    Raises
    ------
    PluginError
        If the plugin offers something else under that name.
    """
    component = registry.load("command", name)
    if not issubclass(component, Command):
        raise PluginError(
            f"The command '{name}' must be a subclass of Command; found {component.__name__}.",
            hint="Plugin authors: derive it from dcmconv.plugin.Command.",
        )
    return component


def flags_of_command(component: type[Command]) -> list[Flag]:
    """Return the arguments and flags of a command, derived from its options."""
    return [*(_flag(field) for field in option_fields(component)), AS_JSON]


def body_of(component: type[Command], name: str) -> Body:
    """Return the body of the subcommand: make the component, run it, print its rows."""

    def body(values: Mapping[str, Any]) -> int:
        # None is a flag that is not given: its option keeps its default.
        given = {key: value for key, value in values.items() if value is not None}
        as_json = bool(given.pop("as_json", False))
        command = made_with(component, given, name)
        return print_rows(command.run(host_facts()), as_json=as_json)

    return body


def made_with(component: type[Command], options: Mapping[str, Any], name: str) -> Command:
    """Make a command from the values of its flags.

    Raises
    ------
    UsageError
        If a value is invalid; the message lists every problem.
    """
    from dcmconv.chain.errors import Location, chain_error
    from dcmconv.chain.spec import ComponentSpec, Written
    from dcmconv.chain.validate import validated

    locations = {
        key: Location(f"--{key.replace('_', '-')} {value}") for key, value in options.items()
    }
    written = {key: Written(location, location) for key, location in locations.items()}
    made = validated(component, ComponentSpec(name, options, written=written))
    if isinstance(made, Command):
        return made
    raise chain_error(made) if isinstance(made, list) else TypeError(f"{name} made {made!r}")


def host_facts() -> Any:
    """Return what a command may know about this program."""
    from dcmconv import __version__
    from dcmconv.model.components import Host, InstalledPlugin
    from dcmconv.run.executors import available_workers

    registry = Registry.discover()
    offers: dict[str, dict[str, list[str]]] = {}
    for offer in registry.offered():
        offers.setdefault(offer.plugin, {}).setdefault(offer.kind, []).append(offer.name)
    plugins = [
        InstalledPlugin(
            name=plugin.name,
            distribution=plugin.distribution,
            version=plugin.version,
            offers={kind: tuple(names) for kind, names in offers.get(plugin.name, {}).items()},
        )
        for plugin in registry.plugins
    ]
    return Host(
        version=__version__,
        plugins=tuple(plugins),
        problems=tuple(str(problem) for problem in registry.problems),
        workers=available_workers(),
        broken_components=registry.broken_components,
    )


def _flag(field: OptionField) -> Flag:
    positional, dashed = field.opt.positional, field.name.replace("_", "-")
    is_list = typing.get_origin(field.annotation) in (tuple, list)
    kind: Any = bool if field.annotation is bool else list[str] if is_list else str
    metavar = "" if kind is bool else field.name.upper() if positional else _item(field.annotation)
    return Flag(
        name=field.name,
        type=kind,
        words=() if positional else (f"--{dashed}",),
        help=help_of(field),
        metavar=metavar,
        default=default_of(field) if kind is not bool else "",
        required=positional and field.required,
    )


def _item(annotation: Any) -> str:
    arguments = typing.get_args(annotation)
    is_list = typing.get_origin(annotation) in (tuple, list)
    return describe(arguments[0] if is_list else annotation)
