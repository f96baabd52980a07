"""The registry: what the installed plugins offer, by kind and name."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Mapping
from dataclasses import field, is_dataclass
from typing import TYPE_CHECKING, Any

import pluggy

from dcmconv.errors import DcmconvError, UsageError
from dcmconv.hooks import KINDS, Offer
from dcmconv.model.options import Component, option_fields
from dcmconv.model.records import record
from dcmconv.plugins.discovery import Plugin, PluginProblem, find_plugins, unknown_hooks
from dcmconv.plugins.references import (
    ComponentRef,
    broken_component,
    fault_of_class,
    load_target,
)
from dcmconv.plugins.suggestions import did_you_mean

if TYPE_CHECKING:
    from dcmconv.model.outcome import Outcome, Summary

__all__ = ["Events", "Offered", "Registry", "checked_class"]


@record(frozen=True)
class Offered:
    """One component that a plugin offers."""

    kind: str
    name: str
    target: str
    plugin: str
    distribution: str
    version: str
    summary: str = ""
    default_for: str = ""
    rank: int = 0

    @property
    def qualified_name(self) -> str:
        """The name that is never ambiguous: ``plugin/name``."""
        return f"{self.plugin}/{self.name}"


@record
class Events:
    """The lifecycle hooks with types.  An exception of an observer becomes a warning."""

    manager: pluggy.PluginManager

    def configure(self, plan: Any) -> None:
        """Pass the plan to every plugin; the first ``UsageError`` stops the run."""
        self.manager.hook.dcmconv_configure(plan=plan)

    def run_started(self, plan: Any, out: Any) -> None:
        """Tell observers that a run begins."""
        self._tell("dcmconv_run_started", plan=plan, out=out)

    def record(self, outcome: Outcome) -> None:
        """Tell observers the outcome of one input."""
        self._tell("dcmconv_record", outcome=outcome)

    def run_finished(self, summary: Summary) -> None:
        """Tell observers that the run has ended."""
        self._tell("dcmconv_run_finished", summary=summary)

    def image(self, picture: Any, library: str) -> Any:
        """Return a picture as an image object of a library; None if no plugin makes those."""
        return self.manager.hook.dcmconv_image(picture=picture, library=library)

    def _tell(self, hook: str, **arguments: Any) -> None:
        caller = getattr(self.manager.hook, hook)
        # One by one: pluggy's own call stops at the first exception.
        for implementation in caller.get_hookimpls():
            try:
                # As in pluggy, an implementation may leave out arguments that it does not use.
                wanted = {name: arguments[name] for name in implementation.argnames}
                implementation.function(**wanted)
            except (Exception, SystemExit) as error:  # noqa: BLE001 - may be anything
                warnings.warn(
                    f"{hook} of plugin '{implementation.plugin_name}' raised "
                    f"{type(error).__name__}: {error}",
                    RuntimeWarning,
                    stacklevel=2,
                )


@record
class Registry:
    """Every component on offer.  A name clash is an error only if the short name is used."""

    events: Events
    plugins: list[Plugin]
    problems: list[PluginProblem]
    _offered: dict[str, list[Offered]] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    """Plugins or distributions that the user left out."""

    @classmethod
    def discover(
        cls, left_out: Collection[str] = (), only: Collection[str] | None = None
    ) -> Registry:
        """Find every plugin that is installed and collect what it offers; imports no component."""
        manager, plugins, problems = find_plugins(left_out=left_out, only=only)
        registry = cls(Events(manager), plugins, problems, left_out=tuple(left_out))
        for kind, hook in KINDS.items():
            registry._offered[kind] = []
            registry._collect(kind, hook)
        for plugin in plugins:
            for name in unknown_hooks(plugin.module):
                registry._report(plugin, f"implements the unknown hook '{name}'")
        return registry

    def offered(self, kind: str | None = None) -> list[Offered]:
        """Return what is on offer, of one kind or of all kinds."""
        return [offer for each in ([kind] if kind else KINDS) for offer in self._offered[each]]

    def names(self, kind: str) -> list[str]:
        """Return the names of one kind, each once, sorted."""
        return sorted({offer.name for offer in self._offered[kind]})

    def find(self, kind: str, name: str) -> Offered:
        """Return the component of that name.

        Raises
        ------
        UsageError
            If no component has that name, or several plugins offer one.
        """
        found = [o for o in self._offered[kind] if name in (o.name, o.qualified_name)]
        if len(found) == 1:
            return found[0]
        if found:
            raise UsageError(
                f"{len(found)} plugins offer a {kind} named '{name}': "
                + ", ".join(f"{o.distribution} {o.version}" for o in found)
                + ".",
                hint=f"Write {' or '.join(o.qualified_name for o in found)}.",
            )
        raise UsageError(f"Unknown {kind} '{name}'.", hint=self._advice(kind, name))

    def name_of(self, component: type[Component]) -> str | None:
        """Return the name of a component class; None if no plugin offers it."""
        target = f"{component.__module__}:{component.__qualname__}"
        for offer in self.offered():
            if offer.target == target:
                same = [each for each in self._offered[offer.kind] if each.name == offer.name]
                return offer.name if len(same) == 1 else offer.qualified_name
        return None

    def load(self, kind: str, name: str) -> type[Component]:
        """Import the component class of that name.

        Raises
        ------
        UsageError
            As ``find``.
        PluginError
            If the import fails, or the target is not a component class.
        """
        offer = self.find(kind, name)
        loaded = load_target(offer.target)
        fault = _fault_of(loaded) or fault_of_class(kind, loaded)
        if fault:
            offered_as = f"{kind} '{name}' by {offer.distribution} {offer.version}"
            raise broken_component(offer.target, offered_as, offer.plugin, fault)
        component: type[Component] = loaded
        return component

    def broken_components(self) -> tuple[str, ...]:
        """Import every component; return one sentence for each that cannot be used."""
        found = []
        for offer in self.offered():
            if offer.kind == "preset":  # a file, not a class
                continue
            try:
                self.load(offer.kind, offer.qualified_name)
            except DcmconvError as error:
                found.append(error.message)
        return tuple(found)

    def ref(self, kind: str, name: str, options: Mapping[str, Any] | None = None) -> ComponentRef:
        """Return a reference from which any process can make the component with these options."""
        offer = self.find(kind, name)
        version = f"{offer.distribution} {offer.version}"
        return ComponentRef(kind, offer.name, offer.target, dict(options or {}), version)

    def default(self, kind: str, purpose: str) -> ComponentRef | None:
        """Return the component that is offered as the default for a purpose; see ``Offer``."""
        offers = [offer for offer in self._offered[kind] if offer.default_for == purpose]
        if not offers:
            return None
        # The highest rank, then the first by name: never the order of installation.
        return self.ref(kind, min(offers, key=lambda o: (-o.rank, o.qualified_name)).qualified_name)

    def _advice(self, kind: str, name: str) -> str:
        advice = did_you_mean(name, self.names(kind))
        advice += " " if advice else ""
        advice += f"Installed: {', '.join(self.names(kind))}. See: dcmconv plugins list"
        if self.problems:
            broken = ", ".join(str(problem) for problem in self.problems)
            advice += f"\n  It may belong to a plugin that cannot be used. {broken}"
        if self.left_out:
            flags = " ".join(f"--no-plugin {name}" for name in self.left_out)
            advice += f"\n  It may belong to a plugin that was left out: {flags}"
        return advice

    def _collect(self, kind: str, hook: str) -> None:
        """Ask the plugins one by one: if one raises, the others still offer their components."""
        by_name = {plugin.name: plugin for plugin in self.plugins}
        for implementation in getattr(self.events.manager.hook, hook).get_hookimpls():
            plugin = by_name[implementation.plugin_name]
            try:
                offers = dict(implementation.function())
            except (Exception, SystemExit) as error:  # noqa: BLE001 - may be anything
                self._report(plugin, f"{hook} raised {type(error).__name__}: {error}")
                continue
            for name, offer in offers.items():
                fault = _fault_of_offer(name, offer)
                if fault:
                    self._report(plugin, f"{hook} offers {fault}")
                else:
                    self._offered[kind].append(_offered(kind, name, offer, plugin))

    def _report(self, plugin: Plugin, message: str) -> None:
        self.problems.append(
            PluginProblem(plugin.name, plugin.distribution, plugin.version, message)
        )


def checked_class(kind: str, given: type[Component]) -> type[Component]:
    """Return the class of an object that a caller made; no plugin offers it.

    Raises
    ------
    UsageError
        If a chain cannot use it.
    """
    fault = _fault_of(given) or fault_of_class(kind, given)
    if fault:
        raise UsageError(
            f"The {kind} {given.__qualname__} {fault}.",
            hint="A component is a frozen dataclass; each field is Annotated[TYPE, Opt(HELP)].",
        )
    return given


def _fault_of(loaded: Any) -> str:
    """Say why something is not a component class; empty if it is one."""
    if not (isinstance(loaded, type) and issubclass(loaded, Component)):
        return "is not a component class"
    if not is_dataclass(loaded):
        return "is not a dataclass"
    try:
        list(option_fields(loaded))
    except (TypeError, NameError) as error:
        return f"declares its options wrongly: {error}"
    return ""


def _fault_of_offer(name: object, offer: object) -> str:
    """Say what is wrong with one item that a hook returned; empty if nothing."""
    target = offer.target if isinstance(offer, Offer) else offer
    if not isinstance(name, str):
        return f"{target!r:.80} as {name!r}; expected a name"
    is_target = isinstance(target, type) or (isinstance(target, str) and ":" in target)
    return "" if is_target else f"{target!r:.80} as '{name}'; expected 'module:Class'"


def _offered(kind: str, name: str, offer: str | Offer, plugin: Plugin) -> Offered:
    details = offer if isinstance(offer, Offer) else Offer(offer)
    target = details.target
    if not isinstance(target, str):
        target = f"{target.__module__}:{target.__qualname__}"
    return Offered(
        kind,
        name,
        target,
        plugin.name,
        plugin.distribution,
        plugin.version,
        details.summary,
        details.default_for,
        details.rank,
    )
