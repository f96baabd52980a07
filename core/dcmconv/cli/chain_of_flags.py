"""From flags to a chain: the same model as a chain file, laid over it."""

from __future__ import annotations

import os
from dataclasses import fields
from pathlib import Path

from dcmconv.chain.errors import Location
from dcmconv.chain.layering import merge
from dcmconv.chain.loader import load_chain
from dcmconv.chain.overrides import assemble, environment_overrides, parse_override, with_name
from dcmconv.chain.settings import RunSettings
from dcmconv.chain.spec import ChainSpec, ComponentSpec, OutputSpec, Written
from dcmconv.chain.suffixes import writer_of
from dcmconv.chain.values import output_of, parse_frames, parse_inline
from dcmconv.cli.run_flags import RunFlags
from dcmconv.errors import UsageError
from dcmconv.model.template import plain_tag
from dcmconv.plugins.registry import Registry
from dcmconv.run.output.out_path import PICTURE_SUFFIXES

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
    UsageError
        If ``--tag`` has no table, or ``--out`` names a picture that no writer makes.
    """
    if flags.tag and not flags.tag_table:
        raise UsageError(
            "--tag names a column of the table, and no table is asked for.",
            hint="Say where it goes: --tags tags.csv",
        )
    chain = load_chain(flags.chain, registry) if flags.chain else ChainSpec()
    named = _writer_named_by(flags, registry)
    if named:
        chain = merge(ChainSpec(outputs=(_output(named),)), chain)
    if flags.tag_table:
        chain = merge(ChainSpec(tags=USUAL_TAGS), chain)
    chain = assemble(
        chain,
        _said(flags),
        settings=[
            *environment_overrides(os.environ),
            *(parse_override(text) for text in flags.settings),
            *flags.options,
        ],
        readers=registry.names("reader"),
    )
    return with_name(chain, flags.name) if flags.name else chain


def _writer_named_by(flags: RunFlags, registry: Registry) -> str:
    """Return the writer that ``-o picture.jpg`` asks for unsaid; nothing for a folder."""
    out, writers = Path(flags.out), registry.names("writer")
    if out.is_dir():
        return ""
    found = writer_of(out, writers)
    if not found and out.suffix.lower() in PICTURE_SUFFIXES and not (flags.writer or flags.chain):
        raise UsageError(
            f"{out} ends in {out.suffix}, and no writer of that name is installed.",
            hint=f"Installed: {', '.join(writers)}. For example: -o {out.with_suffix('.png')}",
        )
    return found


def _said(flags: RunFlags) -> ChainSpec:
    return ChainSpec(
        read=tuple(parse_inline(reader, "--read") for reader in flags.read) or None,
        normalize=parse_inline(flags.normalize, "--normalize") if flags.normalize else None,
        colormap=parse_inline(flags.colormap, "--colormap") if flags.colormap else None,
        invert=flags.invert,
        steps=tuple(parse_inline(step, "--step") for step in flags.step) or None,
        outputs=tuple(_output(writer) for writer in flags.writer) or None,
        frames=parse_frames(flags.frames) if flags.frames else None,
        tags=tuple(map(plain_tag, flags.tag)) or None,
        tag_locations={plain_tag(tag): Location(f"--tag {tag}", is_flag=True) for tag in flags.tag},
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
        location = Location(f"--{name.replace('_', '-')}{value}", is_flag=True)
        written[name] = Written(location, location)
    return ComponentSpec("run", given, written=written)
