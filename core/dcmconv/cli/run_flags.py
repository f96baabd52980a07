"""The flags of ``dcmconv run``, each declared once, and their values.

A flag is a field of ``RunArguments``.  The run settings add theirs: see
``dcmconv.chain.settings.RunSettings``.
"""

from __future__ import annotations

import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, fields, replace
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any

from dcmconv.chain.spec import ASPECTS
from dcmconv.cli.completion import (
    chain_names,
    component_of,
    decoder_of_syntax,
    overrides,
    plugin_names,
    tag_names,
)
from dcmconv.cli.flags import Flag
from dcmconv.errors import UsageError
from dcmconv.model.records import record

if TYPE_CHECKING:
    from dcmconv.chain.layers.layering import Override
    from dcmconv.run.input_list import InputList

__all__ = ["CHAIN_OF_FOLDER", "DEFAULT_OUT", "HELP", "RunArguments", "run_flags"]

DEFAULT_OUT = "dcmconv-out"
CHAIN_OF_FOLDER = "./dcmconv.yaml, or [tool.dcmconv] in ./pyproject.toml"

HELP = (
    "Convert DICOM files and folders to pictures.\n\n"
    "Without INPUT, the current folder is converted. Without --out, pictures are written to "
    "./dcmconv-out, in the same folder structure as the inputs. Files of "
    "others are never overwritten, pictures of another chain only after a question or with --yes, "
    "and running the same command again resumes a run that was stopped.\n\n"
    'Components take options after their name, as in "-n window:center=40,width=400", or as '
    'separate flags, as in "-n window --window.center 40". To list the options of a component, '
    "name it and add --help: dcmconv run -n window --help. Readers have options too, and some "
    "flags of their own: dcmconv run -r dicom --help"
)

PICTURES, FILES, RUN, MESSAGES = "Pictures", "Files", "Run", "Messages"

_TYPES = {Sequence[str]: list[str], str: str, str | None: str, bool: bool, bool | None: bool}


def _flag(*words: str, **shown: Any) -> Flag:
    """Declare a flag; its name and type are those of the field."""
    if "names_kind" in shown:
        shown["complete"] = component_of(shown["names_kind"])
    return Flag("", str, words, **shown)


def _aspects(incomplete: str) -> list[tuple[str, str]]:
    return [(word, "") for word in ASPECTS if word.startswith(incomplete)]


@record(frozen=True, kw_only=True)
class RunArguments:
    """What the user typed after ``dcmconv run``; None and empty mean that a flag is not given."""

    inputs: Annotated[
        Sequence[str],
        _flag(
            help="Files, folders, and quoted patterns such as 'scans/**/*.dcm'; - is one DICOM "
            "object from standard input. DICOM files are detected by content, not by name.",
            metavar="INPUT",
            default="the current folder",
        ),
    ] = ()
    read: Annotated[
        Sequence[str],
        _flag(
            "-r",
            "--read",
            help="Set options of a reader, such as dicom. Which reader reads an input depends on "
            "its content.",
            metavar="NAME[:OPTIONS]",
            panel=PICTURES,
            names_kind="reader",
        ),
    ] = ()
    decoder: Annotated[
        Sequence[str],
        _flag(
            "--decoder",
            help="Use another decoder for a Transfer Syntax, given by its UID or name. Repeat for "
            "more.",
            metavar="UID=NAME[:OPTIONS]",
            panel=PICTURES,
            complete=decoder_of_syntax,
        ),
    ] = ()
    normalize: Annotated[
        Sequence[str],
        _flag(
            "-n",
            "--normalize",
            help="How to turn stored values into display values, such as minmax, window:lung, "
            "percentile:1,99 or none. Repeat to make a picture with each.",
            metavar="NAME[:OPTIONS]",
            panel=PICTURES,
            default="auto",
            names_kind="normalizer",
        ),
    ] = ()
    colormap: Annotated[
        str | None,
        _flag(
            "-c",
            "--colormap",
            help="Colors for grayscale pictures, such as bone, hot, jet, viridis or pet.",
            metavar="NAME[:OPTIONS]",
            panel=PICTURES,
            names_kind="colormap",
        ),
    ] = None
    step: Annotated[
        Sequence[str],
        _flag(
            "-s",
            "--step",
            help="Apply a step after the normalizer, such as resize, crop or title. Repeat for "
            "more; they are applied in order.",
            metavar="NAME[:OPTIONS]",
            panel=PICTURES,
            names_kind="step",
        ),
    ] = ()
    writer: Annotated[
        Sequence[str],
        _flag(
            "-w",
            "--writer",
            help="Output format, such as jpg or png:16. Repeat to write several files per frame. "
            "With a chain of several outputs, all:jpg writes each of them as jpg, and only:jpg "
            "writes one jpg instead of them.",
            metavar="NAME[:OPTIONS]",
            panel=PICTURES,
            default="png",
            names_kind="writer",
        ),
    ] = ()
    invert: Annotated[
        bool | None,
        _flag("--invert/--no-invert", help="Swap black and white.", panel=PICTURES),
    ] = None
    aspect: Annotated[
        str | None,
        _flag(
            "--aspect",
            help="What to do with pixels that are not square: resample them to square ones, or "
            "keep them; auto resamples display values and keeps unscaled values.",
            metavar="auto|square|keep",
            panel=PICTURES,
            default="auto",
            complete=_aspects,
        ),
    ] = None
    frames: Annotated[
        str | None,
        _flag(
            "--frames",
            help="Frames to convert, counted from 1, such as 1,3-5 or 10-.",
            metavar="NUMBERS",
            panel=PICTURES,
            default="all",
        ),
    ] = None
    chain: Annotated[
        str | None,
        _flag(
            "--chain",
            help="Use a chain file or a preset, or none. Explicit flags take precedence.",
            metavar="FILE|preset:NAME|none",
            panel=PICTURES,
            default=f"{CHAIN_OF_FOLDER}, if there is one",
            complete=chain_names,
        ),
    ] = None
    save_chain: Annotated[
        str | None,
        _flag(
            "--save-chain",
            help="Write the chain of this command to a file, for --chain.",
            metavar="FILE",
            panel=PICTURES,
        ),
    ] = None
    settings: Annotated[
        Sequence[str],
        _flag(
            "--set",
            help="Change one option of the chain, such as jpg.quality=95, or the component, such "
            "as lung.use=jpg.",
            metavar="ID.KEY=VALUE",
            panel=PICTURES,
            complete=overrides,
        ),
    ] = ()
    no_plugin: Annotated[
        Sequence[str],
        _flag(
            "--no-plugin",
            help="Do not load this plugin or distribution.",
            metavar="NAME",
            panel=PICTURES,
            complete=plugin_names,
        ),
    ] = ()
    out: Annotated[
        str,
        _flag(
            "-o",
            "--out",
            help="Output folder, or the output file if there is only one picture; - writes that "
            "picture to standard output.",
            metavar="OUT",
            panel=FILES,
            default=DEFAULT_OUT,
        ),
    ] = DEFAULT_OUT
    separate: Annotated[
        bool,
        _flag(
            "--separate",
            help="Write the pictures of each chain into a folder of their own in the output "
            "folder, named after the chain.",
            panel=FILES,
        ),
    ] = False
    yes: Annotated[
        bool,
        _flag(
            "-y",
            "--yes",
            help="Replace pictures that another chain made from the same inputs without asking; "
            "without a terminal, dcmconv stops otherwise.",
            panel=FILES,
        ),
    ] = False
    name: Annotated[
        str | None,
        _flag(
            "--name",
            help="Path of each picture in the output folder, such as {PatientID|none}/{name}.",
            metavar="TEMPLATE",
            panel=FILES,
            default="the input's own path",
        ),
    ] = None
    include: Annotated[
        Sequence[str],
        _flag("--include", help="Convert only matching inputs.", metavar="GLOB", panel=FILES),
    ] = ()
    exclude: Annotated[
        Sequence[str],
        _flag("--exclude", help="Ignore matching inputs.", metavar="GLOB", panel=FILES),
    ] = ()
    from_file: Annotated[
        Sequence[str],
        _flag(
            "--from-file",
            help="Also convert the inputs that this file lists, one a line; - reads the list from "
            "standard input.",
            metavar="LIST",
            panel=FILES,
        ),
    ] = ()
    from0: Annotated[
        bool,
        _flag(
            "--from0",
            help="A zero character ends each input of a list, as in find -print0.",
            panel=FILES,
        ),
    ] = False
    tag_table: Annotated[
        str | None,
        _flag(
            "--tags",
            help="Write a table of tags with one row per picture.",
            metavar="FILE.csv|FILE.jsonl",
            panel=FILES,
        ),
    ] = None
    tag: Annotated[
        Sequence[str],
        _flag(
            "--tag",
            help="Add a column to the table: an attribute, rows, columns, tone, or a list such as "
            "article, with the tags of the article.",
            metavar="KEYWORD|GGGG,EEEE|LIST",
            panel=FILES,
            complete=tag_names,
            default="default: modality, UIDs, size and tone, no names",
        ),
    ] = ()
    executor: Annotated[
        str | None,
        _flag(
            "--executor",
            help="Where inputs are converted, such as inline, in this process.",
            metavar="NAME[:OPTIONS]",
            panel=RUN,
            default="by the number of inputs",
            names_kind="executor",
        ),
    ] = None
    dry_run: Annotated[
        bool,
        _flag(
            "--dry-run",
            help="Show the chain and count the inputs; convert nothing.",
            panel=MESSAGES,
        ),
    ] = False
    check_names: Annotated[
        bool,
        _flag(
            "--check-names",
            help="Name every picture from the headers, and report names that occur twice and "
            "attributes that are missing; write nothing.",
            panel=MESSAGES,
        ),
    ] = False
    as_json: Annotated[
        bool, _flag("--json", help="Print the summary as JSON on stdout.", panel=MESSAGES)
    ] = False
    quiet: Annotated[
        bool, _flag("-q", "--quiet", help="Print nothing but errors.", panel=MESSAGES)
    ] = False
    verbose: Annotated[
        bool,
        _flag(
            "-v",
            "--verbose",
            help="Print one line per input; with --json, one JSON line.",
            panel=MESSAGES,
        ),
    ] = False

    separate_in: str = ""
    """The folder that has one for each chain."""
    run_settings: Mapping[str, Any] = field(default_factory=dict)
    """The run settings that are given, as text."""
    overrides: Sequence[Override] = ()
    """The flags of components that are given."""

    @property
    def locations(self) -> list[str]:
        """INPUT arguments; without any, and without a list, the current folder."""
        return [*self.inputs] if self.inputs or self.from_file else ["."]

    @property
    def lists(self) -> list[InputList]:
        """The lists of more inputs.

        Raises
        ------
        UsageError
            If standard input would have to be read twice, or ``--from0`` has no list.
        """
        from dcmconv.run.input_list import InputList

        if self.from0 and not self.from_file:
            raise UsageError(
                "--from0 describes a list of inputs, but --from-file is missing.",
                hint="Name the list: find scans -print0 | dcmconv run --from-file - --from0",
            )
        if [*self.inputs, *self.from_file].count("-") > 1:
            raise UsageError(
                "Standard input can be read only once, and - is given twice.",
                hint="Remove one of them.",
            )
        return [InputList(path, self.from0) for path in self.from_file]

    @property
    def is_to_stdout(self) -> bool:
        """Whether the picture goes to standard output: ``-o -``."""
        return self.out == "-"

    @classmethod
    def of(cls, values: Mapping[str, Any], overrides: Sequence[Override]) -> RunArguments:
        """Make one of what typer found."""
        from dcmconv.chain.settings import RunSettings

        given = {key: value for key, value in values.items() if value is not None}
        own = {each.name for each in fields(cls)}
        settings = {each.name for each in fields(RunSettings)}
        return cls(
            **{key: value for key, value in given.items() if key in own},
            run_settings={key: value for key, value in given.items() if key in settings},
            overrides=overrides,
        )


@cache
def run_flags() -> tuple[Flag, ...]:
    """Return the flags of ``run`` without those of components, in the order of ``--help``."""
    from dcmconv.chain.settings import RunSettings
    from dcmconv.cli.flags import flag_of_setting
    from dcmconv.model.options import option_fields

    settings = [flag_of_setting(option, panel=RUN) for option in option_fields(RunSettings)]
    panels = ("", PICTURES, FILES, RUN, MESSAGES)
    # sorted is stable: within a panel, flags keep the order in which they are declared.
    return tuple(sorted([*_own_flags(), *settings], key=lambda flag: panels.index(flag.panel)))


def _own_flags() -> Iterator[Flag]:
    # Override is imported only for type checkers, and its field is not a flag.
    hints = typing.get_type_hints(RunArguments, localns={"Override": Any}, include_extras=True)
    for name, hint in hints.items():
        for declared in getattr(hint, "__metadata__", ()):
            yield replace(declared, name=name, type=_TYPES[hint.__origin__])
