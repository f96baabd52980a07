"""From a spec to a plan: names resolved, options checked, stages fitted together.

Everything that is wrong is found in one pass and raised as one ``ChainError``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

from dcmconv.chain.checks import KIND_CLASSES, Made, Stages, attribute_problems, stage_problems
from dcmconv.chain.errors import NOWHERE, ChainProblem, Location, chain_error
from dcmconv.chain.layering import inherited, merge
from dcmconv.chain.plan import ComponentRef, Lane, Plan, PlannedRule
from dcmconv.chain.settings import RunSettings
from dcmconv.chain.spec import (
    DEFAULT_CHAIN,
    NO_COLORMAP,
    ChainSpec,
    ComponentSpec,
    OutputSpec,
    RuleSpec,
    Slots,
    components_of,
    output_ids,
)
from dcmconv.chain.validate import validated
from dcmconv.chain.values import as_component
from dcmconv.errors import DcmconvError, PluginError, UsageError
from dcmconv.model.components import Colormap
from dcmconv.model.executor import Executor
from dcmconv.model.options import Component
from dcmconv.model.template import Template
from dcmconv.plugins.registry import Registry

__all__ = ["compile_chain", "make_component", "merge"]

_ID = re.compile(r"[A-Za-z0-9][\w.-]*")


def compile_chain(spec: ChainSpec, registry: Registry) -> Plan:
    """Check a chain against what is installed and return the plan.

    Parameters
    ----------
    spec : ChainSpec
        What it leaves unsaid is ``DEFAULT_CHAIN``.
    registry : Registry
        Where names are looked up.

    Raises
    ------
    ChainError
        With every unknown name, unknown option, wrong value and stage that does not fit.
    PluginError
        If nothing is wrong but that components cannot be imported.
    """
    work = _Compilation(registry, list(spec.problems))
    whole = merge(DEFAULT_CHAIN, spec)
    plan = work.plan(whole)
    for below in spec.extended:
        work.check_extended(below)
        work.problems += attribute_problems(below, registry)
    work.problems += attribute_problems(whole, registry, work.made)
    work.raise_problems()
    return plan


def make_component(
    kind: str, value: str | Mapping[str, Any] | ComponentSpec, registry: Registry
) -> Component:
    """Make one component from its short form or ``{"use": ...}``.

    Raises
    ------
    ChainError
        If nothing has that name, or an option is wrong.
    """
    work = _Compilation(registry)
    made = work.make(kind, as_component(value))
    work.raise_problems()
    return cast("Made", made).component


@dataclass
class _Compilation:
    registry: Registry
    problems: list[ChainProblem] = field(default_factory=list)
    broken: list[ChainProblem] = field(default_factory=list)
    """Those that no other chain cures: a component whose import fails."""
    _made: dict[tuple[str, int], Made | None] = field(default_factory=dict)

    @property
    def made(self) -> list[Made]:
        """Every component that could be made."""
        return [made for made in self._made.values() if made is not None]

    def raise_problems(self) -> None:
        """Raise what was found: the chain's fault, unless only the installation is to blame."""
        if not self.problems:
            return
        error = chain_error(self.problems)
        if self.problems == self.broken:
            raise PluginError(error.message, error.hint)
        raise error

    def plan(self, spec: ChainSpec) -> Plan:
        rules = tuple(self._rule(rule, spec) for rule in spec.rules or ())
        lanes = self._lanes(spec, None)
        return Plan(
            readers=self._readers(spec.read or ()),
            sources=self._all("source"),
            lanes=lanes,
            rules=rules,
            frames=spec.frames or (),
            tags=spec.tags or (),
            run=self._run(spec),
            executor=self._executor(spec),
        )

    def make(self, kind: str, spec: ComponentSpec) -> Made | None:
        """Make a component; None after a problem.  Shared specs are made once."""
        key = kind, id(spec)
        if key not in self._made:
            self._made[key] = self._newly_made(kind, spec)
        return self._made[key]

    def check_extended(self, spec: ChainSpec) -> None:
        """Check what a chain names of which parts may be replaced; it need not be whole."""
        for kind, component in components_of(spec):
            found = self._class_of(kind, component)
            checked = validated(found, component, is_whole=False) if found else []
            self.problems += checked if isinstance(checked, list) else []
        settings = validated(RunSettings, spec.run, is_whole=False)
        self.problems += settings if isinstance(settings, list) else []

    def _newly_made(self, kind: str, spec: ComponentSpec) -> Made | None:
        component = self._class_of(kind, spec)
        found = validated(component, spec) if component else []
        if isinstance(found, list):
            self.problems += found
            return None
        # Read back from the component: numbers and tuples now, whatever the text was.
        options = {name: getattr(found, name) for name in spec.options}
        ref = self.registry.ref(kind, spec.use, options)
        try:
            # A file that an option names shows now that it is missing, not at every input.
            return Made(spec, found, replace(ref, fingerprint=found.fingerprint()))
        except DcmconvError as error:
            self._report(spec.location, error.message, error.hint)
            return None

    def _class_of(self, kind: str, spec: ComponentSpec) -> type[Component] | None:
        try:
            component = self.registry.load(kind, spec.use)
        except DcmconvError as error:
            self._report(spec.location, error.message, error.hint)
            if isinstance(error, PluginError):
                self.broken.append(self.problems[-1])
            return None
        needed = Executor if kind == "executor" else KIND_CLASSES[kind]
        if not issubclass(component, needed):
            self._report(
                spec.location,
                f"'{spec.use}' is offered as a {kind} and is none: {component.__qualname__}.",
                f"Tell its author: a {kind} derives from dcmconv.plugin.{needed.__name__}.",
            )
            return None
        return component

    def _rule(self, rule: RuleSpec, spec: ChainSpec) -> PlannedRule:
        lanes = () if rule.skip else self._lanes(spec, rule)
        return PlannedRule(when=dict(rule.when), lanes=lanes, skip=rule.skip)

    def _lanes(self, spec: ChainSpec, rule: RuleSpec | None) -> tuple[Lane, ...]:
        outputs = spec.outputs if rule is None or rule.outputs is None else rule.outputs
        if not outputs:
            location = rule.location if rule else NOWHERE
            self._report(location, "There is no output.", "Name a writer: outputs: [png]")
            return ()
        ids = output_ids(outputs)
        self._check_ids(outputs, ids)
        lanes = (
            self._lane(output, lane_id, inherited(spec, rule, output))
            for output, lane_id in zip(outputs, ids, strict=True)
        )
        return tuple(lane for lane in lanes if lane is not None)

    def _lane(self, output: OutputSpec, lane_id: str, slots: Slots) -> Lane | None:
        self._check_name(output)
        stages = self._stages(output, slots)
        if stages is None:
            return None
        self.problems += stage_problems(stages, self.registry)
        return Lane(
            id=lane_id,
            normalizer=stages.normalizer.ref,
            steps=tuple(step.ref for step in stages.steps),
            colormap=stages.colormap.ref if stages.colormap else None,
            writer=stages.writer.ref,
            invert=bool(slots.invert),
            aspect=slots.aspect or "square",
            name=output.name,
        )

    def _stages(self, output: OutputSpec, slots: Slots) -> Stages | None:
        """Make every component, also after one that cannot be made: all problems in one pass."""
        normalizer = self.make("normalizer", cast("ComponentSpec", slots.normalize))
        steps = [self.make("step", step) for step in slots.steps or ()]
        writer = self.make("writer", output.writer)
        asked = slots.colormap
        colormap = None
        if asked is not None and asked.use != NO_COLORMAP.use:
            colormap = self._colormap(asked)
            if colormap is None:
                return None
        whole = [step for step in steps if step is not None]
        if normalizer is None or writer is None or len(whole) < len(steps):
            return None
        return Stages(normalizer, whole, colormap, writer)

    def _colormap(self, spec: ComponentSpec) -> Made | None:
        made = self.make("colormap", spec)
        if made is None:
            return None
        try:
            # So does a file that holds no table.
            cast("Colormap", made.component).table()
        except DcmconvError as error:
            self._report(spec.location, error.message, error.hint)
            return None
        return made

    def _run(self, spec: ChainSpec) -> RunSettings:
        settings = validated(RunSettings, spec.run)
        if isinstance(settings, list):
            self.problems += settings
            return RunSettings()
        return cast("RunSettings", settings)

    def _executor(self, spec: ChainSpec) -> ComponentRef | None:
        executor = self.make("executor", spec.executor) if spec.executor else None
        return executor.ref if executor else None

    def _readers(self, specs: tuple[ComponentSpec, ...]) -> tuple[ComponentRef, ...]:
        """Return every reader in its usual order, those in ``specs`` with their options."""
        named: dict[tuple[str, str], ComponentRef] = {}
        for spec in specs:
            made = self.make("reader", spec)
            if made is not None and _identity(made.ref) in named:
                message = f"The reader '{spec.use}' is named twice."
                self._report(spec.location, message, "Give all its options in one entry.")
            elif made is not None:
                named[_identity(made.ref)] = made.ref
        return tuple(named.get(_identity(each), each) for each in self._all("reader"))

    def _all(self, kind: str) -> tuple[ComponentRef, ...]:
        offers = self.registry.offered(kind)
        return tuple(self.registry.ref(kind, offer.qualified_name) for offer in offers)

    def _check_ids(self, outputs: tuple[OutputSpec, ...], ids: list[str]) -> None:
        for output, lane_id in zip(outputs, ids, strict=True):
            location = output.writer.location
            if not _ID.fullmatch(lane_id):
                self._report(
                    location,
                    f"The id '{lane_id}' cannot stand in a file name.",
                    "Use letters, digits, dots and dashes.",
                )
            elif ids.count(lane_id) > 1:
                self._report(
                    location, f"Two outputs have the id '{lane_id}'.", "Give each its own."
                )

    def _check_name(self, output: OutputSpec) -> None:
        try:
            Template(output.name)
        except UsageError as error:
            self._report(output.name_location, error.message, error.hint)

    def _report(self, location: Location, message: str, hint: str) -> None:
        self.problems.append(ChainProblem(location, message, hint))


def _identity(ref: ComponentRef) -> tuple[str, str]:
    return ref.name, ref.target
