"""The static check: each stage takes what the one before it gives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast

from dcmconv.chain.errors import ChainProblem, Location
from dcmconv.chain.spec import ComponentSpec
from dcmconv.errors import DcmconvError
from dcmconv.model.components import Colormap, Normalizer, Source, Step, Writer
from dcmconv.model.components import Reader as ReaderKind
from dcmconv.model.options import Component
from dcmconv.plugins.references import ComponentRef
from dcmconv.plugins.registry import Registry

__all__ = ["KIND_CLASSES", "Made", "Stages", "stage_problems"]

KIND_CLASSES: dict[str, type[Component]] = {
    "reader": ReaderKind,
    "normalizer": Normalizer,
    "colormap": Colormap,
    "step": Step,
    "writer": Writer,
    "source": Source,
}
"""What a component of a kind has to be."""


@dataclass(frozen=True)
class Made:
    """A component that was made from its spec, and the reference that makes it again."""

    spec: ComponentSpec
    component: Component
    ref: ComponentRef


@dataclass(frozen=True)
class Stages:
    """The components of one lane."""

    normalizer: Made
    steps: Sequence[Made]
    colormap: Made | None
    writer: Made


def stage_problems(stages: Stages, registry: Registry) -> Iterator[ChainProblem]:
    """Yield a problem for each stage that cannot take the values it would be given."""
    name = stages.normalizer.spec.use
    domain = cast("Normalizer", stages.normalizer.component).domain()
    gives = f"'{name}' gives {domain} values"
    for made in stages.steps:
        accepts = cast("Step", made.component).accepts
        if domain not in accepts:
            yield ChainProblem(
                _location(made, stages.normalizer),
                f"'{made.spec.use}' takes {_listed(accepts)} values; {gives}.",
                "Leave the step out there, or use another normalizer.",
            )
    if stages.colormap is not None and domain != "display":
        yield ChainProblem(
            _location(stages.colormap, stages.normalizer),
            f"The colormap '{stages.colormap.spec.use}' takes display values; {gives}.",
            "Give that output 'colormap: none', or use another normalizer.",
        )
    writer = cast("Writer", stages.writer.component)
    if stages.colormap is not None and not (writer.takes_color or _is_gray(stages.colormap)):
        yield ChainProblem(
            _location(stages.colormap, stages.writer),
            f"The colormap '{stages.colormap.spec.use}' gives colours; "
            f"{stages.writer.spec.use} files have none.",
            "Give that output 'colormap: none', or write png.",
        )
    accepts = writer.accepts
    # What is a label shows only when a file is opened; labels pass every normalizer by.
    if domain not in accepts and accepts != {"label"}:
        yield ChainProblem(
            _location(stages.writer, stages.normalizer),
            f"{stages.writer.spec.use} takes {_listed(accepts)} values; {gives}.",
            _writers_for(domain, registry),
        )


def _is_gray(colormap: Made) -> bool:
    """Say whether a colormap has no colours, like ``gray``."""
    table = cast("Colormap", colormap.component).table()
    return bool((table == table[:, :1]).all())


def _location(made: Made, normalizer: Made) -> Location:
    """Return where to look: the stage itself, or the normalizer where a default chose the stage."""
    return (
        made.spec.location
        if made.spec.location.line or made.spec.location.is_flag
        else normalizer.spec.location
    )


def _listed(accepts: frozenset[str]) -> str:
    return " or ".join(sorted(accepts))


def _writers_for(domain: str, registry: Registry) -> str:
    fit: list[str] = []
    for name in registry.names("writer"):
        try:
            writer = cast("type[Writer]", registry.load("writer", name))
        except DcmconvError:
            continue  # A writer that cannot be loaded is no advice.
        if domain in writer.accepts:
            fit.append(name)
    if not fit:
        return "Use another normalizer; no writer that is installed takes them."
    return f"Write {' or '.join(fit)} instead, or use another normalizer."
