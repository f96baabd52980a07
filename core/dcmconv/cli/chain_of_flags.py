"""From flags to a chain: the same model as a chain file, applied on top of it."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from dcmconv.chain.checks import DEFAULT_COLUMNS
from dcmconv.chain.errors import Location
from dcmconv.chain.layers.explicit import FlagForm, assemble, with_name
from dcmconv.chain.layers.layering import environment_overrides, merge, parse_override
from dcmconv.chain.loader import load_chain
from dcmconv.chain.spec import (
    ChainSpec,
    ComponentSpec,
    Extent,
    OutputSpec,
    Written,
    split_extent,
)
from dcmconv.chain.validate import with_options_named
from dcmconv.chain.values import (
    as_output,
    check_aspect,
    parse_component,
    parse_decoder,
    parse_frames,
    parse_inline,
)
from dcmconv.cli.run_flags import RunArguments, run_flags
from dcmconv.errors import UsageError
from dcmconv.model.template import plain_tag
from dcmconv.plugins.registry import Registry
from dcmconv.run.output.out_path import (
    check_out,
    ends_like_a_folder,
    find_writer,
    names_a_file,
    no_writer_error,
)

if TYPE_CHECKING:
    from dcmconv.chain.plan import Plan
    from dcmconv.model.components import Normalizer

__all__ = ["chain_of", "check_effects"]

_OF_A_FOLDER = ("on_collision", "on_existing", "retry_failed", "verify", "durable")
"""Run settings that are about the pictures and the journal of an output folder."""


def chain_of(
    arguments: RunArguments, registry: Registry, *, base: ChainSpec | None = None
) -> ChainSpec:
    """Return the chain that the flags ask for; not yet checked against what is installed.

    ``base`` is the chain that ``--chain`` names, if it has been read already.

    Later ones take precedence: chain file, ``DCMCONV_SET``, ``--set``, every other flag.

    Raises
    ------
    ChainError
        If a chain file or a flag is invalid.
    UsageError
        If there is ``--tag`` without ``--tags``, or ``--out`` has the suffix of an unknown format.
    """
    if arguments.tag and not arguments.tag_table:
        raise UsageError(
            "--tag adds a column to the table of tags, but --tags is missing.",
            hint="Name the file of the table: --tags tags.csv",
        )
    chain = base or (load_chain(arguments.chain, registry) if arguments.chain else ChainSpec())
    named = _writer_of_out(arguments, registry)
    if named:
        chain = merge(ChainSpec(outputs=(_output(named),)), chain)
    if arguments.tag_table and not chain.tags and not arguments.tag:
        chain = replace(chain, tags=(DEFAULT_COLUMNS,))
    explicit = with_options_named(_explicit(arguments), registry)
    chain = assemble(
        chain,
        explicit,
        form=FlagForm(
            _extent(arguments),
            _normalizers(arguments, registry),
            _spelled(arguments),
            _flags_of_components(registry),
        ),
        overrides=[
            *environment_overrides(os.environ),
            *(parse_override(text) for text in arguments.settings),
            *arguments.overrides,
        ],
        readers=registry.names("reader"),
    )
    return with_name(chain, arguments.name) if arguments.name else chain


def _flags_of_components(registry: Registry) -> dict[str, str]:
    """Return how to add each component that is installed to a chain, by its name."""
    flags = [(each.words[0], each.names_kind) for each in run_flags() if each.names_kind]
    return {name: f"{flag} {name}" for flag, kind in flags for name in registry.names(kind)}


def _writer_of_out(arguments: RunArguments, registry: Registry) -> str:
    """Return the writer that ``-o picture.jpg`` implies; empty for a folder."""
    if arguments.is_to_stdout:
        return ""
    check_out(arguments.out)
    out = Path(arguments.out)
    if arguments.writer or ends_like_a_folder(arguments.out) or out.is_dir():
        return ""
    found = find_writer(out, registry)
    # The writers of a chain are checked later, in names_a_file.
    error = None if found or arguments.chain else no_writer_error(out, registry)
    if error is not None:
        raise error
    return found


def _explicit(arguments: RunArguments) -> ChainSpec:
    decoders = _decoders(arguments)
    return ChainSpec(
        decoders=dict(decoders) or None,
        decoder_locations={name: decoder.location for name, decoder in decoders},
        read=tuple(parse_inline(reader, "--read") for reader in arguments.read) or None,
        # Several of them make several outputs: see _normalizers.
        normalize=(
            parse_inline(arguments.normalize[0], "--normalize")
            if len(arguments.normalize) == 1
            else None
        ),
        colormap=parse_inline(arguments.colormap, "--colormap") if arguments.colormap else None,
        invert=arguments.invert,
        aspect=(
            check_aspect(arguments.aspect, Location(f"--aspect {arguments.aspect}", is_flag=True))
            if arguments.aspect
            else None
        ),
        steps=tuple(parse_inline(step, "--step") for step in arguments.step) or None,
        outputs=tuple(map(_output, arguments.writer)) or None,
        executor=parse_inline(arguments.executor, "--executor") if arguments.executor else None,
        frames=parse_frames(arguments.frames) if arguments.frames else None,
        tags=tuple(map(plain_tag, arguments.tag)) or None,
        tag_locations={
            plain_tag(tag): Location(f"--tag {tag}", is_flag=True) for tag in arguments.tag
        },
        run=_run_settings(arguments),
    )


def check_effects(arguments: RunArguments, plan: Plan) -> None:
    """Raise ``UsageError`` for a flag that cannot have an effect on any picture of the plan."""
    if arguments.is_to_stdout:
        _check_effects_on_stdout(arguments)
    is_folder = ends_like_a_folder(arguments.out)
    if arguments.name and not is_folder and names_a_file(Path(arguments.out), plan):
        raise UsageError(
            f"--name has no effect: --out {arguments.out} names the only picture.",
            hint="Remove --name, or name a folder: -o pictures/",
        )
    lanes = plan.all_lanes if arguments.invert else ()
    domains = {cast("Normalizer", lane.normalizer.load()).domain() for lane in lanes}
    if domains and "display" not in domains:
        raise UsageError(
            f"--invert has no effect: the pictures have {' and '.join(sorted(domains))} values, "
            "which keep their numbers.",
            hint="Remove --invert, or choose a normalizer for display values, such as -n minmax.",
        )


def _check_effects_on_stdout(arguments: RunArguments) -> None:
    given = [name for name in _OF_A_FOLDER if arguments.run_settings.get(name)]
    flags = ["--name"] * bool(arguments.name) + ["--yes"] * arguments.yes
    for flag in [*flags, *(f"--{name.replace('_', '-')}" for name in given)]:
        raise UsageError(
            f"{flag} has no effect: -o - writes the only picture to standard output.",
            hint=f"Remove {flag}, or name a folder: -o pictures/",
        )


def _decoders(arguments: RunArguments) -> list[tuple[str, ComponentSpec]]:
    decoders = [parse_decoder(decoder, "--decoder") for decoder in arguments.decoder]
    names = [name for name, _ in decoders]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(
                f"--decoder is given {names.count(name)} times for {name}.",
                hint="Remove all but one.",
            )
    return decoders


def _normalizers(arguments: RunArguments, registry: Registry) -> tuple[ComponentSpec, ...]:
    """Return the normalizers if several are given."""
    if len(arguments.normalize) < 2:
        return ()
    specs = [parse_inline(text, "--normalize") for text in arguments.normalize]
    # The options name the outputs, so they need their own names first.
    chains = (with_options_named(ChainSpec(normalize=spec), registry) for spec in specs)
    return tuple(chain.normalize for chain in chains if chain.normalize is not None)


def _extent(arguments: RunArguments) -> Extent:
    extents = {split_extent(writer)[0] for writer in arguments.writer}
    if len(extents) > 1:
        given = " and ".join(f"--writer {writer}" for writer in arguments.writer)
        raise UsageError(
            f"{given} cannot be combined.",
            hint="Write all: before the only writer, or only: before each of them.",
        )
    return next(iter(extents), "")


def _spelled(arguments: RunArguments) -> dict[str, str]:
    """Return how the flags without a location were typed."""
    return {
        "invert": "--invert" if arguments.invert else "--no-invert",
        "aspect": f"--aspect {arguments.aspect}",
    }


def _output(text: str) -> OutputSpec:
    # The location has the whole text, with all: or only:.
    location = Location(f"--writer {text}", is_flag=True)
    return as_output(parse_component(split_extent(text)[1], location))


def _run_settings(arguments: RunArguments) -> ComponentSpec:
    written = {}
    for name, text in arguments.run_settings.items():
        # A switch is typed without a value.
        value = "" if text is True else f" {text}"
        location = Location(f"--{name.replace('_', '-')}{value}", is_flag=True)
        written[name] = Written(location, location)
    return ComponentSpec("run", arguments.run_settings, written=written)
