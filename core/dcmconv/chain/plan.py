"""A plan: a chain with every name resolved and every option checked.

A plan is small, picklable and made of references, so that a worker imports only what it uses: no
registry, no pluggy, no pydantic, no YAML.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import field
from functools import cached_property
from typing import Any

from dcmconv.chain.conditions import accepted, accepts
from dcmconv.chain.settings import RunSettings
from dcmconv.model.records import record
from dcmconv.plugins.references import ComponentRef, load_target

__all__ = ["ComponentRef", "Lane", "Plan", "PlannedRule", "load_target"]


@record(frozen=True)
class Lane:
    """One output branch of a chain, from a Frame to the bytes of a file."""

    id: str
    normalizer: ComponentRef
    steps: tuple[ComponentRef, ...]
    colormap: ComponentRef | None
    writer: ComponentRef
    invert: bool = False
    aspect: str = "square"
    """``square`` resamples pixels that are not square; ``keep`` does not; never ``auto``."""
    name: str = ""
    """The name template; empty for the input's own name."""

    @property
    def components(self) -> tuple[ComponentRef, ...]:
        """The lane's components in the order in which a frame meets them."""
        colormap = () if self.colormap is None else (self.colormap,)
        return (self.normalizer, *self.steps, *colormap, self.writer)

    def as_data(self) -> dict[str, Any]:
        """Return the lane as plain data."""
        return {
            "id": self.id,
            "normalizer": self.normalizer.as_data(),
            "steps": [step.as_data() for step in self.steps],
            "colormap": self.colormap.as_data() if self.colormap else None,
            "writer": self.writer.as_data(),
            "invert": self.invert,
            "aspect": self.aspect,
            "name": self.name,
        }


@record(frozen=True)
class PlannedRule:
    """The lanes of the instances whose attributes match; with ``skip`` they are not converted.

    ``when`` maps a keyword to its conditions (``dcmconv.chain.conditions``); all keywords must
    match.  Without keywords the rule matches everything.
    """

    when: Mapping[str, tuple[Any, ...]]
    lanes: tuple[Lane, ...]
    skip: bool = False

    def matches(self, attributes: Mapping[str, Any]) -> bool:
        """Say whether the rule applies to an instance."""
        return all(accepts(attributes.get(word), values) for word, values in self.when.items())

    def matching(self, attributes: Mapping[str, Any]) -> Iterator[str]:
        """Yield each attribute with the conditions that an instance fulfills.

        They are quoted from the chain: the values of the instance may identify a patient.
        """
        for word, values in self.when.items():
            yield f"{word} {', '.join(map(str, accepted(attributes.get(word), values)))}"


@record(frozen=True)
class Plan:
    """Everything that determines how an input is converted."""

    readers: tuple[ComponentRef, ...]
    sources: tuple[ComponentRef, ...]
    lanes: tuple[Lane, ...]
    rules: tuple[PlannedRule, ...] = ()
    frames: tuple[tuple[int, int | None], ...] = ()
    """Ranges of frame numbers; empty for all frames.  See ``FrameRange`` in ``spec``."""
    tags: tuple[str, ...] = ()
    """Keywords, or ``GGGG,EEEE``, for the tag table."""
    run: RunSettings = field(default=RunSettings())
    decoders: tuple[tuple[str, ComponentRef], ...] = ()
    """Transfer Syntax UIDs with the decoders that the chain chooses for them, sorted by UID."""
    executor: ComponentRef | None = None
    """None: the engine chooses by the number and size of the inputs."""

    @property
    def all_lanes(self) -> tuple[Lane, ...]:
        """The plan's own lanes, then those of each rule; one id may occur more than once."""
        return (*self.lanes, *(lane for rule in self.rules for lane in rule.lanes))

    @property
    def components(self) -> tuple[ComponentRef, ...]:
        """Every component that the plan may use, readers first; one may occur more than once."""
        in_lanes = (component for lane in self.all_lanes for component in lane.components)
        chosen = (decoder for _, decoder in self.decoders)
        return (*self.readers, *self.sources, *chosen, *in_lanes)

    def rule_for(self, attributes: Mapping[str, Any]) -> PlannedRule:
        """Return the first rule that matches; a rule with the plan's own lanes if none does."""
        for rule in self.rules:
            if rule.matches(attributes):
                return rule
        return PlannedRule(when={}, lanes=self.lanes)

    @cached_property
    def digest(self) -> str:
        """A hash of everything that can change a picture or its name.

        Run settings cannot.  The policy decides which inputs become pictures, so each line of the
        journal has it next to the digest.
        """
        # default: JSON has no paths, which options may be.
        text = json.dumps(self.as_data(), sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def as_data(self) -> dict[str, Any]:
        """Return everything that can change a picture or its name, as plain data.

        The digest is computed from it: a key more would convert every input of older runs again.
        """
        decoders = {uid: decoder.as_data() for uid, decoder in self.decoders}
        return {
            "readers": [reader.as_data() for reader in self.readers],
            "lanes": [lane.as_data() for lane in self.lanes],
            "rules": [
                {
                    "when": dict(rule.when),
                    "skip": rule.skip,
                    "lanes": [x.as_data() for x in rule.lanes],
                }
                for rule in self.rules
            ],
            "frames": self.frames,
            # Only if there are any: journals of 0.1.0 have digests without this key.
            **({"decoders": decoders} if decoders else {}),
        }
