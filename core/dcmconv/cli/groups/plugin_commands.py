"""``dcmconv plugins list | show NAME``: what is installed, and the options of each component."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from dcmconv.cli.completion import names_of, plugin_names
from dcmconv.cli.flags import AS_JSON, Flag, add_command
from dcmconv.hooks import KINDS

if TYPE_CHECKING:
    import typer

    from dcmconv.model.components import Row
    from dcmconv.plugins.discovery import PluginProblem
    from dcmconv.plugins.registry import Offered, Registry

__all__ = ["add_to"]

NO_PLUGIN = Flag(
    "no_plugin",
    list[str],
    ("--no-plugin",),
    "Do not load this plugin or distribution.",
    "NAME",
    complete=plugin_names,
)


def add_to(group: typer.Typer) -> None:
    """Add ``list`` and ``show``."""
    add_command(
        group,
        "list",
        lambda values: _answer(values, _list_rows),
        [AS_JSON, NO_PLUGIN],
        help_text="List the installed components by kind, and the plugin of each.",
    )
    name = Flag(
        "name",
        str,
        (),
        "Name of a component or plugin.",
        "NAME",
        required=True,
        complete=names_of(*KINDS),
    )
    add_command(
        group,
        "show",
        lambda values: _answer(values, _show_rows),
        [name, AS_JSON, NO_PLUGIN],
        help_text="Show what a component does and its options.",
    )


def _answer(values: Mapping[str, Any], rows: Any) -> int:
    from dcmconv.cli.terminal import print_rows
    from dcmconv.plugins.discovery import check_left_out
    from dcmconv.plugins.registry import Registry

    left_out = values["no_plugin"] or ()
    check_left_out(left_out)
    registry = Registry.discover(left_out=left_out)
    return print_rows(rows(registry, values), as_json=bool(values["as_json"]))


def _list_rows(registry: Registry, values: Mapping[str, Any]) -> Iterator[Row]:
    from dcmconv.model.components import Heading, Row

    for kind in KINDS:
        offers = sorted(registry.offered(kind), key=lambda offer: offer.name)
        if offers:
            yield Heading(title=f"{kind.capitalize()}s")
        for offer in offers:
            yield Row(name=offer.name, plugin=_plugin(offer), summary=_summary(registry, offer))
    if registry.problems:
        yield Heading(title="Problems")
    for problem in registry.problems:
        yield Row(problem=str(problem))


def _show_rows(registry: Registry, values: Mapping[str, Any]) -> Iterator[Row]:
    wanted = values["name"]
    found = [o for o in registry.offered() if wanted in (o.name, o.qualified_name)]
    of_plugin = [o for o in registry.offered() if wanted in (o.plugin, o.distribution)]
    problems = [p for p in registry.problems if wanted in (p.plugin, p.distribution)]
    if not found and not of_plugin and not problems:
        raise _unknown(registry, wanted)
    # A plugin of the same name as a component is not shown.
    for offer in found:
        yield from _component_rows(registry, offer)
    if not found and of_plugin:
        yield from _plugin_rows(registry, of_plugin)
    if not found and problems:
        yield from _problem_rows(problems)


def _plugin_rows(registry: Registry, offers: list[Offered]) -> Iterator[Row]:
    from dcmconv.model.components import Heading, Row

    yield Heading(title=_plugin(offers[0]))
    for offer in offers:
        yield Row(kind=offer.kind, name=offer.name, summary=_summary(registry, offer))


def _problem_rows(problems: list[PluginProblem]) -> Iterator[Row]:
    from dcmconv.model.components import Ending, Heading, Row

    yield Heading(title="Problems")
    for problem in problems:
        yield Row(problem=str(problem))
    yield Ending(text="Reinstall or update the plugin, or disable it: --no-plugin NAME", code=4)


def _component_rows(registry: Registry, offer: Offered) -> Iterator[Row]:
    from dcmconv.cli.flags import default_of, describe, help_of
    from dcmconv.model.components import Heading, Row
    from dcmconv.model.options import option_fields

    title = f"{offer.kind} {offer.name}, from {_plugin(offer)}"
    if offer.kind == "preset":
        yield Heading(title=f"{title}\n{offer.summary}".rstrip())
        yield Row(use=f"--chain preset:{offer.name}", see=f"dcmconv chain show preset:{offer.name}")
        return
    component = registry.load(offer.kind, offer.name)
    forms = ", ".join(component.short_forms(offer.name))
    short = f"\nShort: {forms}" if forms else ""
    yield Heading(title=f"{title}\n{component.summary()}{short}")
    for field in option_fields(component):
        yield Row(
            option=field.name,
            value=describe(field.annotation),
            default="required" if field.required else default_of(field),
            meaning=help_of(field),
        )


def _summary(registry: Registry, offer: Offered) -> str:
    """Return a one-line summary; imports the component only if the offer has none."""
    from dcmconv.errors import DcmconvError

    if offer.summary:
        return offer.summary
    if offer.kind == "preset":
        return f"--chain preset:{offer.name}"
    try:
        return registry.load(offer.kind, offer.qualified_name).summary()
    # One broken component must not end the list.
    except DcmconvError as error:
        return f"broken: {error.message}"


def _plugin(offer: Offered) -> str:
    if offer.plugin == offer.distribution:
        return f"{offer.plugin} {offer.version}"
    return f"{offer.plugin} ({offer.distribution} {offer.version})"


def _unknown(registry: Registry, name: str) -> Exception:
    from dcmconv.errors import UsageError
    from dcmconv.plugins.suggestions import did_you_mean

    plugins = {each.plugin for each in registry.problems}
    advice = did_you_mean(name, {offer.name for offer in registry.offered()} | plugins)
    return UsageError(
        f"Unknown component or plugin '{name}'.",
        hint=f"{advice} See: dcmconv plugins list".lstrip(),
    )
