"""The flags of ``dcmconv run``, and the same as one value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from dcmconv.cli.completion import component_of, preset_names, words_from
from dcmconv.cli.component_flags import FlagTarget, given_settings
from dcmconv.cli.flags import Flag
from dcmconv.cli.work_flags import HOW

if TYPE_CHECKING:
    from dcmconv.chain.overrides import Override

__all__ = ["DEFAULT_OUT", "HELP", "RUN_FLAGS", "RunFlags"]

DEFAULT_OUT = "dcmconv-out"

HELP = (
    "Convert DICOM files, or whole folders of them, to pictures.\n\n"
    "Without INPUT it is the current folder; without --out the pictures go to ./dcmconv-out, "
    "in the same folders as their inputs. Nothing that stands there is overwritten, and a run "
    "that was stopped goes on where it was.\n\n"
    'A component may have options behind its name, as in "-n window:center=40,width=400", or '
    'as flags of their own, as in "-n window --window.center 40". Name it to see them here: '
    "dcmconv run -n window --help. Readers have options too, some with a flag that needs no name "
    "before it: dcmconv run -r dicom --help"
)

PIPELINE, FILES, REPORT = "The pictures", "The files", "What is printed"

PICTURES = (
    Flag(
        "read",
        list[str],
        ("-r", "--read"),
        "Give options to a reader, such as dicom; content decides which one reads an input.",
        "NAME[:OPTIONS]",
        PIPELINE,
        complete=component_of("reader"),
    ),
    Flag(
        "normalize",
        str,
        ("-n", "--normalize"),
        "How stored values become display values, such as minmax, window, voi, percentile, none.",
        "NAME[:OPTIONS]",
        PIPELINE,
        "auto",
        complete=component_of("normalizer"),
    ),
    Flag(
        "colormap",
        str,
        ("-c", "--colormap"),
        "Colors for gray pictures, such as bone, hot, jet, viridis, pet.",
        "NAME[:OPTIONS]",
        PIPELINE,
        complete=component_of("colormap"),
    ),
    Flag(
        "step",
        list[str],
        ("-s", "--step"),
        "A step between normalizer and writer, such as resize, crop, title; give several in order.",
        "NAME[:OPTIONS]",
        PIPELINE,
        complete=component_of("step"),
    ),
    Flag(
        "writer",
        list[str],
        ("-w", "--writer"),
        "The format, such as jpg or png; give several for several pictures of each frame.",
        "NAME[:OPTIONS]",
        PIPELINE,
        "png",
        complete=component_of("writer"),
    ),
    Flag("invert", bool, ("--invert/--no-invert",), "Swap black and white.", panel=PIPELINE),
    Flag(
        "frames",
        str,
        ("--frames",),
        "Frames to take, counted from 1, such as 1,3-5 or 10-.",
        "NUMBERS",
        PIPELINE,
        "all",
    ),
    Flag(
        "chain",
        str,
        ("--chain",),
        "Take everything from a chain file; flags beside it go first.",
        "FILE|preset:NAME",
        PIPELINE,
        complete=preset_names,
    ),
    Flag(
        "settings",
        list[str],
        ("--set",),
        "Change one option of the chain, such as jpg.quality=95.",
        "ID.KEY=VALUE",
        PIPELINE,
    ),
)

PLACES = (
    Flag(
        "inputs",
        list[str],
        (),
        "Files and folders. Content decides what a file is, not its name.",
        "INPUT",
        default="the current folder",
    ),
    Flag(
        "out",
        str,
        ("-o", "--out"),
        "The folder for the pictures; or the file, where there is one picture.",
        "OUT",
        FILES,
        DEFAULT_OUT,
    ),
    Flag(
        "name",
        str,
        ("--name",),
        "Where a picture goes in it, such as {PatientID}/{SeriesNumber:04d}/{SOPInstanceUID}.",
        "TEMPLATE",
        FILES,
        "the input's own path",
    ),
    Flag("include", list[str], ("--include",), "Take only inputs like this.", "GLOB", FILES),
    Flag("exclude", list[str], ("--exclude",), "Leave out inputs like this.", "GLOB", FILES),
    Flag(
        "tag_table",
        str,
        ("--tags",),
        "Write a table with a row of tags for each picture.",
        "FILE.csv|FILE.jsonl",
        FILES,
    ),
    Flag(
        "tag",
        list[str],
        ("--tag",),
        "A column of the table.",
        "KEYWORD|GGGG,EEEE",
        FILES,
        "PatientID, PatientName and other usual ones",
    ),
    Flag(
        "on_collision",
        str,
        ("--on-collision",),
        "Where two inputs want one name: suffix, skip or fail.",
        "WORD",
        FILES,
        "suffix",
        complete=words_from("suffix", "skip", "fail"),
    ),
    Flag(
        "on_existing",
        str,
        ("--on-existing",),
        "Where a picture stands already: resume, skip, replace or fail.",
        "WORD",
        FILES,
        "resume",
        complete=words_from("resume", "skip", "replace", "fail"),
    ),
)

OUTPUT = (
    Flag("as_json", bool, ("--json",), "Print the summary as JSON on stdout.", panel=REPORT),
    Flag("quiet", bool, ("-q", "--quiet"), "Print nothing but errors.", panel=REPORT),
    Flag(
        "verbose",
        bool,
        ("-v", "--verbose"),
        "Print a line for each input (with --json: a JSON line).",
        panel=REPORT,
    ),
)

RUN_FLAGS = (*PICTURES, *PLACES, *HOW, *OUTPUT)


@dataclass(frozen=True, kw_only=True)
class RunFlags:
    """What the user typed behind ``dcmconv run``; None and empty are what was not said.

    ``options`` holds the flags of components.
    """

    inputs: list[str] = field(default_factory=list)
    out: str = DEFAULT_OUT
    read: list[str] = field(default_factory=list)
    normalize: str | None = None
    colormap: str | None = None
    step: list[str] = field(default_factory=list)
    writer: list[str] = field(default_factory=list)
    invert: bool | None = None
    frames: str | None = None
    chain: str | None = None
    settings: list[str] = field(default_factory=list)
    name: str | None = None
    include: list[str] = field(default_factory=list)
    exclude: list[str] = field(default_factory=list)
    tag_table: str | None = None
    tag: list[str] = field(default_factory=list)
    on_collision: str | None = None
    on_existing: str | None = None
    workers: str | None = None
    timeout: str | None = None
    memory: str | None = None
    policy: str | None = None
    max_failures: str | None = None
    on_error: str | None = None
    retry_failed: bool | None = None
    verify: bool | None = None
    durable: bool | None = None
    tracebacks: bool | None = None
    no_plugin: list[str] = field(default_factory=list)
    dry_run: bool = False
    as_json: bool = False
    quiet: bool = False
    verbose: bool = False
    options: Sequence[Override] = ()

    @classmethod
    def of(cls, values: Mapping[str, Any], targets: Iterable[FlagTarget]) -> RunFlags:
        """Make one of what typer found."""
        known = {item.name for item in fields(cls)}
        given = {key: value for key, value in values.items() if key in known and value is not None}
        return cls(**given, options=given_settings(values, targets))
