"""From flags to a chain: the same model as a chain file, laid over it."""

from __future__ import annotations

import os
import shlex
from dataclasses import replace

from dcmconv.chain.compile import merge
from dcmconv.chain.complaints import Place
from dcmconv.chain.frames import parse_frames
from dcmconv.chain.inline import output_of, parse_inline
from dcmconv.chain.loader import load_chain
from dcmconv.chain.overrides import apply_set
from dcmconv.chain.spec import ChainSpec, ComponentSpec, OutputSpec, Written
from dcmconv.cli.run_flags import RunFlags
from dcmconv.errors import UsageError
from dcmconv.registry import Registry

__all__ = ["chain_of"]

SETTINGS_VARIABLE = "DCMCONV_SET"


def chain_of(flags: RunFlags, registry: Registry) -> ChainSpec:
    """Return the chain that the flags ask for; not yet checked against what is installed.

    What goes first: the chain file, then ``DCMCONV_SET``, then ``--set``, then every other flag.

    Raises
    ------
    ChainError
        If a file or a flag has no meaning.
    """
    chain = load_chain(flags.chain, registry) if flags.chain else ChainSpec()
    chain = merge(chain, _components(flags))
    chain = _with_names(chain, flags.name)
    for setting in _settings_of_environment():
        chain = apply_set(chain, setting, registry, flag=SETTINGS_VARIABLE)
    for setting in flags.settings:
        chain = apply_set(chain, setting, registry)
    for path, value in flags.options.items():
        chain = apply_set(chain, f"{path}={value}", registry, flag=f"--{path} {value}")
    return merge(chain, _run_settings(flags))


def _components(flags: RunFlags) -> ChainSpec:
    return ChainSpec(
        normalize=parse_inline(flags.normalize, "--normalize") if flags.normalize else None,
        colormap=parse_inline(flags.colormap, "--colormap") if flags.colormap else None,
        invert=flags.invert,
        steps=tuple(parse_inline(step, "--step") for step in flags.step) or None,
        outputs=tuple(_output(writer) for writer in flags.writer) or None,
        frames=parse_frames(flags.frames) if flags.frames else None,
        tags=tuple(flags.tag) or None,
    )


def _output(text: str) -> OutputSpec:
    return output_of(parse_inline(text, "--writer"))


def _with_names(chain: ChainSpec, name: str | None) -> ChainSpec:
    """Give every output the template of ``--name``; the default writer is spelled out for it."""
    if name is None:
        return chain
    place = Place(f"--name {name}", is_flag=True)
    outputs = chain.outputs or (OutputSpec(writer=ComponentSpec("png")),)
    named = tuple(replace(output, name=name, name_place=place) for output in outputs)
    return replace(chain, outputs=named)


def _run_settings(flags: RunFlags) -> ChainSpec:
    given = {
        name: text
        for name in ("workers", "timeout", "on_error", "on_collision", "on_existing")
        if (text := getattr(flags, name)) is not None
    }
    places = {
        name: Place(f"--{name.replace('_', '-')} {text}", is_flag=True)
        for name, text in given.items()
    }
    written = {name: Written(place, place) for name, place in places.items()}
    return ChainSpec(run=ComponentSpec("run", given, written=written))


def _settings_of_environment() -> list[str]:
    try:
        return shlex.split(os.environ.get(SETTINGS_VARIABLE, ""))
    except ValueError as error:
        raise UsageError(
            f"{SETTINGS_VARIABLE} cannot be read: {error}.",
            hint=f"Write it as the shell would: {SETTINGS_VARIABLE}='jpg.quality=95 run.workers=2'",
        ) from None
