"""From flags to a chain: the same model as a chain file, laid over it."""

from __future__ import annotations

import os
from dataclasses import fields
from pathlib import Path

from dcmconv.chain.complaints import Place
from dcmconv.chain.frames import parse_frames
from dcmconv.chain.inline import output_of, parse_inline
from dcmconv.chain.loader import load_chain
from dcmconv.chain.merge import merge
from dcmconv.chain.overrides import assemble, with_name
from dcmconv.chain.setting_text import environment_settings, parse_setting
from dcmconv.chain.settings import RunSettings
from dcmconv.chain.spec import ChainSpec, ComponentSpec, OutputSpec, Written
from dcmconv.cli.run_flags import RunFlags
from dcmconv.registry import Registry

__all__ = ["USUAL_TAGS", "chain_of"]

USUAL_TAGS = (
    "PatientID",
    "PatientName",
    "PatientBirthDate",
    "PatientAge",
    "PatientSex",
    "StudyID",
    "StudyDate",
    "StudyTime",
    "InstitutionName",
    "Manufacturer",
    "StudyDescription",
)
"""The columns of ``--tags`` where neither ``--tag`` nor the chain names any."""


def chain_of(flags: RunFlags, registry: Registry) -> ChainSpec:
    """Return the chain that the flags ask for; not yet checked against what is installed.

    What goes first: the chain file, then ``DCMCONV_SET``, then ``--set``, then every other flag.

    Raises
    ------
    ChainError
        If a file or a flag has no meaning.
    """
    chain = load_chain(flags.chain, registry) if flags.chain else ChainSpec()
    named = _writer_named_by(flags.out, registry)
    if named:
        chain = merge(ChainSpec(outputs=(_output(named),)), chain)
    if flags.tag_table:
        chain = merge(ChainSpec(tags=USUAL_TAGS), chain)
    chain = assemble(
        chain,
        _said(flags),
        settings=[
            *environment_settings(os.environ),
            *(parse_setting(text) for text in flags.settings),
            *flags.options,
        ],
        readers=registry.names("reader"),
    )
    return with_name(chain, flags.name) if flags.name else chain


def _writer_named_by(out: str, registry: Registry) -> str:
    """Return the writer that ``-o picture.jpg`` asks for without saying so; nothing for a folder."""
    suffix = Path(out).suffix.lower().removeprefix(".")
    return suffix if suffix in registry.names("writer") and not Path(out).is_dir() else ""


def _said(flags: RunFlags) -> ChainSpec:
    return ChainSpec(
        read=tuple(parse_inline(reader, "--read") for reader in flags.read) or None,
        normalize=parse_inline(flags.normalize, "--normalize") if flags.normalize else None,
        colormap=parse_inline(flags.colormap, "--colormap") if flags.colormap else None,
        invert=flags.invert,
        steps=tuple(parse_inline(step, "--step") for step in flags.step) or None,
        outputs=tuple(_output(writer) for writer in flags.writer) or None,
        frames=parse_frames(flags.frames) if flags.frames else None,
        tags=tuple(flags.tag) or None,
        tag_places={tag: Place(f"--tag {tag}", is_flag=True) for tag in flags.tag},
        run=_run_settings(flags),
    )


def _output(text: str) -> OutputSpec:
    return output_of(parse_inline(text, "--writer"))


def _run_settings(flags: RunFlags) -> ComponentSpec:
    names = [item.name for item in fields(RunSettings)]
    given = {name: getattr(flags, name) for name in names if getattr(flags, name) is not None}
    written = {}
    for name, text in given.items():
        value = "" if text is True else f" {text}"
        place = Place(f"--{name.replace('_', '-')}{value}", is_flag=True)
        written[name] = Written(place, place)
    return ComponentSpec("run", given, written=written)
