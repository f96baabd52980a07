"""From a chain as written to a plan: names resolved, options checked, stages fitted together.

Everything that is wrong is found in one pass and raised as one ``ChainError``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field, replace
from typing import Any, cast

from dcmconv.chain.checks import (
    KIND_CLASSES,
    Made,
    Stages,
    attribute_problems,
    columns_of,
    decoder_problems,
    find_uid,
    ignored_settings,
    stage_problems,
    unknown_transfer_syntax,
)
from dcmconv.chain.errors import (
    NOWHERE,
    ChainProblem,
    InvalidChainError,
    Location,
    chain_error,
)
from dcmconv.chain.layers.layering import merge, slots_of_output
from dcmconv.chain.plan import ComponentRef, Lane, Plan, PlannedRule
from dcmconv.chain.settings import RunSettings
from dcmconv.chain.spec import (
    DEFAULT_CHAIN,
    ChainSpec,
    ComponentSpec,
    OutputSpec,
    RuleSpec,
    Slots,
    components_of,
    is_no_colormap,
    output_ids,
)
from dcmconv.chain.validate import find_short_form, validated, with_option_names
from dcmconv.chain.values import as_component
from dcmconv.errors import DcmconvError, PluginError, UsageError
from dcmconv.model.components import Colormap, Normalizer, Reader
from dcmconv.model.options import Component
from dcmconv.model.records import record
from dcmconv.model.template import Template
from dcmconv.plugins.registry import Registry, checked_class

__all__ = ["compile_chain", "make_component"]

_LEADS_OUT = re.compile(r"(^|/)\.\.(/|$)")
_ID = re.compile(r"[A-Za-z0-9][\w.-]*")


def compile_chain(spec: ChainSpec, registry: Registry) -> Plan:
    """Check a chain against what is installed and return the plan.

    Parameters
    ----------
    spec : ChainSpec
        What it leaves out is taken from ``DEFAULT_CHAIN``.
    registry : Registry
        Where names are looked up.

    Raises
    ------
    ChainError
        With every unknown name, unknown option, wrong value and stage that does not fit.
    PluginError
        If all that is wrong is that components cannot be imported.
    """
    maker = _Maker(registry, list(spec.problems))
    whole = merge(DEFAULT_CHAIN, spec)
    plan = _Planner(maker, whole).plan()
    # What this chain replaces in the chains below it is checked as well.
    for extended in spec.extended:
        maker.check_part(extended)
        maker.problems += attribute_problems(extended, registry)
    maker.problems += attribute_problems(whole, registry, maker.made)
    maker.raise_problems()
    return plan


def make_component(
    kind: str, value: str | Mapping[str, Any] | ComponentSpec, registry: Registry
) -> Component:
    """Make one component from its short form or ``{"use": ...}``.

    Raises
    ------
    ChainError
        If no component has that name, or an option is wrong.
    """
    maker = _Maker(registry)
    made = maker.make(kind, as_component(value))
    maker.raise_problems()
    return cast("Made", made).component


@record
class _Maker:
    """Makes the components of a chain, and collects every problem on the way."""

    registry: Registry
    problems: list[ChainProblem] = field(default_factory=list)
    import_failures: list[ChainProblem] = field(default_factory=list)
    """Those of the problems that no change to the chain can fix."""
    _made: dict[int, Made | None] = field(default_factory=dict)
    """By the identity of the spec: lanes and rules share the object, and it is made once.

    The chain that is being compiled keeps its specs alive, so no identity is used twice.
    """

    @property
    def made(self) -> list[Made]:
        """Every component that could be made."""
        return [made for made in self._made.values() if made is not None]

    def raise_problems(self) -> None:
        """Raise all problems as one error; a ``PluginError`` if only the installation is wrong."""
        if not self.problems:
            return
        error = chain_error(self.problems)
        if self.problems == self.import_failures:
            raise PluginError(error.message, error.hint)
        raise error

    def make(self, kind: str, spec: ComponentSpec) -> Made | None:
        """Make a component; None if it has a problem."""
        if id(spec) not in self._made:
            self._made[id(spec)] = self._make(kind, spec)
        return self._made[id(spec)]

    def check_part(self, spec: ChainSpec) -> None:
        """Check the components of an extended chain, which need not have all their options."""
        for kind, component in components_of(spec):
            found = self._class_of(kind, component)
            named = self._named(component, found) if found else None
            checked = validated(found, named, is_whole=False) if found and named else []
            self.problems += checked if isinstance(checked, list) else []
        settings = validated(RunSettings, spec.run, is_whole=False)
        self.problems += settings if isinstance(settings, list) else []

    def report(self, location: Location, message: str, hint: str) -> None:
        """Note a problem and go on."""
        self.problems.append(ChainProblem(location, message, hint))

    def _make(self, kind: str, spec: ComponentSpec) -> Made | None:
        component_class = self._class_of(kind, spec)
        named = self._named(spec, component_class) if component_class else None
        if component_class is None or named is None:
            return None
        spec, made = named, validated(component_class, named)
        if isinstance(made, list):
            self.problems += made
            return None
        # Read back from the component: what was text is now a number or a tuple.
        options = {name: getattr(made, name) for name in spec.options}
        try:
            # A file that an option names is read here: if it is missing, the run does not start.
            fingerprint = made.fingerprint()
        except DcmconvError as error:
            self.report(spec.location, error.message, error.hint)
            return None
        if spec.made is not None:
            return Made(spec, made, ComponentRef.of(kind, made, options, fingerprint))
        ref = self.registry.ref(kind, spec.use, options)
        return Made(spec, made, replace(ref, fingerprint=fingerprint))

    def _named(self, spec: ComponentSpec, component: type[Component]) -> ComponentSpec | None:
        try:
            return with_option_names(spec, component)
        except InvalidChainError as invalid:
            self.problems.append(invalid.problem)
            return None

    def _short_form(self, kind: str, spec: ComponentSpec) -> str:
        return find_short_form(kind, spec.use, self.registry) if not spec.options else ""

    def _class_of(self, kind: str, spec: ComponentSpec) -> type[Component] | None:
        try:
            given = spec.made and checked_class(kind, type(spec.made))
            component = given or self.registry.load(kind, spec.use)
        except DcmconvError as error:
            short = "" if isinstance(error, PluginError) else self._short_form(kind, spec)
            hint = f"Did you mean '{short}'?" if short else error.hint
            self.report(spec.location, error.message, hint)
            if isinstance(error, PluginError):
                self.import_failures.append(self.problems[-1])
            return None
        base = KIND_CLASSES[kind]
        if not issubclass(component, base):
            self.report(
                spec.location,
                f"'{spec.use}' is offered as a {kind}, but {component.__qualname__} is not one.",
                f"Report it to its author: a {kind} derives from dcmconv.plugin.{base.__name__}.",
            )
            return None
        return component


@record
class _Planner:
    """Puts the plan of a whole chain together."""

    maker: _Maker
    spec: ChainSpec

    def plan(self) -> Plan:
        spec = self.spec
        executor = self.maker.make("executor", spec.executor) if spec.executor else None
        if executor is not None:
            self.maker.problems += ignored_settings(executor, spec.run)
        readers = self._readers()
        return Plan(
            readers=readers,
            sources=self._installed("source"),
            lanes=self._lanes(None),
            rules=tuple(self._rule(rule) for rule in spec.rules or ()),
            frames=spec.frames or (),
            tags=columns_of(spec.tags or (), self.maker.registry),
            run=self._run(),
            decoders=self._decoders(readers),
            executor=executor.ref if executor else None,
        )

    def _readers(self) -> tuple[ComponentRef, ...]:
        """Return every reader in its usual order, with the options that the chain gives it."""
        named: dict[tuple[str, str], ComponentRef] = {}
        for spec in self.spec.read or ():
            made = self.maker.make("reader", spec)
            if made is not None and _identity(made.ref) in named:
                message = f"The reader '{spec.use}' is named twice."
                self.maker.report(spec.location, message, "Give all its options in one entry.")
            elif made is not None:
                named[_identity(made.ref)] = made.ref
        return tuple(named.get(_identity(each), each) for each in self._installed("reader"))

    def _decoders(
        self, references: tuple[ComponentRef, ...]
    ) -> tuple[tuple[str, ComponentRef], ...]:
        """Return UID and decoder of each Transfer Syntax that the chain chooses a decoder for."""
        if not self.spec.decoders:
            return ()
        readers = [cast("Reader", reference.load()) for reference in references]
        names = {uid: name for each in readers for uid, name in each.transfer_syntaxes().items()}
        chosen: dict[str, Made] = {}
        for transfer_syntax, spec in self.spec.decoders.items():
            uid = find_uid(transfer_syntax, names)
            if uid is None:
                location = self.spec.decoder_locations.get(transfer_syntax, spec.location)
                problem = unknown_transfer_syntax(location, transfer_syntax, names)
                self.maker.problems.append(problem)
            made = self.maker.make("decoder", spec)
            if uid is not None and made is not None:
                self._check_chosen_once(uid, chosen, made)
                self.maker.problems += decoder_problems(uid, made, readers, names)
                chosen[uid] = made
        return tuple((uid, chosen[uid].ref) for uid in sorted(chosen))

    def _check_chosen_once(self, uid: str, chosen: Mapping[str, Made], made: Made) -> None:
        """Report a document that names one Transfer Syntax twice: by its UID and by its name.

        In another document, or a flag, the second choice replaces the first.
        """
        source = made.spec.location.source
        if uid in chosen and source and chosen[uid].spec.location.source == source:
            message = f"Two decoders are chosen for the Transfer Syntax {uid}."
            self.maker.report(made.spec.location, message, "Remove one of them.")

    def _installed(self, kind: str) -> tuple[ComponentRef, ...]:
        registry = self.maker.registry
        # By qualified name: two plugins may offer the same short one.
        return tuple(registry.ref(kind, offer.qualified_name) for offer in registry.offered(kind))

    def _run(self) -> RunSettings:
        settings = validated(RunSettings, self.spec.run)
        if isinstance(settings, list):
            self.maker.problems += settings
            return RunSettings()
        return cast("RunSettings", settings)

    def _rule(self, rule: RuleSpec) -> PlannedRule:
        lanes = () if rule.skip else self._lanes(rule)
        return PlannedRule(when=dict(rule.when), lanes=lanes, skip=rule.skip)

    def _lanes(self, rule: RuleSpec | None) -> tuple[Lane, ...]:
        of_rule = rule.outputs if rule else None
        outputs = self.spec.outputs if of_rule is None else of_rule
        if not outputs:
            location = rule.location if rule else NOWHERE
            self.maker.report(location, "The chain has no output.", "Name a writer: outputs: [png]")
            return ()
        ids = output_ids(outputs)
        self._check_ids(outputs, ids)
        lanes = (
            self._lane(output, lane_id, slots_of_output(self.spec, rule, output))
            for output, lane_id in zip(outputs, ids, strict=True)
        )
        return tuple(lane for lane in lanes if lane is not None)

    def _lane(self, output: OutputSpec, lane_id: str, slots: Slots) -> Lane | None:
        self._check_name(output)
        stages = self._stages(output, slots)
        if stages is None:
            return None
        self.maker.problems += stage_problems(stages, slots.aspect, self.maker.registry)
        return Lane(
            id=lane_id,
            normalizer=stages.normalizer.ref,
            steps=tuple(step.ref for step in stages.steps),
            colormap=stages.colormap.ref if stages.colormap else None,
            writer=stages.writer.ref,
            invert=bool(slots.invert),
            aspect=_aspect(slots.aspect, stages),
            name=output.name,
        )

    def _stages(self, output: OutputSpec, slots: Slots) -> Stages | None:
        """Make every component, even after one that fails, so that all problems are found."""
        normalizer = self.maker.make("normalizer", cast("ComponentSpec", slots.normalize))
        steps = [self.maker.make("step", step) for step in slots.steps or ()]
        writer = self.maker.make("writer", output.writer)
        has_colormap = slots.colormap is not None and not is_no_colormap(slots.colormap)
        colormap = self._colormap(cast("ComponentSpec", slots.colormap)) if has_colormap else None
        whole_steps = [step for step in steps if step is not None]
        is_whole = len(whole_steps) == len(steps) and (colormap is not None or not has_colormap)
        if normalizer is None or writer is None or not is_whole:
            return None
        return Stages(normalizer, whole_steps, colormap, writer)

    def _colormap(self, spec: ComponentSpec) -> Made | None:
        made = self.maker.make("colormap", spec)
        try:
            # The table is made here: if it comes from a file that has none, the run does not start.
            if made is not None:
                cast("Colormap", made.component).table()
        except DcmconvError as error:
            self.maker.report(spec.location, error.message, error.hint)
            return None
        return made

    def _check_ids(self, outputs: tuple[OutputSpec, ...], ids: list[str]) -> None:
        for output, lane_id in zip(outputs, ids, strict=True):
            location = output.writer.location
            if not _ID.fullmatch(lane_id):
                message = f"The id '{lane_id}' cannot be part of a file name."
                hint = "Use letters, digits, dots, dashes and underscores."
                self.maker.report(location, message, hint)
            elif ids.count(lane_id) > 1:
                message = f"Two outputs have the id '{lane_id}'."
                self.maker.report(location, message, "Give each output its own id.")

    def _check_name(self, output: OutputSpec) -> None:
        try:
            Template(output.name)
        except UsageError as error:
            self.maker.report(output.name_location, error.message, error.hint)
            return
        if _LEADS_OUT.search(output.name):
            message = f"'{output.name}' leads out of the output folder."
            hint = "Remove '..', and choose the folder with --out."
            self.maker.report(output.name_location, message, hint)
        elif output.name.endswith("/"):
            message = f"'{output.name}' names a folder; expected the name of a picture."
            self.maker.report(output.name_location, message, f"Write: {output.name}{{name}}")


def _aspect(wanted: str | None, stages: Stages) -> str:
    """Return ``square`` or ``keep``: values to compute with are never resampled."""
    if wanted in ("square", "keep"):
        return wanted
    domain = cast("Normalizer", stages.normalizer.component).domain()
    return "square" if domain == "display" else "keep"


def _identity(ref: ComponentRef) -> tuple[str, str]:
    # Two plugins may offer readers of one name.
    return ref.name, ref.target
